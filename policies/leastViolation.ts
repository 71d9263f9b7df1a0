import type { CarbonOptions } from './carbon';
import { commoditiesByOrigin } from './model/commodity';
import { serversFor } from './model/decision';
import { Flow } from './model/flow';
import { glpk } from './model/glpk';
import { Model, sumOf, times } from './model/linearModel';
import { at, loadsOf } from './model/matrix';
import { carbonWeights, costsOf, objectiveOf } from './model/objective';
import { objectiveScale, roomOf } from './model/placementModel';
import { byRegionName } from './model/regionOrder';
import { valuesOf, type Solver } from './model/solver';
import { violationsOf } from './model/violations';
import type { IntervalPolicy, Placement, PlacementProblem } from './problem';

/** A millisecond over the bound counts so much more than all of the policy's objective. */
const excessWeight = 1e4;

/**
 * The placement that breaks limits least, for when none keeps them: as few requests as possible above what all
 * servers carry; with those, as few milliseconds over the bound as possible, summed over requests; and with those,
 * least carbon. It never breaks residency, nor the fewest servers of a region; it does not look for room for the loss
 * of one, nor at the share of all requests that one may serve, and says where that is passed.
 */
export function leastViolation({ alpha, solver = glpk }: CarbonOptions): IntervalPolicy {
  return {
    sees: 'interval',
    bounded: true,
    place: byRegionName((problem) => placeBreakingLeast(problem, alpha, solver)),
  };
}

async function placeBreakingLeast(
  problem: PlacementProblem,
  alpha: number,
  solver: Solver,
): Promise<Placement> {
  const fewest = elasticModel(problem);
  fewest.model.minimise(sumOf(fewest.overloads));
  const overload = await solver.solveRelaxed(fewest.model);
  if (overload.status === 'infeasible') throw new Error('an elastic model has no solution');

  const costs = costsOf(problem, { ...carbonWeights(alpha), servers: 0 });
  const scale = objectiveScale([problem]);
  const mostExcessMs = Math.max(1, ...problem.latencyMs.flat().map((ms) => excessMs(problem, ms)));
  const { model, flow, overloads } = elasticModel(problem);
  model.atMost(sumOf(overloads), Math.round(overload.objective));
  model.minimise(
    flow.weighted(({ origins }, destination) => {
      const origin = at(origins, 0);
      const excess = excessMs(problem, at(at(problem.latencyMs, origin), destination)) / mostExcessMs;
      return excessWeight * excess + scale * costs.perRequest(origin, destination);
    }),
  );
  const requests = flow.requests(valuesOf(await solver.solveRelaxed(model)));
  const servers = loadsOf(requests).map((load, destination) =>
    Math.min(at(problem.capacity, destination).maxServers, serversFor(problem, destination, load)),
  );
  return {
    kind: 'placement',
    servers,
    requests,
    violations: violationsOf(problem, requests),
    objective: objectiveOf(costsOf(problem, carbonWeights(alpha)), { servers, requests }),
    solver: { name: solver.name, status: 'least violation' },
  };
}

function excessMs({ maxLatencyMs }: PlacementProblem, latencyMs: number): number {
  return Math.max(0, latencyMs - maxLatencyMs);
}

/**
 * sum_j x_ij = r_i, and sum_i x_ij <= what all servers of j carry + o_j: without a latency bound and with overloads
 * o_j. A network, so the vertices are whole requests.
 */
function elasticModel(problem: PlacementProblem) {
  const model = Model.empty();
  const commodities = commoditiesByOrigin({ ...problem, maxLatencyMs: Infinity });
  const flow = new Flow(model, commodities, problem.regions.length);
  flow.serveAll(model);
  const overloads = problem.capacity.flatMap((region, destination) => {
    const inflow = flow.into(destination);
    if (inflow.length === 0) return [];
    const overload = model.continuous();
    model.atMost([...inflow, times(-1, overload)], roomOf(region));
    return [overload];
  });
  return { model, flow, overloads };
}
