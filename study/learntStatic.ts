import { freeSwitching } from '../planning/decide';
import { at } from '../policies/model/matrix';
import { solvers } from '../policies/model/solvers';
import type { Decision, InfeasibleInterval, PlacementProblem } from '../policies/problem';
import type { PolicyOptions } from '../policies/registry';
import { staticPolicy } from '../policies/static';

/**
 * The best single placement of hours that are past, as one to keep from now on: its servers, and the shares of each
 * origin's requests. What a careful operator does without a planner.
 * @param past complete hours, in order of time
 */
export async function learntStatic(
  past: readonly PlacementProblem[],
  { alpha, solver = 'glpk' }: PolicyOptions,
): Promise<Decision | InfeasibleInterval> {
  const placements = await staticPolicy({ alpha, solver: solvers[solver] }).placeAll(past, {
    switching: freeSwitching,
  });
  if ('kind' in placements) return placements;
  const first = at(placements, 0);
  return {
    servers: first.servers,
    // Each hour has the same shares, in whole requests; their sum has them more exactly than any hour.
    requests: first.requests.map((row, origin) =>
      row.map((_, destination) => {
        let total = 0;
        for (const { requests } of placements) total += at(at(requests, origin), destination);
        return total;
      }),
    ),
  };
}
