import { describeTraceAccounting } from './accounting';
import { cpuMillicoresOf } from '../stack/capacity';
import type { HeldReady, StackPlan } from '../stack/stackConfig';
import { sum } from '../policies/model/matrix';
import type { Placement, PlacementProblem, Violation } from '../policies/problem';
import { describeReady, type BackupFault, type HeldPlacement, type ReadyForLoss } from './heldReady';
import type { PlanOptions } from './planOptions';
import { trafficWeightsOf } from './trafficWeights';
import { destinationOfUnexpected } from './unexpectedRequests';

/** Non-negative integers by origin, then destination; zeros are left out. */
export type ByPair = Record<string, Record<string, number>>;

/** What one scheduling interval should look like. Its JSON form is what `casper plan --json` prints. */
export interface IntervalPlan {
  /** Start of the interval, ISO 8601 in UTC. */
  readonly interval: string;
  readonly policy: string;
  /** Latency bound in ms; null when there is none. */
  readonly maxLatencyMs: number | null;
  /** Whether the trace behind it is generated and not measured. */
  readonly synthetic: boolean;
  readonly regions: readonly string[];
  readonly servers: Readonly<Record<string, number>>;
  readonly cpuMillicores: Readonly<Record<string, number>>;
  /** Requests/s. */
  readonly requests: ByPair;
  /** Traffic weights: an origin's requests go to its destinations in proportion to these. */
  readonly weights: ByPair;
  /** What is ready for the loss of a region. */
  readonly heldReady: HeldReady;
  /** CPU limit by region that is held for that without being reserved, in millicores. */
  readonly standbyMillicores: ReadyForLoss['standbyMillicores'];
  /** Where the share of an origin's destination goes while that one is lost: weights, by origin and destination. */
  readonly backup: ReadyForLoss['backup'];
  /** Regions that are left out because they are lost; absent where none is. */
  readonly without?: readonly string[];
  /** Shares without a backup that keeps every limit; absent where there are none. */
  readonly backupFaults?: readonly BackupFault[];
  /** Why the interval has an earlier one's plan; absent where it has its own. */
  readonly held?: string;
  /** The policy's objective, dimensionless; less is better. */
  readonly objective: number;
  /** Requests/s times gCO2e/kWh, summed over origins and destinations; NaN where that is not known. */
  readonly carbonSum: number;
  /** How carbon is counted where the plan is decided, in words. */
  readonly accounting: string;
  /** Network latency of the mean request in ms; null when there are no requests. */
  readonly meanLatencyMs: number | null;
  readonly solver: Placement['solver'];
  /** The limits that this plan breaks; only where a least-violating plan was asked for and none keeps them all. */
  readonly violations?: readonly Violation[];
}

interface PlacementContext extends Pick<
  PlanOptions,
  'policy' | 'maxLatencyMs' | 'capacity' | 'keepWarm' | 'heldReady' | 'without'
> {
  readonly interval: string;
  readonly synthetic: boolean;
}

/** Names and totals for a placement: the form in which people and files see it. */
export function describePlacement(
  problem: PlacementProblem,
  held: HeldPlacement,
  context: PlacementContext,
): IntervalPlan {
  const { regions } = problem;
  const { placement } = held;
  const { backupFaults, ...ready } = describeReady(problem, held, context);
  const pairs = placement.requests.flatMap((row, origin) =>
    row.map((count, destination) => ({ origin, destination, count })).filter(({ count }) => count > 0),
  );
  const totalRequests = sum(pairs.map(({ count }) => count));
  const requests: ByPair = {};
  for (const { origin, destination, count } of pairs) {
    (requests[nameAt(regions, origin)] ??= {})[nameAt(regions, destination)] = count;
  }
  const byRegion = (value: (servers: number, region: string) => number): Record<string, number> =>
    Object.fromEntries(
      regions.map((region, index) => [region, value(placement.servers[index] ?? 0, region)]),
    );
  return {
    interval: context.interval,
    policy: context.policy,
    maxLatencyMs: Number.isFinite(context.maxLatencyMs) ? context.maxLatencyMs : null,
    synthetic: context.synthetic,
    regions,
    servers: byRegion((servers) => servers),
    cpuMillicores: byRegion((servers, region) =>
      cpuMillicoresOf(servers, context.capacity(region), context.keepWarm),
    ),
    requests,
    weights: Object.fromEntries(
      regions.flatMap((origin, index): [string, Record<string, number>][] => {
        const row = requests[origin] ?? rowOfUnexpected(problem, placement, index);
        return row ? [[origin, trafficWeightsOf(row)]] : [];
      }),
    ),
    heldReady: context.heldReady ?? 'none',
    ...ready,
    ...(context.without?.length && { without: context.without }),
    ...(backupFaults.length > 0 && { backupFaults }),
    objective: placement.objective,
    accounting: describeTraceAccounting(problem),
    carbonSum: sum(
      pairs.map(({ destination, count }) => count * (problem.carbonGramsPerKwh[destination] ?? NaN)),
    ),
    meanLatencyMs:
      totalRequests === 0
        ? null
        : sum(
            pairs.map(
              ({ origin, destination, count }) => count * (problem.latencyMs[origin]?.[destination] ?? NaN),
            ),
          ) / totalRequests,
    solver: placement.solver,
    ...(placement.violations && { violations: placement.violations }),
  };
}

/** A row of weights for an origin without expected requests: without a row, its requests would get an error. */
function rowOfUnexpected(
  problem: PlacementProblem,
  placement: Placement,
  origin: number,
): Record<string, number> | undefined {
  const destination = destinationOfUnexpected(problem, placement, origin);
  return destination === undefined ? undefined : { [nameAt(problem.regions, destination)]: 1 };
}

/** The part of the plan that the stack config carries. */
export function stackPlanOf(plan: IntervalPlan): StackPlan {
  return {
    interval: plan.interval,
    policy: plan.policy,
    regions: Object.fromEntries(plan.regions.map((region) => [region, regionPlanOf(plan, region)])),
    weights: plan.weights,
    ...(Object.keys(plan.backup).length > 0 && { backup: plan.backup }),
    requestsPerSecond: Object.fromEntries(
      plan.regions.map((origin) => [origin, sum(Object.values(plan.requests[origin] ?? {}))]),
    ),
    ...acceptedOf(plan),
  };
}

/**
 * What the planner knows of and cannot help: an origin that nobody may serve, a plan that breaks limits as asked, and one
 * that was made for other requests.
 */
function acceptedOf({ regions, weights, violations = [], held }: IntervalPlan): Pick<StackPlan, 'accepts'> {
  const accepts: NonNullable<StackPlan['accepts']> = [];
  if (regions.some((origin) => !weights[origin])) accepts.push('originWithoutRow');
  if (held !== undefined || violations.some(({ limit }) => limit === 'capacity'))
    accepts.push('overCapacity');
  return accepts.length > 0 ? { accepts } : {};
}

function regionPlanOf(plan: IntervalPlan, region: string): StackPlan['regions'][string] {
  const standbyMillicores = plan.standbyMillicores[region] ?? 0;
  return {
    servers: plan.servers[region] ?? 0,
    cpuMillicores: plan.cpuMillicores[region] ?? 0,
    ...(standbyMillicores > 0 && { standbyMillicores }),
  };
}

function nameAt(regions: readonly string[], index: number): string {
  const name = regions[index];
  if (name === undefined) throw new Error(`placement has a region ${index} that the problem does not have`);
  return name;
}
