import { at } from '../policies/arrays';
import { after } from '../policies/before';
import type {
  Before,
  InfeasibleInterval,
  Placement,
  PlacementProblem,
  Policy,
  Switching,
} from '../policies/problem';

/** What is believed of the next `count` intervals when the interval at a position is about to begin. */
export type Outlook = (interval: number, count: number) => readonly PlacementProblem[];

export type Decided = readonly Placement[] | InfeasibleInterval;

export interface DecideOptions {
  readonly switching: Switching;
  /** Intervals that a policy which looks ahead sees. */
  readonly horizonIntervals: number;
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
  { switching, horizonIntervals }: DecideOptions,
): Promise<Decided> {
  if (policy.sees === 'range') return policy.placeAll(truth, { switching });
  const placements: Placement[] = [];
  let before: Before | undefined;
  for (const interval of truth.keys()) {
    const expected = outlook(interval, policy.sees === 'horizon' ? horizonIntervals : 1);
    if (policy.sees === 'interval') {
      const result = await policy.place(at(expected, 0));
      if (result.kind === 'infeasible') return { kind: 'infeasible', interval, infeasible: result };
      placements.push(result);
      continue;
    }
    const result = await policy.placeAll(expected, { switching, ...(before && { before }) });
    if ('kind' in result) return { ...result, interval: interval + result.interval };
    const placement = at(result, 0);
    before = after(before, placement);
    placements.push(placement);
  }
  return placements;
}

/** Every interval is known as it turns out, up to the end of the range. */
export function perfectOutlook(truth: readonly PlacementProblem[]): Outlook {
  return (interval, count) => truth.slice(interval, interval + count);
}
