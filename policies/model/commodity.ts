import { at, sum } from './matrix';
import type { PlacementProblem } from '../problem';

/**
 * Requests that may go to the same destinations and need not be told apart; origins and destinations are positions in
 * the problem's regions.
 */
export interface Commodity {
  readonly origins: readonly number[];
  readonly requestsPerSecond: number;
  readonly destinations: readonly number[];
}

/** The destinations that the latency bound and residency allow an origin. */
export function destinationsOf(
  { latencyMs, maxLatencyMs, allowed }: PlacementProblem,
  origin: number,
): number[] {
  const destinations: number[] = [];
  for (const [destination, ms] of at(latencyMs, origin).entries()) {
    if (ms <= maxLatencyMs && allowed?.[origin]?.[destination] !== false) destinations.push(destination);
  }
  return destinations;
}

/** One commodity for each origin that has requests. */
export function commoditiesByOrigin(problem: PlacementProblem): Commodity[] {
  return [...problem.requestsPerSecond.entries()]
    .filter(([, requestsPerSecond]) => requestsPerSecond > 0)
    .map(([origin, requestsPerSecond]) => ({
      origins: [origin],
      requestsPerSecond,
      destinations: destinationsOf(problem, origin),
    }));
}

/**
 * One commodity for each set of destinations. Where cost does not depend on the origin this smaller model has the same
 * optimum.
 */
export function commoditiesByReach(problem: PlacementProblem): Commodity[] {
  const byReach = Map.groupBy(commoditiesByOrigin(problem), ({ destinations }) => destinations.join());
  return [...byReach.values()].map((commodities) => ({
    origins: commodities.flatMap(({ origins }) => origins),
    requestsPerSecond: sum(commodities.map(({ requestsPerSecond }) => requestsPerSecond)),
    destinations: at(commodities, 0).destinations,
  }));
}
