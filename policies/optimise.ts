import { at, sum } from './arrays';
import { decisionOf, serversFor } from './decision';
import { glpk } from './glpk';
import { diagnose } from './infeasibility';
import { solveInteger } from './integerSolver';
import { costsOf, objectiveOf, type Costs } from './objective';
import { placementModel } from './placementModel';
import type { Infeasible, ObjectiveWeights, Placement, PlacementProblem } from './problem';
import type { LinearModel } from './solver';
import { flowName, serversName, sourcesByOrigin, sourcesByReach, type Source } from './source';

/**
 * The placement with the least weighted objective, proven. Where latency is no part of the objective, the one of
 * those with the same objective that has the least total latency.
 */
export async function optimise(
  problem: PlacementProblem,
  weights: ObjectiveWeights,
): Promise<Placement | Infeasible> {
  const costs = costsOf(problem, weights);
  const sources = costs.originsAlike ? sourcesByReach(problem) : sourcesByOrigin(problem);
  const best = sources.every(({ destinations }) => destinations.length > 0)
    ? await cheapest(problem, costs, sources)
    : null;
  if (!best) {
    const infeasible = await diagnose(problem);
    if (!infeasible) throw new Error('no solver finds a placement where the elastic model finds one');
    return infeasible;
  }
  // Servers held for the loss of a region stay where they were chosen.
  const groups = problem.survivesRegionLoss ? problem.regions : groupsByCost(problem, costs);
  const routed = costs.originsAlike ? await nearest(problem, best, groups) : { ...best, sources };
  const kept = problem.survivesRegionLoss ? best.servers : [];
  const decision = decisionOf(problem, routed.sources, routed.values, kept);
  return {
    kind: 'placement',
    ...decision,
    objective: objectiveOf(costs, decision),
    solver: {
      name: [...new Set([best.solver, routed.solver])].sort().join('+'),
      status: 'optimal',
      milliseconds: best.milliseconds + (costs.originsAlike ? routed.milliseconds : 0),
    },
  };
}

/** @returns null when no placement keeps every limit */
async function cheapest(
  problem: PlacementProblem,
  costs: Costs,
  sources: readonly Source[],
): Promise<Solved | null> {
  // The objective times the number of requests: solvers' tolerances are absolute, so coefficients should be near 1.
  const scale = Math.max(1, sum(problem.requestsPerSecond));
  const model = placementModel(problem, sources, {
    perRequest: ({ origins }, destination) => scale * costs.perRequest(at(origins, 0), destination),
    perServer: (destination) => scale * costs.perServer(destination),
  });
  return solve(problem, sources, model);
}

/**
 * Ties are the rule: grids share a carbon intensity, and who goes where costs the same carbon as long as every
 * destination keeps its load. Destinations in one group cost the same, and so it is all one which of them serves.
 */
function groupsByCost({ regions, capacity }: PlacementProblem, costs: Costs): string[] {
  return regions.map((_, destination) =>
    [
      costs.perRequest(0, destination),
      costs.perServer(destination),
      at(capacity, destination).requestsPerServer,
    ].join(),
  );
}

/**
 * Among the decisions in which each group of destinations has the same requests and servers in total as in the one
 * given, the one with the least total latency.
 * @param groupOf a name by destination, the same for destinations in one group
 */
export async function nearest(
  problem: PlacementProblem,
  best: Pick<Solved, 'loads' | 'servers'>,
  groupOf: readonly string[],
): Promise<Solved & { readonly sources: readonly Source[] }> {
  const { regions, latencyMs } = problem;
  const groups = Map.groupBy(regions.keys(), (destination) => at(groupOf, destination));
  const loadOf = (group: readonly number[]): number => sum(group.map((index) => at(best.loads, index)));
  const sources = sourcesByOrigin(problem).map((source) => ({
    ...source,
    destinations: source.destinations.filter(
      (destination) => loadOf(groups.get(at(groupOf, destination)) ?? []) > 0,
    ),
  }));
  const slowestMs = Math.max(1, ...latencyMs.flat());
  const { variables, constraints } = placementModel({ ...problem, survivesRegionLoss: false }, sources, {
    perRequest: ({ origins }, destination) => at(at(latencyMs, at(origins, 0)), destination) / slowestMs,
    perServer: () => 0,
  });
  const flows = Map.groupBy(
    sources.flatMap(({ destinations }, index) => destinations.map((destination) => ({ index, destination }))),
    ({ destination }) => at(groupOf, destination),
  );
  const totals = [...groups].flatMap(([key, group], index) => {
    const terms = (flows.get(key) ?? []).map((flow) => ({
      variable: flowName(flow.index, flow.destination),
      coefficient: 1,
    }));
    if (terms.length === 0) return [];
    return [
      { name: `load${index}`, terms, lower: loadOf(group), upper: loadOf(group) },
      {
        name: `servers${index}`,
        terms: group.map((destination) => ({ variable: serversName(destination), coefficient: 1 })),
        upper: sum(group.map((destination) => at(best.servers, destination))),
      },
    ];
  });
  const solved = await solve(problem, sources, { variables, constraints: [...constraints, ...totals] });
  if (!solved) throw new Error('no solver finds again the placement that was found before');
  return { ...solved, sources };
}

export interface Solved {
  /** By destination, as are the loads in requests/s: integers all. */
  readonly servers: readonly number[];
  readonly loads: readonly number[];
  readonly values: ReadonlyMap<string, number>;
  readonly solver: string;
  readonly milliseconds: number;
}

/** Solves a placement model and makes its flows integral. */
async function solve(
  problem: PlacementProblem,
  sources: readonly Source[],
  model: LinearModel,
): Promise<Solved | null> {
  const best = await solveInteger(model, (values) => {
    const rounded = new Map(values);
    for (const [destination, load] of loadsIn(problem, sources, values).entries()) {
      const name = serversName(destination);
      const held = problem.survivesRegionLoss ? Math.ceil((values.get(name) ?? 0) - 1e-6) : 0;
      rounded.set(name, Math.max(held, serversFor(problem, destination, load)));
    }
    return rounded;
  });
  if (best.status === 'infeasible') return null;
  const servers = problem.regions.map((_, destination) =>
    Math.round(best.values.get(serversName(destination)) ?? 0),
  );
  let { values, milliseconds } = best;
  if (
    sources.some(({ destinations }, index) =>
      destinations.some((to) => !isWhole(values.get(flowName(index, to)))),
    )
  ) {
    // Not a vertex of the network that is left when the servers are fixed: that one is integral.
    const vertex = await glpk.solve(withServers(model, servers));
    values = vertex.values;
    milliseconds += vertex.milliseconds;
  }
  const loads = loadsIn(problem, sources, values).map(Math.round);
  return { servers, loads, values, solver: best.solver, milliseconds };
}

function isWhole(value = 0): boolean {
  return Math.abs(value - Math.round(value)) < 1e-6;
}

function loadsIn(
  problem: PlacementProblem,
  sources: readonly Source[],
  values: ReadonlyMap<string, number>,
): number[] {
  const loads = problem.regions.map(() => 0);
  for (const [index, { destinations }] of sources.entries()) {
    for (const destination of destinations) {
      loads[destination] = at(loads, destination) + (values.get(flowName(index, destination)) ?? 0);
    }
  }
  return loads;
}

function withServers(model: LinearModel, servers: readonly number[]): LinearModel {
  const fixed = new Map(servers.map((count, destination) => [serversName(destination), count]));
  return {
    ...model,
    variables: model.variables.map((variable) => {
      const count = fixed.get(variable.name);
      return count === undefined ? variable : { ...variable, lower: count, upper: count };
    }),
  };
}
