import type { CapacityByRegion } from '../stack/capacity';
import { leastViolation } from '../policies/leastViolation';
import { solvers } from '../policies/model/solvers';
import type { IntervalPolicy, PlacementProblem, Policy } from '../policies/problem';
import { policyNamed, type PolicyOptions } from '../policies/registry';
import type { RegionRow } from '../traces/readRegions';
import type { Trace, TraceInterval } from '../traces/trace';
import { allowedDestinations, regionCapacity } from './regionCapacity';

/** The limits and capacities that the placement problem has besides the trace. */
export interface ProblemOptions {
  /** Infinity for no bound. */
  readonly maxLatencyMs: number;
  readonly capacity: CapacityByRegion;
  /** What is particular to a region, by name. */
  readonly regionRows?: ReadonlyMap<string, RegionRow>;
  readonly survivesRegionLoss?: boolean;
}

/** What to plan besides the trace. */
export interface PlanOptions extends ProblemOptions, PolicyOptions {
  readonly policy: string;
  readonly keepWarm: boolean;
  /** Give a plan that breaks limits, marked, where none keeps them all. */
  readonly leastViolation?: boolean;
}

/** The placement problem of an interval. */
export function problemOf(
  trace: Pick<Trace, 'regions' | 'latencyMs'>,
  interval: Pick<TraceInterval, 'requestsPerSecond' | 'carbonGramsPerKwh'>,
  options: ProblemOptions,
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
    ...(allowed && { allowed }),
    ...(options.survivesRegionLoss && { survivesRegionLoss: true }),
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
