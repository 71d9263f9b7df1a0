import { at, loadsOf, sum } from './arrays';
import { flowName, type Source } from './source';
import type { Decision, PlacementProblem } from './problem';

/**
 * Rounds a solution to the integers it stands for, and checks every limit again in exact arithmetic.
 * @param sources one an origin, as the model had them
 * @param kept servers by destination that run even where the load does not need them
 * @throws Error when the rounded solution breaks a limit: then the solver was not exact
 */
export function decisionOf(
  problem: PlacementProblem,
  sources: readonly Source[],
  values: ReadonlyMap<string, number>,
  kept: readonly number[] = [],
): Decision {
  const requests = problem.regions.map(() => problem.regions.map(() => 0));
  for (const [index, { origins, destinations }] of sources.entries()) {
    const row = at(requests, at(origins, 0));
    for (const destination of destinations) {
      row[destination] = Math.round(values.get(flowName(index, destination)) ?? 0);
    }
  }
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
