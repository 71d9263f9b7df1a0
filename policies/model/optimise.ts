import type { Infeasible, ObjectiveWeights, Placement, PlacementProblem } from '../problem';
import { commoditiesByOrigin, commoditiesByReach } from './commodity';
import { decisionOf } from './decision';
import { diagnose } from './diagnosis';
import { leastLatency } from './leastLatency';
import { Model } from './linearModel';
import { at } from './matrix';
import { costsOf, objectiveOf, type Costs } from './objective';
import { addPlacement, objectiveScale } from './placementModel';
import type { Solver } from './solver';
import { solvePlacement, type WholePlacement } from './wholePlacement';

/**
 * The placement with the least weighted objective, proven. Where latency is no part of the objective, the one of
 * those with the same objective that has the least total latency.
 */
export async function optimise(
  problem: PlacementProblem,
  weights: ObjectiveWeights,
  solver: Solver,
): Promise<Placement | Infeasible> {
  const costs = costsOf(problem, weights);
  const best = await cheapest(problem, costs, solver);
  if (!best) {
    const infeasible = await diagnose(problem, solver);
    if (!infeasible) throw new Error('no solver finds a placement where the elastic model finds one');
    return infeasible;
  }
  // Servers held for the loss of a region stay where they were chosen.
  const groups = problem.survivesRegionLoss ? problem.regions : groupsByCost(problem, costs);
  const routed = costs.originsAlike ? await leastLatency(problem, best, groups, solver) : best;
  const kept = problem.survivesRegionLoss ? best.servers : [];
  const decision = decisionOf(problem, routed.flow, routed.values, kept);
  return {
    kind: 'placement',
    ...decision,
    objective: objectiveOf(costs, decision),
    solver: { name: [...new Set([best.solver, routed.solver])].sort().join('+'), status: 'optimal' },
  };
}

/** @returns null when no placement keeps every limit */
async function cheapest(
  problem: PlacementProblem,
  costs: Costs,
  solver: Solver,
): Promise<WholePlacement | null> {
  const commodities = costs.originsAlike ? commoditiesByReach(problem) : commoditiesByOrigin(problem);
  const scale = objectiveScale([problem]);
  const model = Model.empty();
  const placement = addPlacement(model, problem, commodities, {
    perRequest: ({ origins }, destination) => scale * costs.perRequest(at(origins, 0), destination),
    perServer: (destination) => scale * costs.perServer(destination),
  });
  return solvePlacement(problem, model, placement, solver);
}

/**
 * Ties are the rule: grids share a carbon intensity, and who goes where costs the same carbon as long as every
 * destination keeps its load. Destinations in one group cost the same, so any of them may serve.
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
