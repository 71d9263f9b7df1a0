import { serversFor } from './model/decision';
import { at } from './model/matrix';
import type { CapacityShortfall, Infeasible, IntervalPolicy, Placement, PlacementProblem } from './problem';

/**
 * Every origin serves itself with the servers that it needs, as in the reference (carbonfirst/casper): what there
 * would be without a planner. Looks at no bound; its objective is the number of requests that leave home, 0.
 */
export function replay(): IntervalPolicy {
  return { sees: 'interval', bounded: false, place: (problem) => Promise.resolve(atHome(problem)) };
}

function atHome(problem: PlacementProblem): Placement | Infeasible {
  const servers = problem.requestsPerSecond.map((requests, origin) => serversFor(problem, origin, requests));
  const shortfalls = servers.flatMap((count, origin): CapacityShortfall[] => {
    const { maxServers, requestsPerServer } = at(problem.capacity, origin);
    if (count <= maxServers) return [];
    const region = at(problem.regions, origin);
    return [
      {
        limit: 'capacity',
        origins: [region],
        destinations: [region],
        requestsPerSecondShort: at(problem.requestsPerSecond, origin) - maxServers * requestsPerServer,
        serversShort: count - maxServers,
      },
    ];
  });
  if (shortfalls.length > 0) return { kind: 'infeasible', shortfalls };
  return {
    kind: 'placement',
    servers,
    requests: problem.requestsPerSecond.map((requests, origin) =>
      problem.regions.map((_, destination) => (destination === origin ? requests : 0)),
    ),
    objective: 0,
    solver: { name: 'none', status: 'optimal' },
  };
}
