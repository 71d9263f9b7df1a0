import type { PlacementProblem } from './problem';
import type { Constraint, LinearModel, Variable } from './solver';

/** An origin that sends requests, and a destination that may serve them; indices into the problem's regions. */
export interface Pair {
  readonly origin: number;
  readonly destination: number;
}

export const flowName = ({ origin, destination }: Pair): string => `x${origin}_${destination}`;
export const serversName = (destination: number): string => `s${destination}`;

/** The pairs that the latency bound allows, for the origins that have requests. */
export function allowedPairs({ requestsPerSecond, latencyMs, maxLatencyMs }: PlacementProblem): Pair[] {
  return latencyMs.flatMap((row, origin) =>
    row
      .map((latency, destination) => ({ origin, destination, latency }))
      .filter(({ latency }) => (requestsPerSecond[origin] ?? 0) > 0 && latency <= maxLatencyMs)
      .map(({ destination }) => ({ origin, destination })),
  );
}

/**
 * The constraints that every policy shares: each origin's requests are served, within the capacity of the servers.
 * The flow of requests may stay continuous: with the servers fixed what remains is a network with integer data,
 * whose optimal vertex is integral.
 * @param flowCost cost of one request/s from origin to destination
 * @param serverCost cost of one server
 */
export function placementModel(
  problem: PlacementProblem,
  flowCost: (pair: Pair) => number,
  serverCost: number,
): LinearModel & { readonly pairs: readonly Pair[] } {
  const pairs = allowedPairs(problem);
  const destinations = problem.regions.map((_, index) => index);
  const variables: Variable[] = [
    ...pairs.map((pair) => ({ name: flowName(pair), cost: flowCost(pair) })),
    ...destinations.map((destination) => ({
      name: serversName(destination),
      cost: serverCost,
      upper: problem.maxServersPerRegion,
      integer: true,
    })),
  ];
  const served: Constraint[] = [];
  for (const [origin, requests] of problem.requestsPerSecond.entries()) {
    if (requests === 0) continue;
    const terms = pairs
      .filter((pair) => pair.origin === origin)
      .map((pair) => ({ variable: flowName(pair), coefficient: 1 }));
    served.push({ name: `served${origin}`, terms, lower: requests, upper: requests });
  }
  const capacity = destinations.map((destination) => ({
    name: `capacity${destination}`,
    terms: [
      ...pairs
        .filter((pair) => pair.destination === destination)
        .map((pair) => ({ variable: flowName(pair), coefficient: 1 })),
      { variable: serversName(destination), coefficient: -problem.requestsPerServer },
    ],
    upper: 0,
  }));
  return { pairs, variables, constraints: [...served, ...capacity] };
}
