import type { PlacementProblem, RegionCapacity } from '../problem';
import type { Commodity } from './commodity';
import { lossesOf } from './failureDomains';
import { Flow } from './flow';
import { sumOf, times, type Model, type Variable } from './linearModel';
import { at, sum } from './matrix';
import { serverCuts } from './serverCuts';

/** The variables of one interval: requests x_cj of commodity c at destination j, and servers s_j. */
export interface PlacementVariables {
  readonly flow: Flow;
  readonly servers: readonly Variable[];
}

/** What one request/s and one server add to the objective. */
export interface UnitCosts {
  readonly perRequest: (commodity: Commodity, destination: number) => number;
  readonly perServer: (destination: number) => number;
}

/** Enough for every union of the reaches of six origins. */
const defaultMaxCuts = 64;

/**
 * Adds one interval to a model:
 *
 *     minimise  sum_cj perRequest_cj x_cj + sum_j perServer_j s_j
 *     where     sum_j x_cj  = r_c          every commodity is served
 *               sum_c x_cj <= k_j s_j      within the capacity of the servers
 *               sum_c x_cj <= L            no region serves more than its share, where there is such a limit
 *               m_j <= s_j <= M_j, whole
 *
 * x may stay continuous: with the servers fixed, what remains is a network with integer data, and its optimal vertex
 * is integral.
 * @param maxCuts as for `serverCuts`
 */
export function addPlacement(
  model: Model,
  problem: Pick<
    PlacementProblem,
    'capacity' | 'failureDomains' | 'survivesRegionLoss' | 'maxRequestsPerRegion'
  >,
  commodities: readonly Commodity[],
  { perRequest, perServer }: UnitCosts,
  maxCuts = defaultMaxCuts,
): PlacementVariables {
  const { capacity, survivesRegionLoss, maxRequestsPerRegion } = problem;
  const flow = new Flow(model, commodities, capacity.length);
  const servers = capacity.map(({ minServers, maxServers }) => model.whole(minServers, maxServers));
  model.minimise(flow.weighted(perRequest));
  model.minimise(servers.map((variable, destination) => times(perServer(destination), variable)));
  flow.serveAll(model);
  for (const destination of capacity.keys()) {
    withinServers(model, flow, capacity, servers, destination);
    if (maxRequestsPerRegion !== undefined) model.atMost(flow.into(destination), maxRequestsPerRegion);
  }
  for (const { destinations, atLeast } of serverCuts(capacity, commodities, maxCuts)) {
    model.atLeast(sumOf(destinations.map((destination) => at(servers, destination))), atLeast);
  }
  if (survivesRegionLoss) {
    for (const lost of lossesOf(problem)) addRegionLoss(model, capacity, commodities, servers, lost);
  }
  return { flow, servers };
}

/** sum_c x_cj <= k_j s_j */
function withinServers(
  model: Model,
  flow: Flow,
  capacity: readonly RegionCapacity[],
  servers: readonly Variable[],
  destination: number,
): void {
  const { requestsPerServer } = at(capacity, destination);
  model.atMost([...flow.into(destination), times(-requestsPerServer, at(servers, destination))], 0);
}

/** N-1: a flow of all requests to the servers of the regions that are left. */
function addRegionLoss(
  model: Model,
  capacity: readonly RegionCapacity[],
  commodities: readonly Commodity[],
  servers: readonly Variable[],
  lost: ReadonlySet<number>,
): void {
  const remaining = commodities.map((commodity) => ({
    ...commodity,
    destinations: commodity.destinations.filter((destination) => !lost.has(destination)),
  }));
  const flow = new Flow(model, remaining, capacity.length);
  flow.serveAll(model);
  for (const destination of capacity.keys()) {
    if (!lost.has(destination)) withinServers(model, flow, capacity, servers, destination);
  }
}

/** Requests/s that all servers of a region carry. */
export function roomOf({ maxServers, requestsPerServer }: RegionCapacity): number {
  return maxServers * requestsPerServer;
}

/**
 * Solvers' tolerances are absolute, so an objective's coefficients should be near 1: objectives are multiplied by the
 * number of requests.
 */
export function objectiveScale(problems: readonly PlacementProblem[]): number {
  return Math.max(1, sum(problems.flatMap(({ requestsPerSecond }) => requestsPerSecond)));
}
