import { at } from '../policies/model/matrix';
import type { Placement, PlacementProblem, Policy } from '../policies/problem';
import { isoOf, secondsOf } from '../traces/time';
import type { Trace } from '../traces/trace';
import { TraceHoleError } from '../traces/traceError';
import { decideAll, freeSwitching, perfectOutlook, type DecideOptions } from './decide';
import { heldPlan } from './heldPlan';
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

/**
 * The same where an hour of which the trace lacks a value has the plan of the hour before it, which its plan says. The
 * first one must be whole.
 */
export async function planOverHoles(
  trace: Trace,
  from: string,
  count: number,
  options: PlanOptions & DecideOptions,
): Promise<IntervalPlan[]> {
  const { intervals, holes } = await decideRange(trace, from, count, options, true);
  const own = intervals.map(({ plan }) => plan);
  const plans: IntervalPlan[] = [];
  for (const start of startsOf(trace, from, count)) {
    const why = holes.get(start);
    const unplanned = { interval: isoOf(start), requestsPerSecond: demandIn(trace, start) };
    const plan = why === undefined ? own.shift() : heldPlan(at(plans, plans.length - 1), unplanned, why);
    if (plan) plans.push(plan);
  }
  return plans;
}

/** Requests/s by origin of an hour of which something is missing; null where that is the requests. */
function demandIn(trace: Trace, start: number): Record<string, number> | null {
  const [row] = trace.requestsBefore(start + trace.intervalSeconds, 1);
  const known = row?.flatMap((value, index) => (value === null ? [] : [[at(trace.regions, index), value]]));
  return known?.length === trace.regions.length
    ? (Object.fromEntries(known) as Record<string, number>)
    : null;
}

/** Unix seconds. */
function startsOf(trace: Trace, from: string, count: number): number[] {
  const first = secondsOf(from);
  return Array.from({ length: count }, (_, index) => first + index * trace.intervalSeconds);
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
  overHoles = false,
): Promise<{
  readonly policy: Policy;
  /** Without those of which something is missing. */
  readonly intervals: readonly PlannedInterval[];
  /** What is missing, by the start of the interval in Unix seconds; those ahead of the range among them. */
  readonly holes: ReadonlyMap<number, string>;
}> {
  const { policy, fallback } = policiesOf(options);
  const ahead = policy.sees === 'horizon' ? options.horizonIntervals - 1 : 0;
  const holes = new Map<number, string>();
  let inRange = 0;
  const known = startsOf(trace, from, count + ahead)
    .filter((start, index) => index < count || start <= trace.lastSeconds)
    .flatMap((start, index) => {
      try {
        const interval = trace.atSeconds(start);
        if (index < count) inRange += 1;
        return [interval];
      } catch (error) {
        if (!overHoles || index === 0 || !(error instanceof TraceHoleError)) throw error;
        holes.set(start, error.message);
        return [];
      }
    });
  const problems = known.map((interval) => problemOf(trace, interval, options));
  const truth = problems.slice(0, inRange);
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
  return { policy, intervals, holes };
}
