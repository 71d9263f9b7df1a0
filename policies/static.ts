import { at, loadsOf, sum } from './arrays';
import { decisionOf, serversFor } from './decision';
import { glpk } from './glpk';
import { diagnose } from './infeasibility';
import { solveInteger } from './integerSolver';
import { costsOf, costsOfRange, objectiveOf } from './objective';
import { servedRows } from './placementModel';
import type { Placement, PlacementProblem, RangePolicy } from './problem';
import { rangeByRegionName } from './regionOrder';
import type { Constraint, LinearModel } from './solver';
import { destinationsOf, flowName, serversName, sourcesByOrigin, type Source } from './source';

/**
 * The best single placement over a range, known in advance: the same servers in every interval and, for every origin,
 * the same shares; enough for the busiest interval. What re-planning has to beat. Objective as `carbon`, summed over
 * the range.
 */
export const staticPolicy: RangePolicy = rangeByRegionName(async (problems) => {
  const first = at(problems, 0);
  const origins = [...first.regions.keys()].filter((origin) =>
    problems.some(({ requestsPerSecond }) => at(requestsPerSecond, origin) > 0),
  );
  const sources = origins.map((origin) => ({
    origins: [origin],
    requestsPerSecond: 1,
    destinations: destinationsOf(first, origin),
  }));
  const model = shareModel(problems, sources);
  const best = sources.every(({ destinations }) => destinations.length > 0)
    ? await solveInteger(model, (values) => withPeakServers(problems, sources, values))
    : null;
  if (best?.status !== 'optimal') return firstInfeasible(problems);

  const servers = first.regions.map((_, destination) =>
    Math.round(best.values.get(serversName(destination)) ?? 0),
  );
  const nearest = await glpk.solve(nearestOfEqual(first, model, sources, servers, best.objective));
  const shares = nearest.status === 'optimal' ? nearest.values : best.values;
  const placements: Placement[] = [];
  for (const problem of problems) {
    const requests = await wholeRequests(problem, sources, shares, servers);
    const decision = { requests, servers };
    placements.push({
      kind: 'placement',
      ...decision,
      objective: objectiveOf(costsOf(problem, weightsOf(problem)), decision),
      solver: {
        name: best.solver,
        status: 'optimal',
        milliseconds: (best.milliseconds + nearest.milliseconds) / problems.length,
      },
    });
  }
  return placements;
});

const weightsOf = ({ alpha }: PlacementProblem) => ({
  carbon: alpha,
  latency: 0,
  servers: 1 - alpha,
  cost: 0,
});

