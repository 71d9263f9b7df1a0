import { at } from '../policies/model/matrix';
import type { InitialState, Placement, PlacementProblem, Policy, RegionCapacity } from '../policies/problem';
import type { LiveConfig } from '../stack/stackConfig';

/** A share of an origin's requests that one region serves. */
interface Pin {
  readonly origin: number;
  readonly destination: number;
  readonly percent: number;
}

/**
 * A policy under pins of shares: a pinned share is an origin of its own, which one region alone may serve, and which has
 * no servers, so that the policy's optimum is that of all requests together. In the placement it is the origin's again. A
 * share is rounded up to a whole request.
 */
export function withPinnedShares<P extends Exclude<Policy, { sees: 'range' }>>(
  policy: P,
  pins: LiveConfig['pins'],
): P {
  if (!Object.values(pins).some((pin) => typeof pin === 'object')) return policy;
  const pinsOf = ({ regions }: PlacementProblem): Pin[] =>
    Object.entries(pins).flatMap(([origin, pin]) =>
      typeof pin === 'string'
        ? []
        : Object.entries(pin).map(([destination, percent]) => ({
            origin: regions.indexOf(origin),
            destination: regions.indexOf(destination),
            percent,
          })),
    );
  const folded = (problem: PlacementProblem, placement: Placement): Placement =>
    together(problem, pinsOf(problem), placement);
  if (policy.sees === 'interval') {
    return {
      ...policy,
      place: async (problem) => {
        const placed = await policy.place(apart(problem, pinsOf(problem)));
        return placed.kind === 'infeasible' ? placed : folded(problem, placed);
      },
    };
  }
  return {
    ...policy,
    placeAll: async (problems, { initialState, ...context }) => {
      const added = pinsOf(at(problems, 0)).length;
      const placed = await policy.placeAll(
        problems.map((problem) => apart(problem, pinsOf(problem))),
        { ...context, ...(initialState && { initialState: widened(initialState, added) }) },
      );
      return 'kind' in placed
        ? placed
        : placed.map((placement, index) => folded(at(problems, index), placement));
    },
  };
}

/** The problem with an origin more for each pin. */
function apart(problem: PlacementProblem, pins: readonly Pin[]): PlacementProblem {
  const { regions, capacity, carbonGramsPerKwh, latencyMs, allowed, failureDomains, demandErrors } = problem;
  const requests = [...problem.requestsPerSecond];
  const pinned = pins.map(({ origin, percent }) => {
    const count = Math.min(
      at(requests, origin),
      Math.ceil((at(problem.requestsPerSecond, origin) * percent) / 100),
    );
    requests[origin] = at(requests, origin) - count;
    return count;
  });
  const none = pins.map(() => 0);
  const never = pins.map(() => false);
  const origins = pins.map(({ origin }) => origin);
  const noServers = (region: RegionCapacity): RegionCapacity => ({ ...region, minServers: 0, maxServers: 0 });
  return {
    ...problem,
    // Messages name it so.
    regions: [
      ...regions,
      ...pins.map(
        ({ origin, destination, percent }) =>
          `${at(regions, origin)} (${percent} % pinned to ${at(regions, destination)})`,
      ),
    ],
    requestsPerSecond: [...requests, ...pinned],
    carbonGramsPerKwh: [...carbonGramsPerKwh, ...origins.map((origin) => at(carbonGramsPerKwh, origin))],
    latencyMs: [...latencyMs, ...origins.map((origin) => at(latencyMs, origin))].map((row) => [
      ...row,
      ...none,
    ]),
    capacity: [...capacity, ...origins.map((origin) => noServers(at(capacity, origin)))],
    allowed: [
      ...regions.map((_, from) => [...regions.map((__, to) => allowed?.[from]?.[to] ?? true), ...never]),
      ...pins.map(({ origin, destination }) => [
        ...regions.map((_, to) => to === destination && (allowed?.[origin]?.[to] ?? true)),
        ...never,
      ]),
    ],
    ...(failureDomains && {
      failureDomains: [...failureDomains, ...pins.map((_, index) => `pin ${index}`)],
    }),
    ...(demandErrors && {
      demandErrors: {
        ...demandErrors,
        ratios: demandErrors.ratios.map((row) => [...row, ...origins.map((origin) => at(row, origin))]),
      },
    }),
  };
}

/** The placement with each pinned share in its origin's row. */
function together({ regions }: PlacementProblem, pins: readonly Pin[], placement: Placement): Placement {
  const requests = regions.map((_, origin) => at(placement.requests, origin).slice(0, regions.length));
  for (const [index, { origin }] of pins.entries()) {
    const own = at(placement.requests, regions.length + index);
    requests[origin] = at(requests, origin).map((count, to) => count + at(own, to));
  }
  return { ...placement, servers: placement.servers.slice(0, regions.length), requests };
}

function widened({ servers, loads, started }: InitialState, added: number): InitialState {
  const zeros = Array<number>(added).fill(0);
  return {
    servers: [...servers, ...zeros],
    loads: [...loads, ...zeros],
    started: started.map((row) => [...row, ...zeros]),
  };
}
