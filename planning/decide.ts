import { at } from '../policies/arrays';
import { after } from '../policies/before';
import { leastViolation } from '../policies/leastViolation';
import type {
  Before,
  Infeasible,
  InfeasibleInterval,
  Placement,
  PlacementProblem,
  Policy,
  RangeContext,
  Switching,
} from '../policies/problem';

/** What is believed of the intervals to come. */
export interface Outlook {
  /** Of the next `count` intervals, when the interval at a position is about to begin. */
  readonly expect: (interval: number, count: number) => readonly PlacementProblem[];
  /** The same once a placement for the first of them is known; another one is then decided. */
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
  /** Take a placement that breaks limits where none keeps them all. */
  readonly leastViolation?: boolean;
}

/**
 * Decides a range of intervals, each when it is about to begin: a policy that sees one interval is given that one, one
 * that sees a horizon the next intervals and what then runs. One that sees the range is given the truth.
 * @param truth the problems of all intervals as they turn out
 */
export async function decideAll(
  policy: Policy,
  truth: readonly PlacementProblem[],
  outlook: Outlook,
  options: DecideOptions,
): Promise<Decided> {
  const { switching } = options;
  if (policy.sees === 'range') return policy.placeAll(truth, { switching });
  const placements: Placement[] = [];
  let before: Before | undefined;
  for (const interval of truth.keys()) {
    const count = policy.sees === 'horizon' ? options.horizonIntervals : 1;
    let expected = outlook.expect(interval, count);
    const context = { switching, ...(before && { before }) };
    let result = await decideNext(policy, expected, context);
    if (result.kind === 'placement' && outlook.expectGiven) {
      expected = outlook.expectGiven(interval, count, result);
      result = await decideNext(policy, expected, context);
    }
    if (result.kind === 'placement') placements.push(result);
    else {
      // A policy without the bound would not be the same one with it.
      const broken =
        options.leastViolation && policy.bounded ? await leastViolation(at(expected, 0)) : result;
      if (broken.kind === 'infeasible') return { kind: 'infeasible', interval, infeasible: result };
      placements.push(broken);
    }
    before = after(before, at(placements, interval));
  }
  return placements;
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
