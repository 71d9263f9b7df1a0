import { at, loadsOf, sum } from './arrays';
import { decisionOf } from './decision';
import { glpk } from './glpk';
import { highs } from './highs';
import { diagnose } from './infeasibility';
import { costsOf, costsOfRange, gramsScaleOf, objectiveOf } from './objective';
import { nearest } from './optimise';
import { placementModel } from './placementModel';
import type { InfeasibleInterval, Placement, PlacementProblem, RangeContext, RangePolicy } from './problem';
import { rangeByRegionName } from './regionOrder';
import type { Constraint, LinearModel, Term, Variable } from './solver';
import { flowName, serversName, sourcesByReach, type Source } from './source';

/**
 * Least carbon over all intervals of the horizon together, changes included: the objective of `carbon` summed, plus
 * grams for every server started or stopped and every request moved, with servers that stay for a minimum residence.
 * One integer model, proven by HiGHS to a zero gap.
 */
export const horizon: RangePolicy = rangeByRegionName(async (problems, context) => {
  const sources = problems.map(sourcesByReach);
  const reachable = sources.flat().every(({ destinations }) => destinations.length > 0);
  const model = reachable ? horizonModel(problems, sources, context) : null;
  const best = model ? await highs.solve(model) : null;
  if (!model || best?.status !== 'optimal') return firstInfeasible(problems);

  const placements: Placement[] = [];
  for (const [interval, problem] of problems.entries()) {
    const servers = problem.regions.map((_, destination) =>
      Math.round(best.values.get(prefixOf(interval) + serversName(destination)) ?? 0),
    );
    const loads = await wholeLoads(problem, at(sources, interval), servers, best.values, prefixOf(interval));
    const routed = await nearest(problem, { servers, loads }, problem.regions);
    const decision = decisionOf(problem, routed.sources, routed.values, servers);
    placements.push({
      kind: 'placement',
      ...decision,
      objective: objectiveOf(costsOf(problem, weightsOf(problem)), decision),
      solver: {
        name: highs.name,
        status: 'optimal',
        milliseconds: best.milliseconds / problems.length + routed.milliseconds,
      },
    });
  }
  return placements;
});

/** Fewer than for one interval: over a day of twenty regions, all of them cost more time and memory than they save. */
const maxUnions = 24;
const prefixOf = (interval: number): string => `t${interval}_`;
const weightsOf = ({ alpha }: PlacementProblem) => ({
  carbon: alpha,
  latency: 0,
  servers: 1 - alpha,
  cost: 0,
});

function horizonModel(
  problems: readonly PlacementProblem[],
  sources: readonly (readonly Source[])[],
  { switching, before }: RangeContext,
): LinearModel {
  const first = at(problems, 0);
  const costs = costsOfRange(problems, weightsOf(first));
  // Coefficients near 1, as everywhere; and grams on the scale of the objective's carbon.
  const scale = Math.max(1, sum(problems.flatMap(({ requestsPerSecond }) => requestsPerSecond)));
  const gramsScale = gramsScaleOf(problems);
  const perGram = gramsScale > 0 ? (scale * first.alpha) / gramsScale : 0;
  const variables: Variable[] = [];
  const constraints: Constraint[] = [];
  for (const [interval, problem] of problems.entries()) {
    const { perRequest, perServer } = at(costs, interval);
    const model = placementModel(
      problem,
      at(sources, interval),
      {
        perRequest: ({ origins }, destination) => scale * perRequest(at(origins, 0), destination),
        perServer: (destination) => scale * perServer(destination),
      },
      prefixOf(interval),
      maxUnions,
    );
    variables.push(...model.variables);
    constraints.push(...model.constraints);
  }
  for (const [interval, problem] of problems.entries()) {
    if (interval === 0 && !before) continue;
    for (const destination of problem.regions.keys()) {
      const term = (name: string, coefficient: number): Term => ({ variable: name, coefficient });
      const [started, stopped] = [
        startedName(interval, destination),
        `${prefixOf(interval)}stopped${destination}`,
      ];
      const change = perGram * switching.gramsPerServerChange;
      variables.push({ name: started, cost: change }, { name: stopped, cost: change });
      const serversBefore = interval === 0 ? (before?.servers[destination] ?? 0) : 0;
      constraints.push({
        name: `${prefixOf(interval)}change${destination}`,
        terms: [
          term(prefixOf(interval) + serversName(destination), 1),
          ...(interval === 0 ? [] : [term(prefixOf(interval - 1) + serversName(destination), -1)]),
          term(started, -1),
          term(stopped, 1),
        ],
        lower: serversBefore,
        upper: serversBefore,
      });
      if (switching.gramsPerRequestMoved > 0) {
        const [gained, lost] = ['gained', 'lost'].map((word) => `${prefixOf(interval)}${word}${destination}`);
        const moved = perGram * switching.gramsPerRequestMoved;
        variables.push({ name: String(gained), cost: moved }, { name: String(lost), cost: moved });
        const loadBefore = interval === 0 ? (before?.loads[destination] ?? 0) : 0;
        constraints.push({
          name: `${prefixOf(interval)}moved${destination}`,
          terms: [
            ...inflow(at(sources, interval), interval, destination, 1),
            ...(interval === 0 ? [] : inflow(at(sources, interval - 1), interval - 1, destination, -1)),
            term(String(gained), -1),
            term(String(lost), 1),
          ],
          lower: loadBefore,
          upper: loadBefore,
        });
      }
    }
  }
  constraints.push(...residence(problems, switching.minResidenceIntervals, before));
  const { maxRegionsChanged } = switching;
  if (maxRegionsChanged !== undefined) {
    const limit = changedRegions(problems, maxRegionsChanged, before !== undefined);
    variables.push(...limit.variables);
    constraints.push(...limit.constraints);
  }
  return { variables, constraints };
}

