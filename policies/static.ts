import type { CarbonOptions } from './carbon';
import { commoditiesByOrigin, destinationsOf, type Commodity } from './model/commodity';
import { decisionOf, serversFor } from './model/decision';
import { firstInfeasible } from './model/diagnosis';
import { Flow } from './model/flow';
import { glpk } from './model/glpk';
import { solveWhole } from './model/integerSearch';
import { Model, times, valueOf, type Expression, type Values } from './model/linearModel';
import { at, loadsOf, sum } from './model/matrix';
import { carbonWeights, costsOf, costsOfRange, objectiveOf } from './model/objective';
import { objectiveScale, type PlacementVariables } from './model/placementModel';
import { rangeByRegionName } from './model/regionOrder';
import { valuesOf, type Solver } from './model/solver';
import type { InfeasibleInterval, Placement, PlacementProblem, RangePolicy } from './problem';

/**
 * The best single placement over a range, known in advance: the same servers in every interval and, for every origin,
 * the same shares; enough for the busiest interval. What re-planning has to beat. Objective as `carbon`, summed over
 * the range.
 */
export function staticPolicy({ alpha, solver = glpk }: CarbonOptions): RangePolicy {
  return {
    sees: 'range',
    bounded: true,
    placeAll: rangeByRegionName((problems) => placeOnce(problems, alpha, solver)),
  };
}

/** Variables y_ij, the share of origin i's requests that destination j serves, in place of requests. */
interface ShareModel extends PlacementVariables {
  readonly model: Model;
}

async function placeOnce(
  problems: readonly PlacementProblem[],
  alpha: number,
  solver: Solver,
): Promise<readonly Placement[] | InfeasibleInterval> {
  const shares = shareModel(problems, alpha);
  const best = await solveWhole(shares.model, solver, (values) => withPeakServers(problems, shares, values));
  if (best.status !== 'optimal') {
    return (await firstInfeasible(problems, solver)) ?? noSinglePlacement(problems);
  }
  const servers = shares.servers.map((variable) => Math.round(valueOf(best.values, variable)));
  const nearest = await solver.solveRelaxed(nearestOfEqual(at(problems, 0), shares, servers, best.objective));
  const values = nearest.status === 'optimal' ? nearest.values : best.values;
  const placements: Placement[] = [];
  for (const problem of problems) {
    const requests = await wholeRequests(problem, shares.flow, values, servers, solver);
    const decision = { requests, servers };
    placements.push({
      kind: 'placement',
      ...decision,
      objective: objectiveOf(costsOf(problem, carbonWeights(alpha)), decision),
      solver: { name: best.solver, status: 'optimal' },
    });
  }
  return placements;
}

/**
 * minimise  sum_tij r_ti c_tij y_ij + sum_tj c_tj s_j       over the intervals t
 * where     sum_j y_ij        = 1                           all of every origin's requests are served
 *           sum_i r_ti y_ij  <= k_j s_j                     within the capacity, in the busiest intervals
 *           sum_i r_ti y_ij  <= L_t                         no region serves more than its share
 */
function shareModel(problems: readonly PlacementProblem[], alpha: number): ShareModel {
  const first = at(problems, 0);
  const costs = costsOfRange(problems, carbonWeights(alpha));
  const scale = objectiveScale(problems);
  const model = Model.empty();
  const flow = new Flow(model, originShares(problems), first.regions.length);
  const servers = first.capacity.map(({ minServers, maxServers }) => model.whole(minServers, maxServers));
  model.minimise(
    flow.weighted(({ origins }, destination) => {
      const origin = at(origins, 0);
      const perInterval = problems.map(
        ({ requestsPerSecond }, interval) =>
          at(requestsPerSecond, origin) * at(costs, interval).perRequest(origin, destination),
      );
      return scale * sum(perInterval);
    }),
  );
  model.minimise(
    servers.map((variable, destination) =>
      times(scale * sum(costs.map(({ perServer }) => perServer(destination))), variable),
    ),
  );
  flow.serveAll(model);
  const loadOf = ({ requestsPerSecond }: PlacementProblem, destination: number): Expression =>
    flow.arcs
      .filter((arc) => arc.destination === destination)
      .map(({ commodity, variable }) =>
        times(at(requestsPerSecond, at(at(flow.commodities, commodity).origins, 0)), variable),
      );
  for (const problem of busiest(problems)) {
    for (const [destination, { requestsPerServer }] of first.capacity.entries()) {
      const load = loadOf(problem, destination);
      if (load.length === 0) continue;
      model.atMost([...load, times(-requestsPerServer, at(servers, destination))], 0);
    }
  }
  // A share of all requests: it may bind in a calm interval too.
  for (const problem of problems) {
    const { maxRequestsPerRegion } = problem;
    if (maxRequestsPerRegion === undefined) continue;
    for (const destination of first.regions.keys()) {
      model.atMost(loadOf(problem, destination), maxRequestsPerRegion);
    }
  }
  return { model, flow, servers };
}

