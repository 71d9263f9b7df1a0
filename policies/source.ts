import { at, sum } from './arrays';
import type { PlacementProblem } from './problem';

/** Requests that may go to the same destinations and so need not be told apart; indices into the problem's regions. */
export interface Source {
  readonly origins: readonly number[];
  readonly requestsPerSecond: number;
  readonly destinations: readonly number[];
}

export const flowName = (source: number, destination: number): string => `x${source}_${destination}`;
export const serversName = (destination: number): string => `s${destination}`;

/** The destinations that the latency bound and the limits on destinations allow an origin. */
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

/** One source an origin that has requests. */
export function sourcesByOrigin(problem: PlacementProblem): Source[] {
  return [...problem.requestsPerSecond.entries()]
    .filter(([, requestsPerSecond]) => requestsPerSecond > 0)
    .map(([origin, requestsPerSecond]) => ({
      origins: [origin],
      requestsPerSecond,
      destinations: destinationsOf(problem, origin),
    }));
}

/** One source a set of destinations: where cost does not depend on the origin, the smaller model has the same optimum. */
export function sourcesByReach(problem: PlacementProblem): Source[] {
  return [...Map.groupBy(sourcesByOrigin(problem), ({ destinations }) => destinations.join())].map(
    ([, sources]) => ({
      origins: sources.flatMap(({ origins }) => origins),
      requestsPerSecond: sum(sources.map(({ requestsPerSecond }) => requestsPerSecond)),
      destinations: at(sources, 0).destinations,
    }),
  );
}
