import { flowName, serversName, type Pair } from './placementModel';
import type { PlacementProblem } from './problem';
import type { LinearSolution } from './solver';

/** Servers and requests as integers: what a solver's floating-point answer means. */
export interface Decision {
  readonly servers: readonly number[];
  readonly requests: readonly (readonly number[])[];
}

/**
 * Rounds a solution to the integers it stands for, and checks every limit again in exact arithmetic.
 * @throws Error when the rounded solution breaks a limit: then the solver was not exact
 */
export function decisionOf(
  problem: PlacementProblem,
  pairs: readonly Pair[],
  { values }: LinearSolution,
): Decision {
  const requests = problem.regions.map(() => problem.regions.map(() => 0));
  for (const pair of pairs) {
    const row = requests[pair.origin];
    if (row) row[pair.destination] = Math.round(values.get(flowName(pair)) ?? 0);
  }
  const loads = problem.regions.map((_, destination) => sum(requests.map((row) => row[destination] ?? 0)));
  // No requests, no servers: the solver has no reason to give any, but rounding must not either.
  const servers = loads.map((load, destination) =>
    load === 0 ? 0 : Math.round(values.get(serversName(destination)) ?? 0),
  );
  for (const [origin, row] of requests.entries()) {
    if (sum(row) !== problem.requestsPerSecond[origin] || row.some((count) => count < 0)) {
      throw new Error(
        `the solver's flow from ${problem.regions[origin] ?? ''} is not integral: ${JSON.stringify(row)}`,
      );
    }
  }
  for (const [destination, load] of loads.entries()) {
    const count = servers[destination] ?? 0;
    if (load > count * problem.requestsPerServer || count > problem.maxServersPerRegion) {
      throw new Error(
        `the solver gives ${problem.regions[destination] ?? ''} ${count} servers for ${load} requests/s`,
      );
    }
  }
  return { servers, requests };
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
