import type { CarbonOptions } from './carbon';
import { commoditiesByReach } from './model/commodity';
import { decisionOf } from './model/decision';
import { firstInfeasible } from './model/diagnosis';
import { glpk } from './model/glpk';
import { highs } from './model/highs';
import { addChanges } from './model/changes';
import { leastLatency } from './model/leastLatency';
import { Model, valueOf, type Values } from './model/linearModel';
import { at, sum } from './model/matrix';
import { carbonWeights, costsOf, costsOfRange, gramsScaleOf, objectiveOf } from './model/objective';
import { addPlacement, objectiveScale, type PlacementVariables } from './model/placementModel';
import { rangeByRegionName } from './model/regionOrder';
import { valuesOf, type Solver } from './model/solver';
import type { HorizonPolicy, InfeasibleInterval, Placement, PlacementProblem, RangeContext } from './problem';

/** Fewer than for one interval: over a day of twenty regions, all of them cost more time and memory than they save. */
const maxCuts = 24;

/**
 * Least carbon over all intervals of the horizon together, changes included: the objective of `carbon` summed, plus
 * grams for every server started or stopped and every request moved, with servers that stay for a minimum residence.
 * One integer model, proven by HiGHS to a zero gap.
 */
export function horizon({ alpha, solver = glpk }: CarbonOptions): HorizonPolicy {
  return {
    sees: 'horizon',
    bounded: true,
    placeAll: rangeByRegionName((problems, context) => placeTogether(problems, context, alpha, solver)),
  };
}

async function placeTogether(
  problems: readonly PlacementProblem[],
  context: RangeContext,
  alpha: number,
  solver: Solver,
): Promise<readonly Placement[] | InfeasibleInterval> {
  const { model, intervals } = horizonModel(problems, context, alpha);
  const best = await highs.solveWhole(model);
  if (best.status !== 'optimal') return (await firstInfeasible(problems, solver)) ?? changesTooFew;

  const placements: Placement[] = [];
  for (const [interval, problem] of problems.entries()) {
    const variables = at(intervals, interval);
    const servers = variables.servers.map((variable) => Math.round(valueOf(best.values, variable)));
    const loads = await wholeLoads(problem, variables, servers, best.values, alpha, solver);
    const routed = await leastLatency(problem, { servers, loads }, problem.regions, solver);
    const decision = decisionOf(problem, routed.flow, routed.values, servers);
    placements.push({
      kind: 'placement',
      ...decision,
      objective: objectiveOf(costsOf(problem, carbonWeights(alpha)), decision),
      solver: { name: highs.name, status: 'optimal' },
    });
  }
  return placements;
}

/** Every interval has a placement of its own, but it is not reached within the limits on changes. */
const changesTooFew: InfeasibleInterval = {
  kind: 'infeasible',
  position: 0,
  infeasible: { kind: 'infeasible', shortfalls: [{ limit: 'change' }] },
};

/** The models of all intervals, and what changes from one to the next cost. */
function horizonModel(
  problems: readonly PlacementProblem[],
  context: RangeContext,
  alpha: number,
): { readonly model: Model; readonly intervals: readonly PlacementVariables[] } {
  const costs = costsOfRange(problems, carbonWeights(alpha));
  const scale = objectiveScale(problems);
  const model = Model.empty();
  const intervals = problems.map((problem, interval) => {
    const { perRequest, perServer } = at(costs, interval);
    return addPlacement(
      model,
      problem,
      commoditiesByReach(problem),
      {
        perRequest: ({ origins }, destination) => scale * perRequest(at(origins, 0), destination),
        perServer: (destination) => scale * perServer(destination),
      },
      maxCuts,
    );
  });
  // A gram of a change counts as much as a gram of the objective's carbon.
  const gramsScale = gramsScaleOf(problems);
  const perGram = gramsScale > 0 ? (scale * alpha) / gramsScale : 0;
  addChanges(model, intervals, at(problems, 0).capacity, context, perGram);
  return { model, intervals };
}

/**
 * The loads of a solution as whole requests. With the servers fixed each interval is a network with integer data,
 * bounded here by the solution's loads rounded down and up: an integral flow exists.
 */
async function wholeLoads(
  problem: PlacementProblem,
  { flow: solved }: PlacementVariables,
  servers: readonly number[],
  values: Values,
  alpha: number,
  solver: Solver,
): Promise<number[]> {
  const exact = solved.loads(values);
  const whole = exact.map(Math.round);
  const isWhole = exact.every((load, destination) => Math.abs(load - at(whole, destination)) < 1e-6);
  const requests = sum(problem.requestsPerSecond);
  if (isWhole && sum(whole) === requests) return whole;

  const costs = costsOf(problem, carbonWeights(alpha));
  const model = Model.empty();
  const placement = addPlacement(model, { ...problem, survivesRegionLoss: false }, solved.commodities, {
    perRequest: (_, destination) => costs.perRequest(0, destination) * requests,
    perServer: () => 0,
  });
  model.fix(placement.servers, servers);
  for (const [destination, load] of exact.entries()) {
    model.between(Math.floor(load + 1e-6), placement.flow.into(destination), Math.ceil(load - 1e-6));
  }
  return placement.flow.loads(valuesOf(await solver.solveRelaxed(model))).map(Math.round);
}
