import { stateAfter } from '../policies/model/initialState';
import { at } from '../policies/model/matrix';
import type {
  Infeasible,
  InfeasibleInterval,
  InitialState,
  IntervalPolicy,
  Placement,
  PlacementProblem,
  Policy,
  RangeContext,
  Switching,
} from '../policies/problem';

/** What is expected of the intervals to come. */
export interface Outlook {
  /** The next `count` intervals, as expected when the interval at a position is about to begin. */
  readonly expect: (interval: number, count: number) => readonly PlacementProblem[];
  /** The same once a placement for the first of them is known; that interval is then decided again. */
  readonly expectGiven?: (
    interval: number,
    count: number,
    placement: Placement,
  ) => readonly PlacementProblem[];
}

export type Decided = readonly Placement[] | InfeasibleInterval;

export interface DecideOptions {
  readonly switching: Switching;
  /** Intervals that a policy which looks ahead sees. */
  readonly horizonIntervals: number;
}

/** Changes cost nothing and are not limited: what the reference does. */
export const freeSwitching: Switching = {
  gramsPerServerChange: 0,
  gramsPerRequestMoved: 0,
  minResidenceIntervals: 1,
};

/**
 * Decides a range of intervals, each when it is about to begin. A policy that sees one interval is given that one; one
 * that sees a horizon is given the next intervals and the current state; one that sees the range is given the truth.
 * @param truth the problems of all intervals as they turn out
 * @param fallback decides an interval for which the policy finds no placement
 */
export async function decideAll(
  policy: Policy,
  truth: readonly PlacementProblem[],
  outlook: Outlook,
  { switching, horizonIntervals }: DecideOptions,
  fallback: IntervalPolicy | null = null,
): Promise<Decided> {
  if (policy.sees === 'range') return policy.placeAll(truth, { switching });
  const placements: Placement[] = [];
  let state: InitialState | undefined;
  for (const interval of truth.keys()) {
    const context = { switching, ...(state && { initialState: state }) };
    const { placement } = await decideOne(policy, outlook, interval, horizonIntervals, context, fallback);
    if (placement.kind === 'infeasible') {
      return { kind: 'infeasible', position: interval, infeasible: placement };
    }
    placements.push(placement);
    state = stateAfter(state, placement);
  }
  return placements;
}

/** Decides one interval from what is expected of it and of those that follow; with the problem that was decided. */
export async function decideOne(
  policy: Exclude<Policy, { sees: 'range' }>,
  outlook: Outlook,
  interval: number,
  horizonIntervals: number,
  context: RangeContext,
  fallback: IntervalPolicy | null,
): Promise<{ readonly problem: PlacementProblem; readonly placement: Placement | Infeasible }> {
  const count = policy.sees === 'horizon' ? horizonIntervals : 1;
  let expected = outlook.expect(interval, count);
  let result = await decideNext(policy, expected, context);
  if (result.kind === 'placement' && outlook.expectGiven) {
    expected = outlook.expectGiven(interval, count, result);
    result = await decideNext(policy, expected, context);
  }
  const problem = at(expected, 0);
  const placement = result.kind === 'infeasible' && fallback ? await fallback.place(problem) : result;
  return { problem, placement };
}

async function decideNext(
  policy: Exclude<Policy, { sees: 'range' }>,
  expected: readonly PlacementProblem[],
  context: RangeContext,
): Promise<Placement | Infeasible> {
  if (policy.sees === 'interval') return policy.place(at(expected, 0));
  const result = await policy.placeAll(expected, context);
  return 'kind' in result ? result.infeasible : at(result, 0);
}

/** Every interval is known as it turns out, up to the end of the range. */
export function perfectOutlook(truth: readonly PlacementProblem[]): Outlook {
  return { expect: (interval, count) => truth.slice(interval, interval + count) };
}
