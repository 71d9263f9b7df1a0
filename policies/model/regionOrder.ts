import type { InitialState, Place, PlaceAll, Placement, PlacementProblem } from '../problem';
import { at } from './matrix';

/**
 * Gives a policy the regions sorted by name (by code point, whatever the locale), and returns its answer in the
 * caller's order: a plan does not depend on the order of columns in a file.
 */
export function byRegionName(place: Place): Place {
  return async (problem) => {
    const order = sortedOrder(problem);
    const result = await place(inOrder(problem, order));
    return result.kind === 'infeasible' ? result : backInPlace(result, order);
  };
}

/** The same for a policy that decides a range. */
export function rangeByRegionName(placeAll: PlaceAll): PlaceAll {
  return async (problems, { switching, initialState }) => {
    const order = sortedOrder(at(problems, 0));
    const result = await placeAll(
      problems.map((problem) => inOrder(problem, order)),
      { switching, ...(initialState && { initialState: stateInOrder(initialState, order) }) },
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
    ...(problem.demandErrors
      ? {
          demandErrors: {
            ...problem.demandErrors,
            ratios: problem.demandErrors.ratios.map((row) => pick(row, order)),
          },
        }
      : {}),
    ...(problem.failureDomains ? { failureDomains: pick(problem.failureDomains, order) } : {}),
  };
}

function stateInOrder({ servers, loads, started }: InitialState, order: readonly number[]): InitialState {
  return {
    servers: pick(servers, order),
    loads: pick(loads, order),
    started: started.map((counts) => pick(counts, order)),
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
