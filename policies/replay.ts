import { serversFor } from './decision';
import { at } from './arrays';
import type { CapacityShortfall, PlacementPolicy } from './problem';

/**
 * Every origin serves itself with the servers that it needs, as in the reference (carbonfirst/casper): what there
 * would be without a planner. Looks at no bound; its objective is the number of requests that leave home, 0.
 */
export const replay: PlacementPolicy = (problem) => {
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
  if (shortfalls.length > 0) return Promise.resolve({ kind: 'infeasible', shortfalls });
  return Promise.resolve({
    kind: 'placement',
    servers,
    requests: problem.requestsPerSecond.map((requests, origin) =>
      problem.regions.map((_, destination) => (destination === origin ? requests : 0)),
    ),
    objective: 0,
    solver: { name: 'none', status: 'optimal', milliseconds: 0 },
  });
};
