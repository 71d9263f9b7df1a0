import { at, loadsOf, sum } from './arrays';
import { serversFor } from './decision';
import { glpk } from './glpk';
import { costsOf, objectiveOf } from './objective';
import { servedRows } from './placementModel';
import type { Placement, PlacementProblem, Violation } from './problem';
import { byRegionName } from './regionOrder';
import type { LinearModel } from './solver';
import { flowName, sourcesByOrigin } from './source';

/** A millisecond over the bound counts so much more than all of the policy's objective. */
const excessWeight = 1e4;

/**
 * The placement that breaks limits least, for when none keeps them: as few requests as possible above what all
 * servers carry; with those, as few milliseconds over the bound as possible, summed over requests; and with those,
 * least carbon. Which destinations an origin is allowed is never broken. Nor is the fewest servers of a region; room
 * for the loss of one is not looked for.
 */
export const leastViolation = byRegionName(async (problem): Promise<Placement> => {
  const overload = await glpk.solve(elasticModel(problem, () => 0, 1, Infinity));
  const least = Math.round(overload.objective);
  const costs = costsOf(problem, { carbon: problem.alpha, latency: 0, servers: 0, cost: 0 });
  const total = Math.max(1, sum(problem.requestsPerSecond));
  const mostExcessMs = Math.max(1, ...problem.latencyMs.flat().map((ms) => excessMs(problem, ms)));
  const best = await glpk.solve(
    elasticModel(
      problem,
      (origin, destination) =>
        (excessWeight * excessMs(problem, at(at(problem.latencyMs, origin), destination))) / mostExcessMs +
        total * costs.perRequest(origin, destination),
      0,
      least,
    ),
  );
  const requests = problem.regions.map(() => problem.regions.map(() => 0));
  for (const [index, { origins, destinations }] of sourcesWithoutBound(problem).entries()) {
    for (const destination of destinations) {
      const row = at(requests, at(origins, 0));
      row[destination] = Math.round(best.values.get(flowName(index, destination)) ?? 0);
    }
  }
  const servers = loadsOf(requests).map((load, destination) =>
    Math.min(at(problem.capacity, destination).maxServers, serversFor(problem, destination, load)),
  );
  return {
    kind: 'placement',
    servers,
    requests,
    violations: violationsOf(problem, requests),
    objective: objectiveOf(
      costsOf(problem, { carbon: problem.alpha, latency: 0, servers: 1 - problem.alpha, cost: 0 }),
      { servers, requests },
    ),
    solver: {
      name: glpk.name,
      status: 'least violation',
      milliseconds: overload.milliseconds + best.milliseconds,
    },
  };
});

function excessMs({ maxLatencyMs }: PlacementProblem, latencyMs: number): number {
  return Math.max(0, latencyMs - maxLatencyMs);
}

const sourcesWithoutBound = (problem: PlacementProblem) =>
  sourcesByOrigin({ ...problem, maxLatencyMs: Infinity });

/** All servers run, and what is above them goes through one overflow of limited width: a network, so whole requests. */
function elasticModel(
  problem: PlacementProblem,
  perRequest: (origin: number, destination: number) => number,
  perOverload: number,
  maxOverload: number,
): LinearModel {
  const sources = sourcesWithoutBound(problem);
  const flows = sources.flatMap(({ origins, destinations }, index) =>
    destinations.map((destination) => ({
      destination,
      name: flowName(index, destination),
      cost: perRequest(at(origins, 0), destination),
    })),
  );
  const inflow = Map.groupBy(flows, ({ destination }) => destination);
  const overloads = [...inflow.keys()].map((destination) => ({
    name: `over${destination}`,
    cost: perOverload,
  }));
  if (overloads.length === 0) return { variables: [], constraints: [] };
  return {
    variables: [...flows.map(({ name, cost }) => ({ name, cost })), ...overloads],
    constraints: [
      ...servedRows(sources),
      ...[...inflow].map(([destination, into]) => ({
        name: `capacity${destination}`,
        terms: [
          ...into.map(({ name }) => ({ variable: name, coefficient: 1 })),
          { variable: `over${destination}`, coefficient: -1 },
        ],
        upper:
          at(problem.capacity, destination).maxServers * at(problem.capacity, destination).requestsPerServer,
      })),
      ...(Number.isFinite(maxOverload)
        ? [
            {
              name: 'overload',
              terms: overloads.map(({ name }) => ({ variable: name, coefficient: 1 })),
              upper: maxOverload,
            },
          ]
        : []),
    ],
  };
}

/** The limits on latency and capacity that requests break. */
function violationsOf(problem: PlacementProblem, requests: readonly (readonly number[])[]): Violation[] {
  const { regions, latencyMs, maxLatencyMs, capacity } = problem;
  const late = requests.flatMap((row, origin) =>
    row.flatMap((requestsPerSecond, destination): Violation[] => {
      const ms = at(at(latencyMs, origin), destination);
      if (requestsPerSecond === 0 || ms <= maxLatencyMs) return [];
      return [
        {
          limit: 'latency',
          origin: at(regions, origin),
          destination: at(regions, destination),
          requestsPerSecond,
          boundMs: maxLatencyMs,
          latencyMs: ms,
        },
      ];
    }),
  );
  const over = loadsOf(requests).flatMap((load, destination): Violation[] => {
    const { maxServers, requestsPerServer } = at(capacity, destination);
    const requestsPerSecond = load - maxServers * requestsPerServer;
    return requestsPerSecond > 0
      ? [{ limit: 'capacity', destination: at(regions, destination), requestsPerSecond }]
      : [];
  });
  return [...late, ...over];
}