const startedName = (interval: number, destination: number): string =>
  `${prefixOf(interval)}started${destination}`;

function inflow(
  sources: readonly Source[],
  interval: number,
  destination: number,
  coefficient: number,
): Term[] {
  return sources.flatMap(({ destinations }, index) =>
    destinations.includes(destination)
      ? [{ variable: prefixOf(interval) + flowName(index, destination), coefficient }]
      : [],
  );
}

/** All servers that were started within the residence are among those that run: servers are alike, so it is enough. */
function residence(
  problems: readonly PlacementProblem[],
  intervals: number,
  before: RangeContext['before'],
): Constraint[] {
  if (intervals <= 1) return [];
  return problems.flatMap(({ regions }, interval) =>
    [...regions.keys()].flatMap((destination) => {
      const terms: Term[] = [];
      let startedBefore = 0;
      for (let ago = 0; ago < intervals; ago++) {
        const then = interval - ago;
        if (then > 0 || (then === 0 && before)) {
          terms.push({ variable: startedName(then, destination), coefficient: 1 });
        } else if (then < 0) {
          startedBefore += before?.started[-then - 1]?.[destination] ?? 0;
        }
      }
      if (terms.length === 0 && startedBefore === 0) return [];
      return [
        {
          name: `${prefixOf(interval)}residence${destination}`,
          terms: [...terms, { variable: prefixOf(interval) + serversName(destination), coefficient: -1 }],
          upper: -startedBefore,
        },
      ];
    }),
  );
}

/** A region's servers change only where its switch is on, and so many switches may be on. */
function changedRegions(
  problems: readonly PlacementProblem[],
  maxRegionsChanged: number,
  fromBefore: boolean,
): LinearModel {
  const variables: Variable[] = [];
  const constraints: Constraint[] = [];
  for (const [interval, { capacity }] of problems.entries()) {
    if (interval === 0 && !fromBefore) continue;
    const switches = capacity.map(({ maxServers }, destination) => {
      const name = `${prefixOf(interval)}changes${destination}`;
      variables.push({ name, cost: 0, upper: 1, integer: true });
      constraints.push({
        name: `${name}_limit`,
        terms: [
          { variable: startedName(interval, destination), coefficient: 1 },
          { variable: `${prefixOf(interval)}stopped${destination}`, coefficient: 1 },
          { variable: name, coefficient: -maxServers },
        ],
        upper: 0,
      });
      return { variable: name, coefficient: 1 };
    });
    constraints.push({ name: `${prefixOf(interval)}changes`, terms: switches, upper: maxRegionsChanged });
  }
  return { variables, constraints };
}

/**
 * The loads of a solution as whole requests. With the servers fixed each interval is a network with integer data,
 * bounded here by the solution's loads rounded down and up: an integral flow exists.
 */
async function wholeLoads(
  problem: PlacementProblem,
  sources: readonly Source[],
  servers: readonly number[],
  values: ReadonlyMap<string, number>,
  prefix: string,
): Promise<number[]> {
  const exact = problem.regions.map((_, destination) =>
    sum(
      sources.map(({ destinations }, index) =>
        destinations.includes(destination) ? (values.get(prefix + flowName(index, destination)) ?? 0) : 0,
      ),
    ),
  );
  const whole = exact.map(Math.round);
  const isWhole = exact.every((load, destination) => Math.abs(load - at(whole, destination)) < 1e-6);
  const fits = sum(whole) === sum(problem.requestsPerSecond);
  if (isWhole && fits) return whole;
  const costs = costsOf(problem, weightsOf(problem));
  const { variables, constraints } = placementModel({ ...problem, survivesRegionLoss: false }, sources, {
    perRequest: (_, destination) => costs.perRequest(0, destination) * sum(problem.requestsPerSecond),
    perServer: () => 0,
  });
  const fixed = new Map(servers.map((count, destination) => [serversName(destination), count]));
  const vertex = await glpk.solve({
    variables: variables.map((variable) => {
      const count = fixed.get(variable.name);
      return count === undefined ? variable : { ...variable, lower: count, upper: count };
    }),
    constraints: [
      ...constraints,
      ...exact.flatMap((load, destination) => {
        const terms = inflow(sources, 0, destination, 1).map(({ variable, coefficient }) => ({
          variable: variable.slice(prefixOf(0).length),
          coefficient,
        }));
        const [lower, upper] = [Math.floor(load + 1e-6), Math.ceil(load - 1e-6)];
        return terms.length === 0 ? [] : [{ name: `load${destination}`, terms, lower, upper }];
      }),
    ],
  });
  const requests = problem.regions.map(() => problem.regions.map(() => 0));
  for (const [index, { destinations }] of sources.entries()) {
    for (const destination of destinations) {
      const row = at(requests, index);
      row[destination] = Math.round(vertex.values.get(flowName(index, destination)) ?? 0);
    }
  }
  return loadsOf(requests);
}

async function firstInfeasible(problems: readonly PlacementProblem[]): Promise<InfeasibleInterval> {
  for (const [interval, problem] of problems.entries()) {
    const infeasible = await diagnose(problem);
    if (infeasible) return { kind: 'infeasible', interval, infeasible };
  }
  return {
    kind: 'infeasible',
    interval: 0,
    infeasible: { kind: 'infeasible', shortfalls: [{ limit: 'change' }] },
  };
}
