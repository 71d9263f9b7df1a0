import type { DemandErrors, ObjectiveWeights, Placement, PlacementProblem } from '../problem';
import { commoditiesByOrigin } from './commodity';
import { serversFor } from './decision';
import { Flow } from './flow';
import { Model, times, valueOf, type Variable } from './linearModel';
import { at, sum } from './matrix';
import { costsOf, objectiveOf, type Costs } from './objective';
import { objectiveScale } from './placementModel';
import { valuesOf, type Solver } from './solver';
import { violationsOf } from './violations';

/** A request/s within all limits costs at most 1 and comes to less than 10 in the mean of the worst cases. */
const lateWeight = 10;
const overloadWeight = 1000;
/** Too little to outweigh any carbon, and enough to choose between equal placements. */
const latencyWeight = 1e-5;
/** Requests/s by which a destination may miss its room: servers are counted in the end anyway. */
const tolerance = 0.5;
/** Each round adds what the one before got wrong; six regions take some six. */
const maxRounds = 40;

/**
 * Least cost where requests may differ from those expected. A destination must have room for the mean load of its worst
 * cases (conditional value at risk, a limit on it is convex: Rockafellar and Uryasev 2000):
 *
 *     minimise  sum_ij cost_ij x_ij + sum_j perServer_j s_j
 *     where     sum_j x_ij = r_i,  mean over the worst cases of sum_i ratio_ci x_ij <= k_j s_j
 *
 * So origins whose errors cancel come to a full region together, and those that are hard to foresee go where there is
 * room. The mean over any set of cases is at most that of the worst: such a mean is a linear row, and rows are added
 * until none is broken (cutting planes: Kelley 1960). What cannot be kept is broken least: as few requests as possible
 * beyond the servers, then as few and as near as possible beyond the latency bound.
 */
export async function placeForErrors(
  problem: PlacementProblem,
  { ratios, worstShare }: DemandErrors,
  weights: ObjectiveWeights,
  solver: Solver,
): Promise<Placement> {
  const costs = costsOf(problem, weights);
  const { model, flow, servers, overloads } = elasticModel(problem, costs);
  /** Ratios by origin that every destination has room for. */
  const addRows = (ratioOf: readonly number[]): void => {
    for (const [destination, { requestsPerServer }] of problem.capacity.entries()) {
      const load = flow.weightedInto(destination, ({ origins }) => at(ratioOf, at(origins, 0)));
      const room = [
        times(-requestsPerServer, at(servers, destination)),
        times(-1, at(overloads, destination)),
      ];
      if (load.length > 0) model.atMost([...load, ...room], 0);
    }
  };
  addRows(problem.regions.map(() => 1));
  const worstCount = Math.max(1, Math.round(worstShare * ratios.length));
  let requests: number[][] = [];
  for (let round = 0; round < maxRounds; round++) {
    const values = valuesOf(await solver.solveRelaxed(model));
    requests = flow.byOriginAndDestination(values);
    const broken = problem.capacity.flatMap(({ requestsPerServer }, destination) => {
      const worst = casesByLoad(requests, ratios, destination).slice(0, worstCount);
      const room =
        requestsPerServer * valueOf(values, at(servers, destination)) +
        valueOf(values, at(overloads, destination));
      return sum(worst.map(({ load }) => load)) / worstCount > room + tolerance ? [worst] : [];
    });
    if (broken.length === 0) break;
    for (const worst of broken) {
      addRows(
        problem.regions.map(
          (_, origin) => sum(worst.map(({ position }) => at(at(ratios, position), origin))) / worstCount,
        ),
      );
    }
  }
  return placementOf(problem, requests.map(wholeRow), ratios, weights, solver);
}

/** Requests beyond the bound, and beyond what all servers carry, at a price. */
function elasticModel(
  problem: PlacementProblem,
  costs: Costs,
): {
  readonly model: Model;
  readonly flow: Flow;
  readonly servers: readonly Variable[];
  readonly overloads: readonly Variable[];
} {
  const { capacity, latencyMs, maxLatencyMs } = problem;
  const model = Model.empty();
  const flow = new Flow(
    model,
    commoditiesByOrigin({ ...problem, maxLatencyMs: Infinity }),
    problem.regions.length,
  );
  const servers = capacity.map(({ minServers, maxServers }) => model.continuous(minServers, maxServers));
  const overloads = capacity.map(() => model.continuous());
  const scale = objectiveScale([problem]);
  const slowestMs = Math.max(1, ...latencyMs.flat());
  model.minimise(
    flow.weighted(({ origins }, destination) => {
      const origin = at(origins, 0);
      const ms = at(at(latencyMs, origin), destination);
      const late = ms > maxLatencyMs ? lateWeight * (1 + (ms - maxLatencyMs) / slowestMs) : 0;
      return scale * costs.perRequest(origin, destination) + (latencyWeight * ms) / slowestMs + late;
    }),
  );
  model.minimise(
    servers.map((variable, destination) => times(scale * costs.perServer(destination), variable)),
  );
  model.minimise(overloads.map((variable) => times(overloadWeight, variable)));
  flow.serveAll(model);
  return { model, flow, servers, overloads };
}

/** What a destination gets in one case. */
interface CaseLoad {
  readonly position: number;
  readonly load: number;
}

/** The cases by the load that a destination has in them, the largest first; equal ones in their order. */
function casesByLoad(
  requests: readonly (readonly number[])[],
  ratios: readonly (readonly number[])[],
  destination: number,
): CaseLoad[] {
  const column = requests.map((row) => at(row, destination));
  return ratios
    .map((row, position) => {
      let load = 0;
      for (const [origin, count] of column.entries()) load += count * (row[origin] ?? NaN);
      return { position, load };
    })
    .sort((one, other) => other.load - one.load || one.position - other.position);
}

/** A row in whole requests with the same sum: the largest fractions are rounded up. */
function wholeRow(row: readonly number[]): number[] {
  const whole = row.map((count) => Math.floor(count + 1e-9));
  const missing = Math.round(sum(row)) - sum(whole);
  const byFraction = [...row.keys()].sort(
    (one, other) => at(row, other) - at(whole, other) - (at(row, one) - at(whole, one)) || one - other,
  );
  for (const destination of byFraction.slice(0, missing)) whole[destination] = at(whole, destination) + 1;
  return whole;
}

function placementOf(
  problem: PlacementProblem,
  requests: number[][],
  ratios: readonly (readonly number[])[],
  weights: ObjectiveWeights,
  solver: Solver,
): Placement {
  const servers = problem.capacity.map(({ maxServers }, destination) => {
    // Where a region has servers left, it takes as many as the worst case needs: they cost no requests.
    const [{ load: needed }] = casesByLoad(requests, ratios, destination) as [CaseLoad];
    const load = sum(requests.map((row) => at(row, destination)));
    return load === 0
      ? serversFor(problem, destination, 0)
      : Math.min(maxServers, serversFor(problem, destination, Math.max(load, needed)));
  });
  const violations = violationsOf(problem, requests);
  const decision = { servers, requests };
  return {
    kind: 'placement',
    ...decision,
    ...(violations.length > 0 && { violations }),
    objective: objectiveOf(costsOf(problem, weights), decision),
    solver: { name: solver.name, status: 'optimal' },
  };
}
