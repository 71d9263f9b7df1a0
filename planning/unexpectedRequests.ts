import { destinationsOf } from '../policies/model/commodity';
import { at } from '../policies/model/matrix';
import type { Decision, PlacementProblem } from '../policies/problem';

/**
 * Where requests of an origin go that the placement expected none from: all to the nearest region that has servers,
 * among those that the latency bound and residency allow.
 * @returns the destination's position; undefined when there is none, and the requests then get an error
 */
export function destinationOfUnexpected(
  problem: PlacementProblem,
  { servers }: Pick<Decision, 'servers'>,
  origin: number,
): number | undefined {
  const latencyMs = (destination: number): number => at(at(problem.latencyMs, origin), destination);
  const [nearest] = destinationsOf(problem, origin)
    .filter((destination) => at(servers, destination) > 0)
    .sort((one, other) => latencyMs(one) - latencyMs(other));
  return nearest;
}