/** Flow variables are shares of an origin's requests, 0 to 1. */
function shareModel(problems: readonly PlacementProblem[], sources: readonly Source[]): LinearModel {
  const { capacity } = at(problems, 0);
  const costs = costsOfRange(problems, weightsOf(at(problems, 0)));
  const scale = Math.max(1, sum(problems.flatMap(({ requestsPerSecond }) => requestsPerSecond)));
  const flows = sources.flatMap(({ origins, destinations }, index) =>
    destinations.map((destination) => {
      const origin = at(origins, 0);
      const cost = sum(
        problems.map(
          ({ requestsPerSecond }, interval) =>
            at(requestsPerSecond, origin) * at(costs, interval).perRequest(origin, destination),
        ),
      );
      return { origin, destination, name: flowName(index, destination), cost: scale * cost };
    }),
  );
  const servers = capacity.map(({ minServers, maxServers }, destination) => ({
    name: serversName(destination),
    cost: scale * sum(costs.map(({ perServer }) => perServer(destination))),
    lower: minServers,
    upper: maxServers,
    integer: true,
  }));
  const inflow = Map.groupBy(flows, ({ destination }) => destination);
  const capacities: Constraint[] = busiest(problems).flatMap(({ requestsPerSecond }, interval) =>
    [...inflow].map(([destination, into]) => ({
      name: `capacity${interval}_${destination}`,
      terms: [
        ...into.map(({ name, origin }) => ({ variable: name, coefficient: at(requestsPerSecond, origin) })),
        { variable: serversName(destination), coefficient: -at(capacity, destination).requestsPerServer },
      ],
      upper: 0,
    })),
  );
  return {
    variables: [...flows.map(({ name, cost }) => ({ name, cost })), ...servers],
    constraints: [...servedRows(sources), ...capacities],
  };
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

function withPeakServers(
  problems: readonly PlacementProblem[],
  sources: readonly Source[],
  values: ReadonlyMap<string, number>,
): Map<string, number> {
  const rounded = new Map(values);
  const peaks = at(problems, 0).regions.map(() => 0);
  for (const { requestsPerSecond } of problems) {
    const loads = peaks.map(() => 0);
    for (const [index, { origins, destinations }] of sources.entries()) {
      for (const destination of destinations) {
        const share = values.get(flowName(index, destination)) ?? 0;
        loads[destination] = at(loads, destination) + share * at(requestsPerSecond, at(origins, 0));
      }
    }
    for (const [destination, load] of loads.entries()) {
      peaks[destination] = Math.max(at(peaks, destination), load);
    }
  }
  for (const [destination, peak] of peaks.entries()) {
    rounded.set(serversName(destination), serversFor(at(problems, 0), destination, peak));
  }
  return rounded;
}

/** Of the shares with the same objective, those with the least latency. */
function nearestOfEqual(
  { latencyMs }: PlacementProblem,
  model: LinearModel,
  sources: readonly Source[],
  servers: readonly number[],
  objective: number,
): LinearModel {
  const latencyOf = new Map(
    sources.flatMap(({ origins, destinations }, index) =>
      destinations.map((destination) => [
        flowName(index, destination),
        at(at(latencyMs, at(origins, 0)), destination),
      ]),
    ),
  );
  const fixed = new Map(servers.map((count, destination) => [serversName(destination), count]));
  return {
    variables: model.variables.map((variable) => {
      const count = fixed.get(variable.name);
      return {
        ...variable,
        cost: latencyOf.get(variable.name) ?? 0,
        ...(count === undefined ? {} : { lower: count, upper: count }),
      };
    }),
    constraints: [
      ...model.constraints,
      {
        name: 'objective',
        terms: model.variables.map(({ name, cost }) => ({ variable: name, coefficient: cost })),
        // Without a little room the solver's rounding would leave no solution at all.
        upper: objective + 1e-9 * Math.max(1, Math.abs(objective)),
      },
    ],
  };
}

/**
 * Shares of an interval's requests as whole requests, each rounded up or down so that no destination gets more than
 * its servers carry: a flow between those bounds is a network with integer data, so an integral one exists.
 */
async function wholeRequests(
  problem: PlacementProblem,
  sources: readonly Source[],
  shares: ReadonlyMap<string, number>,
  servers: readonly number[],
): Promise<readonly (readonly number[])[]> {
  const active = sourcesByOrigin(problem);
  const sharesOf = new Map(sources.map(({ origins }, index) => [at(origins, 0), index]));
  const flows = active.flatMap(({ origins, requestsPerSecond, destinations }, index) =>
    destinations.map((destination) => {
      const share = shares.get(flowName(sharesOf.get(at(origins, 0)) ?? -1, destination)) ?? 0;
      const exact = share * requestsPerSecond;
      return {
        destination,
        name: flowName(index, destination),
        cost: Math.ceil(exact - 1e-6) - exact,
        lower: Math.floor(exact + 1e-6),
        upper: Math.ceil(exact - 1e-6),
      };
    }),
  );
  const inflow = Map.groupBy(flows, ({ destination }) => destination);
  const { values } = await glpk.solve({
    variables: flows,
    constraints: [
      ...servedRows(active),
      ...[...inflow].map(([destination, into]) => ({
        name: `capacity${destination}`,
        terms: into.map(({ name }) => ({ variable: name, coefficient: 1 })),
        upper: at(servers, destination) * at(problem.capacity, destination).requestsPerServer,
      })),
    ],
  });
  const { requests } = decisionOf(problem, active, values);
  const overloaded = loadsOf(requests).some(
    (load, destination) =>
      load > at(servers, destination) * at(problem.capacity, destination).requestsPerServer,
  );
  if (overloaded) throw new Error('whole requests do not fit where their shares did');
  return requests;
}

async function firstInfeasible(problems: readonly PlacementProblem[]) {
  for (const [interval, problem] of problems.entries()) {
    const infeasible = await diagnose(problem);
    if (infeasible) return { kind: 'infeasible' as const, interval, infeasible };
  }
  // Each interval has a placement, but no shares fit them all: name the busiest.
  const totals = problems.map(({ requestsPerSecond }) => sum(requestsPerSecond));
  const interval = totals.indexOf(Math.max(...totals));
  const infeasible = { kind: 'infeasible' as const, shortfalls: [{ limit: 'static' as const }] };
  return { kind: 'infeasible' as const, interval, infeasible };
}
