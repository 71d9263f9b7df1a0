import { decisionOf, sum, type Decision } from './decision';
import { glpk } from './glpk';
import { diagnose } from './infeasibility';
import { flowName, placementModel, serversName } from './placementModel';
import type { PlacementPolicy, PlacementProblem } from './problem';
import { byRegionName } from './regionOrder';
import { serverCuts } from './serverCuts';
import type { Constraint } from './solver';

/**
 * Least carbon within the latency bound, as the reference states it (CASPER, arXiv 2403.14792; its LP in
 * carbonfirst/casper): minimise a * sum x_ij c_j / (max_c * sum r) + (1 - a) * sum s_j / (M |R|).
 * Of placements with the same objective the one with the least total latency is taken.
 */
export const carbon: PlacementPolicy = byRegionName(async (problem) => {
  const totalRequests = sum(problem.requestsPerSecond);
  if (totalRequests === 0) {
    const nothing = problem.regions.map(() => 0);
    const solver = { name: glpk.name, status: 'optimal', milliseconds: 0 };
    return {
      kind: 'placement',
      servers: nothing,
      requests: problem.regions.map(() => nothing),
      objective: 0,
      solver,
    };
  }

  // The objective times the number of requests: GLPK's tolerances are absolute, so its coefficients should be near 1.
  const dirtiest = Math.max(...problem.carbonGramsPerKwh);
  const model = placementModel(
    problem,
    ({ destination }) => (problem.alpha * (problem.carbonGramsPerKwh[destination] ?? NaN)) / dirtiest,
    ((1 - problem.alpha) * totalRequests) / (problem.maxServersPerRegion * problem.regions.length),
  );
  const best = await glpk.solve({
    variables: model.variables,
    constraints: [...model.constraints, ...serverCuts(problem, model.pairs)],
  });
  if (best.status === 'infeasible') {
    const infeasible = await diagnose(problem);
    if (!infeasible) throw new Error('GLPK finds no placement where the elastic model finds one');
    return infeasible;
  }
  const decision = decisionOf(problem, model.pairs, best);
  const nearest = await nearestOfEqual(problem, decision);
  const better = objectiveOf(problem, nearest.decision) <= objectiveOf(problem, decision) * (1 + 1e-12);
  const chosen = better ? nearest.decision : decision;
  return {
    kind: 'placement',
    ...chosen,
    objective: objectiveOf(problem, chosen),
    solver: { name: glpk.name, status: 'optimal', milliseconds: best.milliseconds + nearest.milliseconds },
  };
});

/** The policy's objective for a decision, from integers. */
function objectiveOf(
  { alpha, carbonGramsPerKwh, requestsPerSecond, maxServersPerRegion, regions }: PlacementProblem,
  { servers, requests }: Decision,
): number {
  const grams = sum(
    requests.flatMap((row) =>
      row.map((count, destination) => count * (carbonGramsPerKwh[destination] ?? NaN)),
    ),
  );
  return (
    (alpha * grams) / (Math.max(...carbonGramsPerKwh) * sum(requestsPerSecond)) +
    ((1 - alpha) * sum(servers)) / (maxServersPerRegion * regions.length)
  );
}

/**
 * Ties are the rule: grids share a carbon intensity, and who goes where costs the same carbon as long as every
 * destination keeps its load. Among the decisions in which each group of equally clean destinations has the same
 * requests and servers in total, and so the same objective, this finds the one with the least total latency.
 */
async function nearestOfEqual(
  problem: PlacementProblem,
  decision: Decision,
): Promise<{ decision: Decision; milliseconds: number }> {
  const slowest = Math.max(...problem.latencyMs.flat(), 1);
  const model = placementModel(
    problem,
    ({ origin, destination }) => (problem.latencyMs[origin]?.[destination] ?? NaN) / slowest,
    0,
  );
  const loads = problem.regions.map((_, destination) =>
    sum(decision.requests.map((row) => row[destination] ?? 0)),
  );
  const groups = Map.groupBy(problem.regions.keys(), (destination) => problem.carbonGramsPerKwh[destination]);
  const totals: Constraint[] = [...groups.values()].flatMap((group, index) => {
    const flows = model.pairs.filter(({ destination }) => group.includes(destination));
    const load = sum(group.map((destination) => loads[destination] ?? 0));
    const servers = sum(group.map((destination) => decision.servers[destination] ?? 0));
    return [
      ...(flows.length > 0
        ? [
            {
              name: `load${index}`,
              terms: flows.map((pair) => ({ variable: flowName(pair), coefficient: 1 })),
              lower: load,
              upper: load,
            },
          ]
        : []),
      {
        name: `servers${index}`,
        terms: group.map((destination) => ({ variable: serversName(destination), coefficient: 1 })),
        lower: servers,
        upper: servers,
      },
    ];
  });
  const solution = await glpk.solve({
    variables: model.variables,
    constraints: [...model.constraints, ...serverCuts(problem, model.pairs), ...totals],
  });
  return {
    decision: solution.status === 'optimal' ? decisionOf(problem, model.pairs, solution) : decision,
    milliseconds: solution.milliseconds,
  };
}
