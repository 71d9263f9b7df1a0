import { cpuMillicoresOf, type CapacityByRegion } from '../stack/capacity';
import type { StackPlan } from '../stack/stackConfig';
import { sum } from '../policies/arrays';
import type {
  Infeasible,
  ObjectiveWeights,
  Placement,
  PlacementProblem,
  Policy,
  Shortfall,
  Switching,
  Violation,
} from '../policies/problem';
import { policies } from '../policies/registry';
import { destinationsOf } from '../policies/source';
import { leastViolation } from '../policies/leastViolation';
import type { RegionRow } from '../traces/readRegions';
import type { Trace, TraceInterval } from '../traces/trace';
import { allowedDestinations, regionCapacity } from './regionCapacity';
import { weightsOfRow } from './weights';

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
  readonly weights: ByPair;
  /** The policy's objective, dimensionless; less is better. */
  readonly objective: number;
  /** Requests/s times gCO2e/kWh, summed over origins and destinations. */
  readonly carbonSum: number;
  /** Network latency of the mean request in ms; null when there are no requests. */
  readonly meanLatencyMs: number | null;
  readonly solver: Placement['solver'];
  /** The limits that this plan breaks; only where a least-violating plan was asked for and none keeps them all. */
  readonly violations?: readonly Violation[];
}

/** What to plan besides the trace. */
export interface PlanOptions {
  readonly policy: string;
  /** Infinity for no bound. */
  readonly maxLatencyMs: number;
  /** Weight of carbon against servers in the objective, 0 to 1. */
  readonly alpha: number;
  readonly keepWarm: boolean;
  readonly capacity: CapacityByRegion;
  /** What is particular to a region, by name. */
  readonly regionRows?: ReadonlyMap<string, RegionRow>;
  /** For the policy `weighted`. */
  readonly weights?: ObjectiveWeights;
  readonly survivesRegionLoss?: boolean;
  /** Give a plan that breaks limits, marked, where none keeps them all. */
  readonly leastViolation?: boolean;
}

/** A policy name that no file in policies/ stands for. */
export class UnknownPolicyError extends Error {
  override readonly name = 'UnknownPolicyError';
}

/** No placement keeps every limit; carries the diagnosis. */
export class InfeasibleError extends Error {
  override readonly name = 'InfeasibleError';
  constructor(
    readonly interval: string,
    readonly diagnosis: Infeasible,
  ) {
    super(describeInfeasible(interval, diagnosis));
  }
}

/** The diagnosis in words, one line a shortfall. */
export function describeInfeasible(interval: string, { shortfalls }: Infeasible): string {
  const lines = shortfalls.map((shortfall) => `  ${describeShortfall(shortfall)}`);
  return `No placement for ${interval} keeps every limit:\n${lines.join('\n')}`;
}

function describeShortfall(shortfall: Shortfall): string {
  if (shortfall.limit === 'latency') {
    const { origin, boundMs, nearestDestination, nearestMs } = shortfall;
    return (
      `latency: ${origin} reaches no region within ${boundMs} ms; the nearest, ${nearestDestination}, takes ${nearestMs} ms, ` +
      `${Number((nearestMs - boundMs).toFixed(3))} ms more; raise --max-latency`
    );
  }
  if (shortfall.limit === 'static') {
    return 'static: no single placement carries every interval; raise --max-servers, or plan every interval';
  }
  if (shortfall.limit === 'change') {
    return 'change: no plan is reached with so few regions changed and servers held so long; raise --max-regions-changed or lower --min-residence';
  }
  const { origins, destinations, requestsPerSecondShort, serversShort } = shortfall;
  if (shortfall.limit === 'headroom') {
    return (
      `headroom: without ${shortfall.lostRegion}, ${origins.join(', ')} ${origins.length === 1 ? 'sends' : 'send'} ${requestsPerSecondShort} requests/s more than ` +
      `${destinations.join(', ')} can take; raise --max-servers or --max-latency, or leave out --survive-region-loss`
    );
  }
  return (
    `capacity: ${origins.join(', ')} send${origins.length === 1 ? 's' : ''} ${requestsPerSecondShort} requests/s more than ` +
    `${destinations.join(', ')} can take, ${serversShort} server${serversShort === 1 ? '' : 's'} short; raise --max-servers, or raise --max-latency to reach other regions`
  );
}

/**
 * Plans the interval that starts at `at`.
 * @throws UnknownPolicyError, InfeasibleError, and what the trace throws for an interval that it cannot give
 */
