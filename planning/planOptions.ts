import type { CapacityByRegion } from '../stack/capacity';
import type { HeldReady } from '../stack/stackConfig';
import { leastViolation } from '../policies/leastViolation';
import { at, sum } from '../policies/model/matrix';
import { solvers } from '../policies/model/solvers';
import type { IntervalPolicy, PlacementProblem, Policy } from '../policies/problem';
import { policyNamed, type PolicyOptions } from '../policies/registry';
import type { RegionRow } from '../traces/readRegions';
import type { Trace, TraceInterval } from '../traces/trace';
import type { Accounting } from './accounting';
import { allowedDestinations, regionCapacity } from './regionCapacity';

/** The limits and capacities that the placement problem has besides the trace. */
export interface ProblemOptions {
  /** Infinity for no bound. */
  readonly maxLatencyMs: number;
  readonly capacity: CapacityByRegion;
  /** What is particular to a region, by name. */
  readonly regionRows?: ReadonlyMap<string, RegionRow>;
  /** How carbon is counted where regionRows do not say; the reference's way when absent. */
  readonly accounting?: Accounting;
  /** What is ready for the loss of a region; nothing when absent. */
  readonly heldReady?: HeldReady;
  /** The largest share of all requests that one region serves. */
  readonly maxSharePercent?: number;
  /** What a region is lost together with; each is lost alone when absent. */
  readonly failureDomain?: (region: string) => string;
  /** Regions that get no servers and no requests, as if they had been lost. */
  readonly without?: readonly string[];
}

/** What to plan besides the trace. */
export interface PlanOptions extends ProblemOptions, PolicyOptions {
  readonly policy: string;
  readonly keepWarm: boolean;
  /** Give a plan that breaks limits, marked, where none keeps them all. */
  readonly leastViolation?: boolean;
}

/** Every region is left out. */
export class NoRegionLeftError extends Error {
  override readonly name = 'NoRegionLeftError';
}

/**
 * The placement problem of an interval.
 * @throws NoRegionLeftError
 */
export function problemOf(
  trace: Pick<Trace, 'regions' | 'latencyMs'>,
  interval: Pick<TraceInterval, 'requestsPerSecond' | 'carbonGramsPerKwh'>,
  options: ProblemOptions,
): PlacementProblem {
  if (trace.regions.every((region) => options.without?.includes(region))) {
    throw new NoRegionLeftError('Every region is left out, and none is there to serve; name fewer');
  }
  const rows = options.regionRows ?? new Map<string, RegionRow>();
  const networkJoulesPerRequest = options.accounting?.networkJoulesPerRequest ?? 0;
  const allowed = allowedDestinations(trace.regions, rows, options.without);
  return {
    regions: trace.regions,
    requestsPerSecond: interval.requestsPerSecond,
    carbonGramsPerKwh: interval.carbonGramsPerKwh,
    latencyMs: trace.latencyMs,
    capacity: regionCapacity(trace.regions, options.capacity, rows, options.accounting).map(
      (region, index) =>
        options.without?.includes(at(trace.regions, index))
          ? { ...region, minServers: 0, maxServers: 0 }
          : region,
    ),
    maxLatencyMs: options.maxLatencyMs,
    ...(networkJoulesPerRequest > 0 && { networkJoulesPerRequest }),
    ...(allowed && { allowed }),
    ...(options.failureDomain && { failureDomains: trace.regions.map(options.failureDomain) }),
    ...(options.heldReady === 'servers' && { survivesRegionLoss: true }),
    ...(options.maxSharePercent !== undefined && {
      maxRequestsPerRegion: Math.floor((options.maxSharePercent * sum(interval.requestsPerSecond)) / 100),
    }),
  };
}

/**
 * The policy by its name; and the policy that decides where that finds no placement, null for none. Policies without a
 * bound have no bound to relax.
 * @throws UnknownPolicyError
 */
export function policiesOf(
  options: PolicyOptions & { readonly policy: string; readonly leastViolation?: boolean },
): {
  readonly policy: Policy;
  readonly fallback: IntervalPolicy | null;
} {
  const policy = policyNamed(options.policy, options);
  const relaxes = options.leastViolation === true && policy.bounded;
  const solver = solvers[options.solver ?? 'glpk'];
  return { policy, fallback: relaxes ? leastViolation({ alpha: options.alpha, solver }) : null };
}
