import type { PlacementProblem, RegionCapacity } from '../problem';
import { at, sum } from './matrix';

/**
 * Energy of one hour in kWh, by the linear power model: PUE * (idle power of every server + power in proportion to
 * their load).
 * @param loadRequestsPerSecond requests/s that these servers serve
 */
export function energyKwh(
  { idleWatts, dynamicWatts, pue, requestsPerServer }: RegionCapacity,
  servers: number,
  loadRequestsPerSecond: number,
): number {
  return (pue * (idleWatts * servers + (dynamicWatts * loadRequestsPerSecond) / requestsPerServer)) / 1000;
}

/** gCO2e of one hour at a destination: its energy by the intensity of its grid, and what its servers took to be made. */
export function destinationGrams(
  region: RegionCapacity,
  servers: number,
  loadRequestsPerSecond: number,
  gramsPerKwh: number,
): number {
  return (
    energyKwh(region, servers, loadRequestsPerSecond) * gramsPerKwh +
    region.embodiedGramsPerServerHour * servers
  );
}

/** Energy of the network in one hour in kWh, of requests wherever they go. */
export function networkKwh(
  { networkJoulesPerRequest = 0 }: Pick<PlacementProblem, 'networkJoulesPerRequest'>,
  requestsPerSecond: number,
): number {
  return (networkJoulesPerRequest * requestsPerSecond) / 1000;
}

/**
 * gCO2e that one request/s more emits in an hour for being served at a destination: by the power in proportion to load,
 * as idle power does not depend on who sends the requests, and by the half of the network's energy that is counted
 * there.
 */
export function gramsOfRequest(
  problem: Pick<PlacementProblem, 'capacity' | 'carbonGramsPerKwh' | 'networkJoulesPerRequest'>,
  destination: number,
): number {
  const gramsPerKwh = at(problem.carbonGramsPerKwh, destination);
  return (
    destinationGrams(at(problem.capacity, destination), 0, 1, gramsPerKwh) +
    (networkKwh(problem, 1) / 2) * gramsPerKwh
  );
}

/** gCO2e of one hour of all requests on their way, [origin][destination]. */
export function networkGrams(
  problem: Pick<PlacementProblem, 'networkJoulesPerRequest' | 'carbonGramsPerKwh'>,
  requests: readonly (readonly number[])[],
): number {
  if (problem.networkJoulesPerRequest === undefined) return 0;
  const halfAt = (region: number, count: number): number =>
    (networkKwh(problem, count) * at(problem.carbonGramsPerKwh, region)) / 2;
  return sum(
    requests.flatMap((row, origin) =>
      row.map((count, destination) => halfAt(origin, count) + halfAt(destination, count)),
    ),
  );
}
