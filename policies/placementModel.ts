import { at } from './arrays';
import type { PlacementProblem } from './problem';
import { serverCuts } from './serverCuts';
import { flowName, serversName, type Source } from './source';
import type { Constraint, LinearModel, Term, Variable } from './solver';

/** What the model of one interval minimises, a request/s of a source and a server. */
export interface ModelCosts {
  readonly perRequest: (source: Source, destination: number) => number;
  readonly perServer: (destination: number) => number;
}

/**
 * The constraints that every policy shares: all requests are served, within the capacity of the servers.
 * The flow of requests may stay continuous: with the servers fixed what remains is a network with integer data,
 * whose optimal vertex is integral.
 * @param prefix tells the variables of several intervals in one model apart
 * @param maxUnions as for `serverCuts`; every union of six reaches by default
 */
export function placementModel(
  { capacity, survivesRegionLoss }: PlacementProblem,
  sources: readonly Source[],
  costs: ModelCosts,
  prefix = '',
  maxUnions = 64,
): LinearModel {
  const variables: Variable[] = [];
  const inflow: Term[][] = capacity.map(() => []);
  for (const [index, source] of sources.entries()) {
    for (const destination of source.destinations) {
      const variable = prefix + flowName(index, destination);
      variables.push({ name: variable, cost: costs.perRequest(source, destination) });
      at(inflow, destination).push({ variable, coefficient: 1 });
    }
  }
  for (const [destination, { minServers, maxServers }] of capacity.entries()) {
    variables.push({
      name: prefix + serversName(destination),
      cost: costs.perServer(destination),
      lower: minServers,
      upper: maxServers,
      integer: true,
    });
  }
  const capacities = capacity.map(({ requestsPerServer }, destination) => ({
    name: `${prefix}capacity${destination}`,
    terms: [
      ...at(inflow, destination),
      { variable: prefix + serversName(destination), coefficient: -requestsPerServer },
    ],
    upper: 0,
  }));
  const headroom = survivesRegionLoss ? headroomModel(capacity, sources, prefix) : noModel;
  return {
    variables: [...variables, ...headroom.variables],
    constraints: [
      ...servedRows(sources, prefix),
      ...capacities,
      ...serverCuts(capacity, sources, prefix, maxUnions),
      ...headroom.constraints,
    ],
  };
}

/** All of every source's requests go somewhere. */
export function servedRows(sources: readonly Source[], prefix = ''): Constraint[] {
  return sources.map(({ destinations, requestsPerSecond }, index) => ({
    name: `${prefix}served${index}`,
    terms: destinations.map((destination) => ({
      variable: prefix + flowName(index, destination),
      coefficient: 1,
    })),
    lower: requestsPerSecond,
    upper: requestsPerSecond,
  }));
}

const noModel: LinearModel = { variables: [], constraints: [] };

/** For every region that may fail, a flow of all requests to the servers of the others. */
function headroomModel(
  capacity: PlacementProblem['capacity'],
  sources: readonly Source[],
  prefix: string,
): LinearModel {
  const variables: Variable[] = [];
  const constraints: Constraint[] = [];
  for (const lost of capacity.keys()) {
    const inflow: Term[][] = capacity.map(() => []);
    for (const [index, { destinations, requestsPerSecond }] of sources.entries()) {
      const terms = destinations
        .filter((destination) => destination !== lost)
        .map((destination) => {
          const term = { variable: `${prefix}lost${lost}_${flowName(index, destination)}`, coefficient: 1 };
          at(inflow, destination).push(term);
          variables.push({ name: term.variable, cost: 0 });
          return term;
        });
      // A slack that may not be used: GLPK refuses a row without variables, which is what losing the only destination leaves.
      const slack = `${prefix}lost${lost}_unserved${index}`;
      variables.push({ name: slack, cost: 0, upper: 0 });
      constraints.push({
        name: `${prefix}lost${lost}_served${index}`,
        terms: [...terms, { variable: slack, coefficient: 1 }],
        lower: requestsPerSecond,
        upper: requestsPerSecond,
      });
    }
    for (const [destination, { requestsPerServer }] of capacity.entries()) {
      if (destination === lost) continue;
      constraints.push({
        name: `${prefix}lost${lost}_capacity${destination}`,
        terms: [
          ...at(inflow, destination),
          { variable: prefix + serversName(destination), coefficient: -requestsPerServer },
        ],
        upper: 0,
      });
    }
  }
  return { variables, constraints };
}
