import type { RegionCapacity } from '../problem';

/**
 * Energy of one hour in kWh: PUE * (idle power of every server + a slope in proportion to their load), the linear
 * power model of the literature.
 * @param loadRequestsPerSecond what these servers serve
 */
export function energyKwh(
  { idleWatts, dynamicWatts, pue, requestsPerServer }: RegionCapacity,
  servers: number,
  loadRequestsPerSecond: number,
): number {
  return (pue * (idleWatts * servers + (dynamicWatts * loadRequestsPerSecond) / requestsPerServer)) / 1000;
}
