import { at, loadsOf, sum } from '../policies/model/matrix';
import { destinationGrams, gramsOfRequest, networkGrams } from '../policies/model/energy';
import type { Decision, Infeasible, IntervalPolicy, Placement, PlacementProblem } from '../policies/problem';

/** Why a plan is as it is. Grams are gCO2e an hour, by the energy model. */
export interface Explanation {
  readonly moves: readonly Move[];
  readonly serverValues: readonly ServerValue[];
  readonly boundValues: readonly BoundValue[];
}

/** Requests that are not served where they come from. */
export interface Move {
  readonly origin: string;
  readonly destination: string;
  readonly requestsPerSecond: number;
  /** What serving them at the origin would emit more; less than 0 where a limit moved them to a dirtier region. */
  readonly gainGrams: number;
  /** Destinations that are cleaner still, and the limit that keeps these requests from each. */
  readonly cleaner: readonly Hindrance[];
}

export interface Hindrance {
  readonly destination: string;
  readonly limit: 'latency' | 'residency' | 'capacity' | 'servers';
  /** What these requests would emit less there. */
  readonly lostGrams: number;
}

/** Shadow price of capacity: what one server more in a full region would change, found by planning with it. */
export interface ServerValue {
  readonly region: string;
  /** Less than 0 where it saves. */
  readonly grams: number;
}

/** Shadow price of the bound: what an origin would gain if the bound let it reach one region more. */
export interface BoundValue {
  readonly origin: string;
  /** The bound that lets it, and the region that it then reaches. */
  readonly boundMs: number;
  readonly destination: string;
  /** Less than 0 where it saves. */
  readonly grams: number;
}

/**
 * Explains a placement by comparing it with others. Shadow prices are differences between whole plans, not dual values
 * of a relaxation: those are wrong where servers are whole numbers.
 */
export async function explain(
  policy: IntervalPolicy,
  problem: PlacementProblem,
  placement: Placement,
): Promise<Explanation> {
  const grams = gramsOf(problem, placement);
  const change = (other: Placement | Infeasible): { grams: number } | null => {
    if (other.kind === 'infeasible') return null;
    const difference = gramsOf(problem, other) - grams;
    return Math.abs(difference) > 1e-9 * Math.max(1, grams) ? { grams: difference } : null;
  };

  const serverValues: ServerValue[] = [];
  for (const [index, region] of problem.regions.entries()) {
    if (at(placement.servers, index) < at(problem.capacity, index).maxServers) continue;
    const value = change(await policy.place(withServerMore(problem, index)));
    if (value) serverValues.push({ region, ...value });
  }
  const boundValues: BoundValue[] = [];
  for (const [index, origin] of problem.regions.entries()) {
    const next = nextReach(problem, index);
    if (!next || at(problem.requestsPerSecond, index) === 0) continue;
    const value = change(await policy.place(withReach(problem, index, next.destination)));
    if (value) {
      boundValues.push({
        origin,
        boundMs: next.latencyMs,
        destination: at(problem.regions, next.destination),
        ...value,
      });
    }
  }
  return { moves: movesOf(problem, placement), serverValues, boundValues };
}

function gramsOf(problem: PlacementProblem, { servers, requests }: Decision): number {
  const byDestination = loadsOf(requests).map((load, region) =>
    destinationGrams(
      at(problem.capacity, region),
      at(servers, region),
      load,
      at(problem.carbonGramsPerKwh, region),
    ),
  );
  return sum(byDestination) + networkGrams(problem, requests);
}

function movesOf(problem: PlacementProblem, placement: Placement): Move[] {
  const { regions } = problem;
  const loads = loadsOf(placement.requests);
  return placement.requests.flatMap((row, origin) =>
    row.flatMap((requestsPerSecond, destination): Move[] => {
      if (requestsPerSecond === 0 || destination === origin) return [];
      const here = gramsOfRequest(problem, destination);
      const cleaner = [...regions.keys()]
        .filter((other) => gramsOfRequest(problem, other) < here)
        .map((other) => ({
          destination: at(regions, other),
          limit: hindrance(problem, loads, origin, other),
          lostGrams: requestsPerSecond * (here - gramsOfRequest(problem, other)),
        }));
      return [
        {
          origin: at(regions, origin),
          destination: at(regions, destination),
          requestsPerSecond,
          gainGrams: requestsPerSecond * (gramsOfRequest(problem, origin) - here),
          cleaner,
        },
      ];
    }),
  );
}

function hindrance(
  { allowed, latencyMs, maxLatencyMs, capacity }: PlacementProblem,
  loads: readonly number[],
  origin: number,
  destination: number,
): Hindrance['limit'] {
  if (allowed?.[origin]?.[destination] === false) return 'residency';
  if (at(at(latencyMs, origin), destination) > maxLatencyMs) return 'latency';
  const { maxServers, requestsPerServer } = at(capacity, destination);
  return at(loads, destination) >= maxServers * requestsPerServer ? 'capacity' : 'servers';
}

function withServerMore(problem: PlacementProblem, index: number): PlacementProblem {
  const capacity = problem.capacity.map((region, other) =>
    other === index ? { ...region, maxServers: region.maxServers + 1 } : region,
  );
  return { ...problem, capacity };
}

function nextReach(
  { allowed, latencyMs, maxLatencyMs }: PlacementProblem,
  origin: number,
): { destination: number; latencyMs: number } | null {
  const beyond = at(latencyMs, origin)
    .map((ms, destination) => ({ destination, latencyMs: ms }))
    .filter(
      ({ destination, latencyMs: ms }) => ms > maxLatencyMs && allowed?.[origin]?.[destination] !== false,
    )
    .sort((a, b) => a.latencyMs - b.latencyMs);
  return beyond[0] ?? null;
}

/** The same problem, in which this pair is within the bound. */
function withReach(problem: PlacementProblem, origin: number, destination: number): PlacementProblem {
  return {
    ...problem,
    latencyMs: problem.latencyMs.map((row, index) =>
      index === origin ? row.map((ms, other) => (other === destination ? problem.maxLatencyMs : ms)) : row,
    ),
  };
}
