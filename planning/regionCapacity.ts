import type { CapacityConfig } from '../config';
import type { RegionCapacity } from '../policies/problem';

/**
 * What the reference does not model, so that its results come out: no idle power, no losses, no price; and 1 W a
 * request/s, so that grams of one hour are its requests/s times gCO2e/kWh, divided by 1000.
 */
const dynamicWattsPerRequest = 1;

/** The same capacity in every region, as the reference has it. */
export function uniformCapacity(
  regions: readonly string[],
  {
    requestsPerServer,
    maxServersPerRegion,
  }: Pick<CapacityConfig, 'requestsPerServer' | 'maxServersPerRegion'>,
): RegionCapacity[] {
  return regions.map(() => ({
    minServers: 0,
    maxServers: maxServersPerRegion,
    requestsPerServer,
    idleWatts: 0,
    dynamicWatts: dynamicWattsPerRequest * requestsPerServer,
    pue: 1,
    pricePerServerHour: 0,
  }));
}
