import type { Decision, ObjectiveWeights, PlacementProblem } from '../problem';
import { destinationGrams, gramsOfRequest, networkKwh } from './energy';
import { at, sum } from './matrix';

/** The reference's carbon objective: carbon against the number of servers. */
export function carbonWeights(alpha: number): ObjectiveWeights {
  return { carbon: alpha, latency: 0, servers: 1 - alpha, cost: 0 };
}

/** What one request/s and one server add to an objective that is minimised. */
export interface Costs {
  readonly perRequest: (origin: number, destination: number) => number;
  readonly perServer: (destination: number) => number;
  /** Whether `perRequest` is the same for all origins. */
  readonly originsAlike: boolean;
}

/**
 * The weighted objective, dimensionless. Its parts are the reference's (CASPER, arXiv 2403.14792; its LP in
 * carbonfirst/casper), each divided by its largest possible value:
 * carbon `sum x_ij c_j / (max_c sum r)`, latency `sum x_ij l_ij / sum_i r_i max_j l_ij`, servers `sum s_j / sum M_j`,
 * and likewise cost. Carbon is grams by the energy model, and what servers took to be made; without idle power that is
 * the reference's carbon. A server's grams are the term `sum s_j C_j` of the draft of its paper, C_j being what a
 * running server emits. Of the network's energy the half at the origin is left out: no placement changes it.
 */
export function costsOf(problem: PlacementProblem, weights: ObjectiveWeights): Costs {
  return at(costsOfRange([problem], weights), 0);
}

/** The same for several intervals, with one scale: a gram counts the same in each of them. */
export function costsOfRange(problems: readonly PlacementProblem[], weights: ObjectiveWeights): Costs[] {
  const grams = problems.map((problem) => ({
    perRequest: problem.capacity.map((_, index) => gramsOfRequest(problem, index)),
    perServer: problem.capacity.map((region, index) =>
      destinationGrams(region, 1, 0, at(problem.carbonGramsPerKwh, index)),
    ),
  }));
  const carbon = ratio(weights.carbon, gramsScaleOf(problems));
  const latency = ratio(
    weights.latency,
    sum(
      problems.flatMap(({ requestsPerSecond, latencyMs }) =>
        requestsPerSecond.map((requests, origin) => requests * Math.max(...at(latencyMs, origin))),
      ),
    ),
  );
  const capacities = problems.flatMap(({ capacity }) => capacity);
  const servers = ratio(weights.servers, sum(capacities.map(({ maxServers }) => maxServers)));
  const cost = ratio(
    weights.cost,
    sum(capacities.map(({ maxServers, pricePerServerHour }) => maxServers * pricePerServerHour)),
  );
  return problems.map(({ capacity, latencyMs }, interval) => {
    const { perRequest, perServer } = at(grams, interval);
    return {
      originsAlike: latency === 0,
      perRequest: (origin, destination) =>
        carbon * at(perRequest, destination) + latency * at(at(latencyMs, origin), destination),
      perServer: (destination) =>
        carbon * at(perServer, destination) + servers + cost * at(capacity, destination).pricePerServerHour,
    };
  });
}

/** The most grams possible: every request of the intervals served by full servers in the dirtiest region and interval. */
export function gramsScaleOf(problems: readonly PlacementProblem[]): number {
  const dirtiest = Math.max(
    ...problems.flatMap((problem) =>
      problem.capacity.map((region, index) => {
        const { requestsPerServer } = region;
        const gramsPerKwh = at(problem.carbonGramsPerKwh, index);
        return (
          destinationGrams(region, 1, requestsPerServer, gramsPerKwh) / requestsPerServer +
          (networkKwh(problem, 1) / 2) * gramsPerKwh
        );
      }),
    ),
  );
  return dirtiest * sum(problems.flatMap(({ requestsPerSecond }) => requestsPerSecond));
}

/** 0 where the scale is 0: without requests, power or prices a part is 0 for every decision, and must not become NaN. */
function ratio(weight: number, scale: number): number {
  return scale > 0 ? weight / scale : 0;
}

/** The objective of a decision. */
export function objectiveOf(costs: Costs, { servers, requests }: Decision): number {
  return (
    sum(
      requests.flatMap((row, origin) =>
        row.map((count, destination) => (count === 0 ? 0 : count * costs.perRequest(origin, destination))),
      ),
    ) + sum(servers.map((count, destination) => (count === 0 ? 0 : count * costs.perServer(destination))))
  );
}
