import { at, sum } from './arrays';
import { glpk } from './glpk';
import { destinationsOf, flowName, sourcesByOrigin } from './source';
import type {
  CapacityShortfall,
  HeadroomShortfall,
  Infeasible,
  LatencyShortfall,
  PlacementProblem,
  Shortfall,
} from './problem';

/**
 * Finds out why no placement keeps every limit: origins without any destination within the bound; and else, by an
 * elastic model that leaves as few requests unserved as it can, the origins and destinations of the bottleneck.
 * @returns null when a placement exists
 */
export async function diagnose(problem: PlacementProblem): Promise<Infeasible | null> {
  const unreachable = originsOutOfReach(problem);
  // Their requests cannot count against capacity as well.
  const rest = problem.requestsPerSecond.map((requests, origin) => (unreachable.has(origin) ? 0 : requests));
  const capacity = await capacityShortfall({ ...problem, requestsPerSecond: rest });
  const shortfalls: Shortfall[] = [...unreachable.values(), ...(capacity ? [capacity] : [])];
  if (shortfalls.length === 0 && problem.survivesRegionLoss)
    shortfalls.push(...(await headroomShortfalls(problem)));
  return shortfalls.length === 0 ? null : { kind: 'infeasible', shortfalls };
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

/** What is short if a region fails, for each region that may. */
async function headroomShortfalls(problem: PlacementProblem): Promise<HeadroomShortfall[]> {
  const shortfalls: HeadroomShortfall[] = [];
  for (const [lost, lostRegion] of problem.regions.entries()) {
    const without = problem.capacity.map((region, index) =>
      index === lost ? { ...region, minServers: 0, maxServers: 0 } : region,
    );
    const capacity = await capacityShortfall({ ...problem, capacity: without });
    if (capacity) shortfalls.push({ ...capacity, limit: 'headroom', lostRegion });
  }
  return shortfalls;
}

async function capacityShortfall(problem: PlacementProblem): Promise<CapacityShortfall | null> {
  const sources = sourcesByOrigin(problem);
  const flows = sources.flatMap(({ origins, destinations }, source) =>
    destinations.map((destination) => ({
      origin: at(origins, 0),
      destination,
      variable: flowName(source, destination),
    })),
  );
  const flowsByDestination = Map.groupBy(flows, ({ destination }) => destination);
  const { values } = await glpk.solve({
    variables: [
      ...flows.map(({ variable }) => ({ name: variable, cost: 0 })),
      ...sources.map((_, source) => ({ name: `unserved${source}`, cost: 1 })),
    ],
    constraints: [
      ...sources.map(({ destinations, requestsPerSecond }, source) => ({
        name: `served${source}`,
        terms: [
          { variable: `unserved${source}`, coefficient: 1 },
          ...destinations.map((destination) => ({ variable: flowName(source, destination), coefficient: 1 })),
        ],
        lower: requestsPerSecond,
        upper: requestsPerSecond,
      })),
      // A region that no flow leads to would make an empty row, which GLPK refuses; the bound holds trivially.
      ...[...flowsByDestination].map(([destination, inflow]) => ({
        name: `capacity${destination}`,
        terms: inflow.map(({ variable }) => ({ variable, coefficient: 1 })),
        upper:
          at(problem.capacity, destination).requestsPerServer * at(problem.capacity, destination).maxServers,
      })),
    ],
  });
  const unserved = sources.map((_, source) => Math.round(values.get(`unserved${source}`) ?? 0));
  const short = sum(unserved);
  if (short === 0) return null;

  // The bottleneck: from the origins left short, follow who fills the destinations that they could use. Every
  // destination found is full, or requests could be moved and fewer would stay unserved.
  const origins = new Set(
    sources.flatMap((source, index) => (at(unserved, index) > 0 ? [at(source.origins, 0)] : [])),
  );
  const destinations = new Set<number>();
  for (const origin of origins) {
    for (const flow of flows.filter((candidate) => candidate.origin === origin)) {
      if (destinations.has(flow.destination)) continue;
      destinations.add(flow.destination);
      for (const other of flowsByDestination.get(flow.destination) ?? []) {
        if (Math.round(values.get(other.variable) ?? 0) > 0) origins.add(other.origin);
      }
    }
  }
  const named = (indices: Set<number>): string[] =>
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
