import type {
  CapacityShortfall,
  HeadroomShortfall,
  Infeasible,
  InfeasibleInterval,
  LatencyShortfall,
  PlacementProblem,
  Shortfall,
} from '../problem';
import { commoditiesByOrigin, destinationsOf } from './commodity';
import { lossesOf } from './failureDomains';
import { Flow } from './flow';
import { Model, sumOf, times, valueOf } from './linearModel';
import { at, sum } from './matrix';
import { roomOf } from './placementModel';
import { valuesOf, type Solver } from './solver';

/**
 * Finds out why no placement keeps every limit: origins without any destination within the bound; otherwise, by an
 * elastic model that leaves as few requests unserved as it can, the origins and destinations of the bottleneck.
 * @returns null when a placement exists
 */
export async function diagnose(problem: PlacementProblem, solver: Solver): Promise<Infeasible | null> {
  const unreachable = originsOutOfReach(problem);
  // Their requests cannot count against capacity as well.
  const rest = problem.requestsPerSecond.map((requests, origin) => (unreachable.has(origin) ? 0 : requests));
  const reachable = { ...problem, requestsPerSecond: rest };
  const capacity = await capacityShortfall(reachable, Infinity, solver);
  const shortfalls: Shortfall[] = [...unreachable.values(), ...(capacity ? [capacity] : [])];
  const { maxRequestsPerRegion } = problem;
  if (shortfalls.length === 0 && maxRequestsPerRegion !== undefined) {
    const short = await capacityShortfall(reachable, maxRequestsPerRegion, solver);
    if (short) shortfalls.push({ ...short, limit: 'concentration', maxRequestsPerRegion });
  }
  if (shortfalls.length === 0 && problem.survivesRegionLoss) {
    shortfalls.push(...(await headroomShortfalls(problem, solver)));
  }
  return shortfalls.length === 0 ? null : { kind: 'infeasible', shortfalls };
}

/** The first interval of a range that has no placement, and why; null when each has one. */
export async function firstInfeasible(
  problems: readonly PlacementProblem[],
  solver: Solver,
): Promise<InfeasibleInterval | null> {
  for (const [position, problem] of problems.entries()) {
    const infeasible = await diagnose(problem, solver);
    if (infeasible) return { kind: 'infeasible', position, infeasible };
  }
  return null;
}

function originsOutOfReach(problem: PlacementProblem): Map<number, LatencyShortfall> {
  const { regions, requestsPerSecond, latencyMs, maxLatencyMs } = problem;
  const found = new Map<number, LatencyShortfall>();
  for (const [origin, row] of latencyMs.entries()) {
    if (at(requestsPerSecond, origin) === 0 || destinationsOf(problem, origin).length > 0) continue;
    const candidates = destinationsOf({ ...problem, maxLatencyMs: Infinity }, origin);
    const nearestMs = Math.min(...candidates.map((destination) => at(row, destination)));
    const nearest = candidates.find((destination) => row[destination] === nearestMs);
    found.set(origin, {
      limit: 'latency',
      origin: at(regions, origin),
      boundMs: maxLatencyMs,
      nearestDestination: nearest === undefined ? '' : at(regions, nearest),
      nearestMs,
    });
  }
  return found;
}

/** What is short if regions are lost, for each that are lost together. */
async function headroomShortfalls(problem: PlacementProblem, solver: Solver): Promise<HeadroomShortfall[]> {
  const shortfalls: HeadroomShortfall[] = [];
  for (const lost of lossesOf(problem)) {
    const lostRegion = [...lost].map((index) => at(problem.regions, index)).join(' and ');
    const without = problem.capacity.map((region, index) =>
      lost.has(index) ? { ...region, minServers: 0, maxServers: 0 } : region,
    );
    // Without a region the others may serve a larger share.
    const capacity = await capacityShortfall({ ...problem, capacity: without }, Infinity, solver);
    if (capacity) shortfalls.push({ ...capacity, limit: 'headroom', lostRegion });
  }
  return shortfalls;
}

/**
 * minimise sum_c u_c where sum_j x_cj + u_c = r_c, and sum_c x_cj <= what all servers of j carry, and L: u_c are the
 * requests that stay unserved.
 */
async function capacityShortfall(
  problem: PlacementProblem,
  maxRequestsPerRegion: number,
  solver: Solver,
): Promise<CapacityShortfall | null> {
  const commodities = commoditiesByOrigin(problem);
  const model = Model.empty();
  const flow = new Flow(model, commodities, problem.regions.length);
  const unserved = commodities.map(() => model.continuous());
  model.minimise(sumOf(unserved));
  for (const [commodity, { requestsPerSecond }] of commodities.entries()) {
    model.equal([times(1, at(unserved, commodity)), ...flow.from(commodity)], requestsPerSecond);
  }
  for (const [destination, region] of problem.capacity.entries()) {
    model.atMost(flow.into(destination), Math.min(roomOf(region), maxRequestsPerRegion));
  }
  const values = valuesOf(await solver.solveRelaxed(model));
  const left = unserved.map((variable) => Math.round(valueOf(values, variable)));
  const short = sum(left);
  if (short === 0) return null;

  const { origins, destinations } = bottleneck(
    flow,
    flow.requests(values),
    commodities
      .filter((_, commodity) => at(left, commodity) > 0)
      .map((commodity) => at(commodity.origins, 0)),
  );
  const named = (indices: ReadonlySet<number>): string[] =>
    [...indices].sort((a, b) => a - b).map((index) => at(problem.regions, index));
  return {
    limit: 'capacity',
    origins: named(origins),
    destinations: named(destinations),
    requestsPerSecondShort: short,
    serversShort: Math.ceil(
      short / Math.min(...[...destinations].map((index) => at(problem.capacity, index).requestsPerServer)),
    ),
  };
}

/**
 * From the origins with unserved requests, follow who fills the destinations that they could use. Every destination
 * found is full, or requests could be moved and fewer would stay unserved.
 */
function bottleneck(
  flow: Flow,
  requests: readonly (readonly number[])[],
  short: readonly number[],
): { readonly origins: ReadonlySet<number>; readonly destinations: ReadonlySet<number> } {
  const origins = new Set(short);
  const destinations = new Set<number>();
  for (const origin of origins) {
    const reach =
      flow.commodities.find((commodity) => commodity.origins.includes(origin))?.destinations ?? [];
    for (const destination of reach) {
      destinations.add(destination);
      for (const [other, row] of requests.entries()) {
        if (at(row, destination) > 0) origins.add(other);
      }
    }
  }
  return { origins, destinations };
}
