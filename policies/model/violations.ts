import type { PlacementProblem, Violation } from '../problem';
import { at, loadsOf } from './matrix';
import { roomOf } from './placementModel';

/** The limits on latency, capacity and concentration that requests break. */
export function violationsOf(
  problem: PlacementProblem,
  requests: readonly (readonly number[])[],
): Violation[] {
  const { regions, latencyMs, maxLatencyMs, capacity } = problem;
  const late = requests.flatMap((row, origin) =>
    row.flatMap((requestsPerSecond, destination): Violation[] => {
      const ms = at(at(latencyMs, origin), destination);
      if (requestsPerSecond === 0 || ms <= maxLatencyMs) return [];
      return [
        {
          limit: 'latency',
          origin: at(regions, origin),
          destination: at(regions, destination),
          requestsPerSecond,
          boundMs: maxLatencyMs,
          latencyMs: ms,
        },
      ];
    }),
  );
  const over = loadsOf(requests).flatMap((load, destination): Violation[] => {
    const requestsPerSecond = load - roomOf(at(capacity, destination));
    return requestsPerSecond > 0
      ? [{ limit: 'capacity', destination: at(regions, destination), requestsPerSecond }]
      : [];
  });
  const most = problem.maxRequestsPerRegion ?? Infinity;
  const concentrated = loadsOf(requests).flatMap((load, destination): Violation[] =>
    load > most
      ? [{ limit: 'concentration', destination: at(regions, destination), requestsPerSecond: load - most }]
      : [],
  );
  return [...late, ...over, ...concentrated];
}
