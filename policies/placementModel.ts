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
 */
export function placementModel(
  { capacity }: PlacementProblem,
  sources: readonly Source[],
  costs: ModelCosts,
  prefix = '',
): LinearModel {
  const variables: Variable[] = [];
  const served: Constraint[] = [];
  const inflow: Term[][] = capacity.map(() => []);
  for (const [index, source] of sources.entries()) {
    const terms: Term[] = [];
    for (const destination of source.destinations) {
      const variable = prefix + flowName(index, destination);
      const term = { variable, coefficient: 1 };
      variables.push({ name: variable, cost: costs.perRequest(source, destination) });
      terms.push(term);
      at(inflow, destination).push(term);
    }
    served.push({
      name: `${prefix}served${index}`,
      terms,
      lower: source.requestsPerSecond,
      upper: source.requestsPerSecond,
    });
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
  return { variables, constraints: [...served, ...capacities, ...serverCuts(capacity, sources, prefix)] };
}
