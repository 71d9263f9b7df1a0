import type { PlacementPolicy, PlacementProblem } from './problem';

/**
 * Lets a policy see the regions sorted by name (by code point, in no one's locale), and gives the answer back in the
 * caller's order: a plan does not depend on the order of columns in a file.
 */
export function byRegionName(policy: PlacementPolicy): PlacementPolicy {
  return async (problem) => {
    const order = [...problem.regions.keys()].sort((a, b) =>
      compare(problem.regions[a] ?? '', problem.regions[b] ?? ''),
    );
    const result = await policy(pick(problem, order));
    if (result.kind === 'infeasible') return result;
    const positionOf = new Map(order.map((original, position) => [original, position]));
    const back = [...problem.regions.keys()].map((original) => positionOf.get(original) ?? original);
    return {
      ...result,
      servers: at(result.servers, back),
      requests: at(result.requests, back).map((row) => at(row, back)),
    };
  };
}

function pick(problem: PlacementProblem, order: readonly number[]): PlacementProblem {
  return {
    ...problem,
    regions: at(problem.regions, order),
    requestsPerSecond: at(problem.requestsPerSecond, order),
    carbonGramsPerKwh: at(problem.carbonGramsPerKwh, order),
    latencyMs: at(problem.latencyMs, order).map((row) => at(row, order)),
  };
}

function at<T>(values: readonly T[], order: readonly number[]): T[] {
  return order.map((index) => values[index] as T);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
