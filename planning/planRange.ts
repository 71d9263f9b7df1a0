import { at } from '../policies/arrays';
import { isoOf, secondsOf } from '../traces/time';
import type { Trace } from '../traces/trace';
import { decideAll, perfectOutlook, type DecideOptions } from './decide';
import {
  describePlacement,
  InfeasibleError,
  policyNamed,
  problemOf,
  type IntervalPlan,
  type PlanOptions,
} from './intervalPlan';

/**
 * Plans successive intervals. A policy that looks ahead sees the trace beyond the last of them, as far as it goes.
 * @param from start of the first interval, ISO 8601 in UTC
 * @throws UnknownPolicyError, InfeasibleError, and what the trace throws for an interval that it cannot give
 */
export async function planRange(
  trace: Trace,
  from: string,
  count: number,
  options: PlanOptions & DecideOptions,
): Promise<IntervalPlan[]> {
  const policy = policyNamed(options.policy);
  const first = secondsOf(trace.at(from).start);
  const last = secondsOf(trace.lastInterval);
  const ahead = policy.sees === 'horizon' ? options.horizonIntervals - 1 : 0;
  const known = Array.from({ length: count + ahead }, (_, index) => first + index * trace.intervalSeconds)
    .filter((start, index) => index < count || start <= last)
    .map((start) => trace.at(isoOf(start)));
  const problems = known.map((interval) => problemOf(trace, interval, options));
  const decided = await decideAll(policy, problems.slice(0, count), perfectOutlook(problems), options);
  if ('kind' in decided) throw new InfeasibleError(at(known, decided.interval).start, decided.infeasible);
  return decided.map((placement, index) =>
    describePlacement(at(problems, index), placement, {
      ...options,
      interval: at(known, index).start,
      synthetic: trace.synthetic,
    }),
  );
}
