import type { Decision, PlacementProblem } from '../problem';
import type { Flow } from './flow';
import type { Values } from './linearModel';
import { at, loadsOf, sum } from './matrix';

/**
 * Rounds a solution to the integers that it stands for, and checks every limit again in exact arithmetic.
 * @param flow commodities of one origin each
 * @param kept servers by destination that run even where the load does not need them
 * @throws Error when the rounded solution breaks a limit: then the solver was not exact
 */
export function decisionOf(
  problem: PlacementProblem,
  flow: Flow,
  values: Values,
  kept: readonly number[] = [],
): Decision {
  const requests = flow.requests(values);
  for (const [origin, row] of requests.entries()) {
    if (sum(row) !== problem.requestsPerSecond[origin] || row.some((count) => count < 0)) {
      throw new Error(
        `the solver's flow from ${at(problem.regions, origin)} is not integral: ${JSON.stringify(row)}`,
      );
    }
  }
  // A solver may leave servers running that cost nothing; more than the load needs never help.
  const servers = loadsOf(requests).map((load, destination) =>
    Math.max(kept[destination] ?? 0, serversFor(problem, destination, load)),
  );
  for (const [destination, count] of servers.entries()) {
    if (count > at(problem.capacity, destination).maxServers) {
      throw new Error(`the solver loads ${at(problem.regions, destination)} with ${count} servers' requests`);
    }
  }
  return { servers, requests };
}

/** The fewest servers that carry a load, and no fewer than the region always has. */
export function serversFor(problem: PlacementProblem, destination: number, load: number): number {
  const { requestsPerServer, minServers } = at(problem.capacity, destination);
  // A load that a solver gives as 100.00000001 is 100.
  return Math.max(minServers, Math.ceil(load / requestsPerServer - 1e-6));
}