export async function planInterval(trace: Trace, at: string, options: PlanOptions): Promise<IntervalPlan> {
  const policy = policyNamed(options.policy);
  const interval = trace.at(at);
  const problem = problemOf(trace, interval, options);
  const decided = await decide(policy, problem);
  const result =
    decided.kind === 'infeasible' && options.leastViolation && policy.bounded
      ? await leastViolation(problem)
      : decided;
  if (result.kind === 'infeasible') throw new InfeasibleError(interval.start, result);
  return describePlacement(problem, result, {
    interval: interval.start,
    synthetic: trace.synthetic,
    ...options,
  });
}

/** @throws UnknownPolicyError */
export function policyNamed(name: string): Policy {
  const policy = policies[name];
  if (policy) return policy;
  throw new UnknownPolicyError(
    `Unknown policy ${name}; expected one of: ${Object.keys(policies).join(', ')}`,
  );
}

/** The placement problem of an interval under the plan's options. */
export function problemOf(
  trace: Pick<Trace, 'regions' | 'latencyMs'>,
  interval: Pick<TraceInterval, 'requestsPerSecond' | 'carbonGramsPerKwh'>,
  options: PlanOptions,
): PlacementProblem {
  const rows = options.regionRows ?? new Map<string, RegionRow>();
  const allowed = allowedDestinations(trace.regions, rows);
  return {
    regions: trace.regions,
    requestsPerSecond: interval.requestsPerSecond,
    carbonGramsPerKwh: interval.carbonGramsPerKwh,
    latencyMs: trace.latencyMs,
    capacity: regionCapacity(trace.regions, options.capacity, rows),
    maxLatencyMs: options.maxLatencyMs,
    alpha: options.alpha,
    ...(options.weights && { weights: options.weights }),
    ...(allowed && { allowed }),
    ...(options.survivesRegionLoss && { survivesRegionLoss: true }),
  };
}

/** Changes cost nothing and nothing holds them back: what the reference does. */
export const freeSwitching: Switching = {
  gramsPerServerChange: 0,
  gramsPerRequestMoved: 0,
  minResidenceIntervals: 1,
};

/** One interval alone: a policy that sees a range is given a range of one. */
async function decide(policy: Policy, problem: PlacementProblem): Promise<Placement | Infeasible> {
  if (policy.sees === 'interval') return policy.place(problem);
  const result = await policy.placeAll([problem], { switching: freeSwitching });
  if ('kind' in result) return result.infeasible;
  const [placement] = result;
  if (!placement) throw new Error('the policy decided nothing');
  return placement;
}

interface PlacementContext extends PlanOptions {
  readonly interval: string;
  readonly synthetic: boolean;
}

/** Names and totals for a placement: the form in which people and files see it. */
export function describePlacement(
  problem: PlacementProblem,
  placement: Placement,
  context: PlacementContext,
): IntervalPlan {
  const { regions } = problem;
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
        const row = requests[origin] ?? nearestServing(problem, placement, index);
        return row ? [[origin, weightsOfRow(row)]] : [];
      }),
    ),
    objective: placement.objective,
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

/**
 * Where requests go that come in where none were expected: whole to the nearest region that serves and that the origin
 * is allowed. Without a row they would get an error.
 */
function nearestServing(
  problem: PlacementProblem,
  { servers }: Placement,
  origin: number,
): Record<string, number> | undefined {
  const latencyMs = (destination: number): number => problem.latencyMs[origin]?.[destination] ?? NaN;
  const [nearest] = destinationsOf(problem, origin)
    .filter((destination) => (servers[destination] ?? 0) > 0)
    .sort((one, other) => latencyMs(one) - latencyMs(other));
  return nearest === undefined ? undefined : { [nameAt(problem.regions, nearest)]: 1 };
}

/** The part of the plan that the stack config carries. */
export function stackPlanOf(plan: IntervalPlan): StackPlan {
  return {
    interval: plan.interval,
    policy: plan.policy,
    regions: Object.fromEntries(
      plan.regions.map((region) => [
        region,
        { servers: plan.servers[region] ?? 0, cpuMillicores: plan.cpuMillicores[region] ?? 0 },
      ]),
    ),
    weights: plan.weights,
  };
}

function nameAt(regions: readonly string[], index: number): string {
  const name = regions[index];
  if (name === undefined) throw new Error(`placement has a region ${index} that the problem does not have`);
  return name;
}
