import { at } from '../policies/model/matrix';
import type { Placement, PlacementProblem, Policy } from '../policies/problem';
import { isoOf, secondsOf } from '../traces/time';
import type { Trace } from '../traces/trace';
import { decideAll, freeSwitching, perfectOutlook, type DecideOptions } from './decide';
import { holdReady } from './heldReady';
import { InfeasibleError } from './infeasibleError';
import { describePlacement, type IntervalPlan } from './intervalPlan';
import { policiesOf, problemOf, type PlanOptions } from './planOptions';

/** An interval's plan, and what it was made of. */
export interface PlannedInterval {
  readonly problem: PlacementProblem;
  readonly placement: Placement;
  readonly plan: IntervalPlan;
}

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
  const { intervals } = await decideRange(trace, from, count, options);
  return intervals.map(({ plan }) => plan);
}

/** Plans one interval, alone: as `planRange`, where changes cost nothing. */
export async function planInterval(trace: Trace, start: string, options: PlanOptions): Promise<IntervalPlan> {
  return (await decideInterval(trace, start, options)).plan;
}

/** As `planInterval`, with what the plan was made of. */
export async function decideInterval(
  trace: Trace,
  start: string,
  options: PlanOptions,
): Promise<PlannedInterval & { readonly policy: Policy }> {
  const alone = { ...options, horizonIntervals: 1, switching: freeSwitching };
  const { policy, intervals } = await decideRange(trace, start, 1, alone);
  return { policy, ...at(intervals, 0) };
}

async function decideRange(
  trace: Trace,
  from: string,
  count: number,
  options: PlanOptions & DecideOptions,
): Promise<{ readonly policy: Policy; readonly intervals: readonly PlannedInterval[] }> {
  const { policy, fallback } = policiesOf(options);
  const first = secondsOf(trace.at(from).start);
  const last = secondsOf(trace.lastInterval);
  const ahead = policy.sees === 'horizon' ? options.horizonIntervals - 1 : 0;
  const known = Array.from({ length: count + ahead }, (_, index) => first + index * trace.intervalSeconds)
    .filter((start, index) => index < count || start <= last)
    .map((start) => trace.at(isoOf(start)));
  const problems = known.map((interval) => problemOf(trace, interval, options));
  const truth = problems.slice(0, count);
  const decided = await decideAll(policy, truth, perfectOutlook(problems), options, fallback);
  if ('kind' in decided) throw new InfeasibleError(at(known, decided.position).start, decided.infeasible);
  const intervals: PlannedInterval[] = [];
  for (const [index, decision] of decided.entries()) {
    const problem = at(problems, index);
    const held = await holdReady(problem, decision, options);
    const context = { ...options, interval: at(known, index).start, synthetic: trace.synthetic };
    const plan = describePlacement(problem, held, context);
    intervals.push({ problem, placement: held.placement, plan });
  }
  return { policy, intervals };
}
