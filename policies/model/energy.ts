import type { RegionCapacity } from '../problem';

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
