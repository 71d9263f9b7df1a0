import { referenceCapacity, type Capacity, type CapacityByRegion } from '../stack/capacity';
import type { RegionCapacity } from '../policies/problem';
import type { RegionRow } from '../traces/readRegions';
import type { Accounting } from './accounting';

/**
 * What the reference does not model, so that its results come out: no idle power, no losses, no price; and 1 W a
 * request/s, so that grams of one hour are its requests/s times gCO2e/kWh, divided by 1000.
 */
const dynamicWattsPerRequest = 1;

/** A region that must have more servers than it may have. */
export class CapacityError extends Error {
  override readonly name = 'CapacityError';
}

/** The reference's capacity in every region, but for what is given. */
export function capacityLikeReference(
  values: Partial<Pick<Capacity, 'requestsPerServer' | 'maxServers'>>,
): CapacityByRegion {
  const capacity = { ...referenceCapacity, ...values };
  return () => capacity;
}

/** The same capacity in every region, as the reference has it. */
export function uniformCapacity(
  regions: readonly string[],
  { requestsPerServer, maxServersPerRegion }: { requestsPerServer: number; maxServersPerRegion: number },
): RegionCapacity[] {
  const uniform = { requestsPerServer, minServers: 0, maxServers: maxServersPerRegion };
  return regionCapacity(regions, () => uniform, new Map());
}

/**
 * What each region holds and what a server there takes.
 * @param capacityOf what a region holds, where its row does not say otherwise
 * @param accounting what a server takes, where its row does not say otherwise; the reference's when absent
 * @throws CapacityError when a region's fewest servers are more than its most
 */
export function regionCapacity(
  regions: readonly string[],
  capacityOf: (region: string) => Pick<Capacity, 'requestsPerServer' | 'minServers' | 'maxServers'>,
  rows: ReadonlyMap<string, RegionRow>,
  accounting: Accounting = {},
): RegionCapacity[] {
  return regions.map((region) => {
    const row = rows.get(region) ?? {};
    const own = capacityOf(region);
    const perServer = row.requestsPerServer ?? own.requestsPerServer;
    const capacity = {
      minServers: row.minServers ?? own.minServers,
      maxServers: row.maxServers ?? own.maxServers,
      requestsPerServer: perServer,
      idleWatts: row.idleWatts ?? accounting.idleWatts ?? 0,
      dynamicWatts: row.dynamicWatts ?? accounting.dynamicWatts ?? dynamicWattsPerRequest * perServer,
      pue: row.pue ?? accounting.pue ?? 1,
      embodiedGramsPerServerHour:
        row.embodiedGramsPerServerHour ?? accounting.embodiedGramsPerServerHour ?? 0,
      pricePerServerHour: row.pricePerServerHour ?? 0,
    };
    if (capacity.minServers > capacity.maxServers) {
      throw new CapacityError(
        `${region} must have at least ${capacity.minServers} servers and may have at most ${capacity.maxServers}; ` +
          'raise --max-servers (with a stack: maxServers in casper:capacity; in a study: servers) or lower min_servers',
      );
    }
    return capacity;
  });
}

/**
 * Whether an origin's requests may be served at a destination, [origin][destination]; undefined when all may.
 * @param without regions that are lost
 */
export function allowedDestinations(
  regions: readonly string[],
  rows: ReadonlyMap<string, RegionRow>,
  without: readonly string[] = [],
): boolean[][] | undefined {
  if (without.length === 0 && ![...rows.values()].some(({ destinations }) => destinations)) return undefined;
  return regions.map((origin) => {
    const destinations = rows.get(origin)?.destinations;
    return regions.map((region) => !without.includes(region) && (destinations?.includes(region) ?? true));
  });
}
