import { destinationsOf } from '../policies/model/commodity';
import { serversFor } from '../policies/model/decision';
import { at, loadsOf, sum } from '../policies/model/matrix';
import type { Decision, PlacementProblem } from '../policies/problem';

/**
 * The method of EuroSys'24 (arXiv 2306.06502; sim_spatial/capacity_latency in
 * github.com/umassos/decarbonization-potential), which is no optimum: origins by carbon intensity, the cleanest first,
 * each move their own requests to the cleanest destinations in reach that have room. What they do not move stays.
 * Requests that are at home already take room there and count as moved all the same, so that an origin with less room
 * than requests sends some of them on to dirtier places.
 */
export function greedyPlacement(problem: PlacementProblem): Decision {
  const { requestsPerSecond, carbonGramsPerKwh, capacity } = problem;
  const cleanestFirst = (one: number, other: number): number =>
    at(carbonGramsPerKwh, one) - at(carbonGramsPerKwh, other);
  const requests = requestsPerSecond.map((own, origin) =>
    requestsPerSecond.map((_, destination) => (destination === origin ? own : 0)),
  );
  for (const origin of [...requestsPerSecond.keys()].sort(cleanestFirst)) {
    const row = at(requests, origin);
    let left = at(requestsPerSecond, origin);
    for (const destination of destinationsOf(problem, origin).sort(cleanestFirst)) {
      const { maxServers, requestsPerServer } = at(capacity, destination);
      const room = maxServers * requestsPerServer - sum(requests.map((other) => at(other, destination)));
      const moved = Math.min(left, room);
      row[destination] = at(row, destination) + moved;
      row[origin] = at(row, origin) - moved;
      left -= moved;
      if (left <= 0) break;
    }
  }
  return {
    requests,
    servers: loadsOf(requests).map((load, destination) => serversFor(problem, destination, load)),
  };
}