/** The whole of every origin that has requests in some interval. */
function originShares(problems: readonly PlacementProblem[]): Commodity[] {
  const first = at(problems, 0);
  return [...first.regions.keys()]
    .filter((origin) => problems.some(({ requestsPerSecond }) => at(requestsPerSecond, origin) > 0))
    .map((origin) => ({
      origins: [origin],
      requestsPerSecond: 1,
      destinations: destinationsOf(first, origin),
    }));
}

/** The intervals that no other one exceeds at every origin: capacity that is enough for these is enough for all. */
function busiest(problems: readonly PlacementProblem[]): PlacementProblem[] {
  const kept: PlacementProblem[] = [];
  const covers = (a: PlacementProblem, b: PlacementProblem): boolean =>
    b.requestsPerSecond.every((requests, origin) => requests <= at(a.requestsPerSecond, origin));
  const byTotal = [...problems].sort((a, b) => sum(b.requestsPerSecond) - sum(a.requestsPerSecond));
  for (const problem of byTotal) if (!kept.some((other) => covers(other, problem))) kept.push(problem);
  return kept;
}

/** The shares with as many servers as their busiest interval needs. */
function withPeakServers(
  problems: readonly PlacementProblem[],
  { flow, servers }: ShareModel,
  values: Values,
): Values {
  const peaks = servers.map(() => 0);
  for (const { requestsPerSecond } of problems) {
    const loads = peaks.map(() => 0);
    for (const { commodity, destination, variable } of flow.arcs) {
      const requests = at(requestsPerSecond, at(at(flow.commodities, commodity).origins, 0));
      loads[destination] = at(loads, destination) + valueOf(values, variable) * requests;
    }
    for (const [destination, load] of loads.entries()) {
      peaks[destination] = Math.max(at(peaks, destination), load);
    }
  }
  const rounded = [...values];
  for (const [destination, variable] of servers.entries()) {
    rounded[variable.index] = serversFor(at(problems, 0), destination, at(peaks, destination));
  }
  return rounded;
}

/** Of the shares with the same objective, those with the least latency. */
function nearestOfEqual(
  { latencyMs }: PlacementProblem,
  { model, flow, servers }: ShareModel,
  counts: readonly number[],
  objective: number,
): Model {
  const nearest = model.copy(model.costs.map(() => 0));
  nearest.minimise(
    flow.weighted(({ origins }, destination) => at(at(latencyMs, at(origins, 0)), destination)),
  );
  nearest.fix(servers, counts);
  nearest.atMost(
    model.costs.map((cost, index) => times(cost, { index })),
    // Without a little room the solver's rounding would leave no solution at all.
    objective + 1e-9 * Math.max(1, Math.abs(objective)),
  );
  return nearest;
}

/**
 * Shares of an interval's requests as whole requests, each rounded up or down so that no destination gets more than
 * its servers carry: a flow between those bounds is a network with integer data, so an integral one exists.
 */
async function wholeRequests(
  problem: PlacementProblem,
  shares: Flow,
  values: Values,
  servers: readonly number[],
  solver: Solver,
): Promise<readonly (readonly number[])[]> {
  const shareOf = new Map(
    shares.arcs.map(({ commodity, destination, variable }) => [
      `${at(at(shares.commodities, commodity).origins, 0)} ${destination}`,
      valueOf(values, variable),
    ]),
  );
  const room = servers.map((count, index) =>
    Math.min(count * at(problem.capacity, index).requestsPerServer, problem.maxRequestsPerRegion ?? Infinity),
  );
  const model = Model.empty();
  const flow = new Flow(model, commoditiesByOrigin(problem), problem.regions.length);
  const exactOf = ({ origins, requestsPerSecond }: Commodity, destination: number): number =>
    (shareOf.get(`${at(origins, 0)} ${destination}`) ?? 0) * requestsPerSecond;
  for (const { commodity, destination, variable } of flow.arcs) {
    const exact = exactOf(at(flow.commodities, commodity), destination);
    model.restrict(variable, Math.floor(exact + 1e-6), Math.ceil(exact - 1e-6));
  }
  model.minimise(
    flow.weighted((commodity, destination) => {
      const exact = exactOf(commodity, destination);
      return Math.ceil(exact - 1e-6) - exact;
    }),
  );
  flow.serveAll(model);
  for (const [destination, most] of room.entries()) model.atMost(flow.into(destination), most);
  const { requests } = decisionOf(problem, flow, valuesOf(await solver.solveRelaxed(model)));
  if (loadsOf(requests).some((load, destination) => load > at(room, destination))) {
    throw new Error('whole requests do not fit where their shares did');
  }
  return requests;
}

/** Each interval has a placement, but no shares fit them all: name the busiest. */
function noSinglePlacement(problems: readonly PlacementProblem[]): InfeasibleInterval {
  const totals = problems.map(({ requestsPerSecond }) => sum(requestsPerSecond));
  const position = totals.indexOf(Math.max(...totals));
  const infeasible = { kind: 'infeasible' as const, shortfalls: [{ limit: 'static' as const }] };
  return { kind: 'infeasible', position, infeasible };
}
