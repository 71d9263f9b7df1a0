import { at } from './arrays';
import type { Placement, PlacementPolicy, PlacementProblem, RangePolicy } from './problem';

/**
 * Lets a policy see the regions sorted by name (by code point, in no one's locale), and gives the answer back in the
 * caller's order: a plan does not depend on the order of columns in a file.
 */
export function byRegionName(policy: PlacementPolicy): PlacementPolicy {
  return async (problem) => {
    const order = sortedOrder(problem);
    const result = await policy(inOrder(problem, order));
    return result.kind === 'infeasible' ? result : backInPlace(result, order);
  };
}

/** The same for a policy that decides a range. */
export function rangeByRegionName(policy: RangePolicy): RangePolicy {
  return async (problems, { switching, before }) => {
    const order = sortedOrder(at(problems, 0));
    const result = await policy(
      problems.map((problem) => inOrder(problem, order)),
      {
        switching,
        ...(before && {
          before: {
            servers: pick(before.servers, order),
            loads: pick(before.loads, order),
            started: before.started.map((counts) => pick(counts, order)),
          },
        }),
      },
    );
    return 'kind' in result ? result : result.map((placement) => backInPlace(placement, order));
  };
}

function sortedOrder({ regions }: PlacementProblem): number[] {
  return [...regions.keys()].sort((a, b) => compare(at(regions, a), at(regions, b)));
}

function inOrder(problem: PlacementProblem, order: readonly number[]): PlacementProblem {
  const matrix = <T>(rows: readonly (readonly T[])[]): T[][] =>
    pick(rows, order).map((row) => pick(row, order));
  return {
    ...problem,
    regions: pick(problem.regions, order),
    requestsPerSecond: pick(problem.requestsPerSecond, order),
    carbonGramsPerKwh: pick(problem.carbonGramsPerKwh, order),
    capacity: pick(problem.capacity, order),
    latencyMs: matrix(problem.latencyMs),
    ...(problem.allowed ? { allowed: matrix(problem.allowed) } : {}),
  };
}

function backInPlace(placement: Placement, order: readonly number[]): Placement {
  const back = order.map(() => 0);
  for (const [position, original] of order.entries()) back[original] = position;
  return {
    ...placement,
    servers: pick(placement.servers, back),
    requests: pick(placement.requests, back).map((row) => pick(row, back)),
  };
}

function pick<T>(values: readonly T[], order: readonly number[]): T[] {
  return order.map((index) => at(values, index));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
