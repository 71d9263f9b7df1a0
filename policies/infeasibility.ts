import { glpk } from './glpk';
import { sum } from './decision';
import { allowedPairs, flowName } from './placementModel';
import type { CapacityShortfall, Infeasible, LatencyShortfall, PlacementProblem } from './problem';

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
  const shortfalls = [...unreachable.values(), ...(capacity ? [capacity] : [])];
  return shortfalls.length === 0 ? null : { kind: 'infeasible', shortfalls };
}

function originsOutOfReach({
  regions,
  requestsPerSecond,
  latencyMs,
  maxLatencyMs,
}: PlacementProblem): Map<number, LatencyShortfall> {
  const found = new Map<number, LatencyShortfall>();
  for (const [origin, row] of latencyMs.entries()) {
    const nearestMs = Math.min(...row);
    if ((requestsPerSecond[origin] ?? 0) === 0 || nearestMs <= maxLatencyMs) continue;
    found.set(origin, {
      limit: 'latency',
      origin: regions[origin] ?? '',
      boundMs: maxLatencyMs,
      nearestDestination: regions[row.indexOf(nearestMs)] ?? '',
      nearestMs,
    });
  }
  return found;
}

async function capacityShortfall(problem: PlacementProblem): Promise<CapacityShortfall | null> {
  const pairs = allowedPairs(problem);
  const limit = problem.requestsPerServer * problem.maxServersPerRegion;
  const { values } = await glpk.solve({
    variables: [
      ...pairs.map((pair) => ({ name: flowName(pair), cost: 0 })),
      ...problem.regions.map((_, origin) => ({ name: `unserved${origin}`, cost: 1 })),
    ],
    constraints: [
      ...problem.requestsPerSecond.map((requests, origin) => ({
        name: `served${origin}`,
        terms: [
          { variable: `unserved${origin}`, coefficient: 1 },
          ...pairs
            .filter((pair) => pair.origin === origin)
            .map((pair) => ({ variable: flowName(pair), coefficient: 1 })),
        ],
        lower: requests,
        upper: requests,
      })),
      ...problem.regions
        .map((_, destination) => ({
          name: `capacity${destination}`,
          // A region that no pair leads to would make an empty row, which GLPK refuses; the bound holds trivially.
          terms: pairs
            .filter((pair) => pair.destination === destination)
            .map((pair) => ({ variable: flowName(pair), coefficient: 1 })),
          upper: limit,
        }))
        .filter(({ terms }) => terms.length > 0),
    ],
  });
  const unserved = problem.regions.map((_, origin) => Math.round(values.get(`unserved${origin}`) ?? 0));
  const short = sum(unserved);
  if (short === 0) return null;

  // The bottleneck: from the origins left short, follow who fills the destinations that they could use. Every
  // destination found is full, or requests could be moved and fewer would stay unserved.
  const origins = new Set(unserved.flatMap((count, origin) => (count > 0 ? [origin] : [])));
  const destinations = new Set<number>();
  for (const origin of origins) {
    for (const pair of pairs.filter((candidate) => candidate.origin === origin)) {
      if (destinations.has(pair.destination)) continue;
      destinations.add(pair.destination);
      for (const other of pairs) {
        if (other.destination === pair.destination && Math.round(values.get(flowName(other)) ?? 0) > 0)
          origins.add(other.origin);
      }
    }
  }
  const named = (indices: Set<number>): string[] =>
    [...indices].sort((a, b) => a - b).map((index) => problem.regions[index] ?? '');
  return {
    limit: 'capacity',
    origins: named(origins),
    destinations: named(destinations),
    requestsPerSecondShort: short,
    serversShort: Math.ceil(short / problem.requestsPerServer),
  };
}
