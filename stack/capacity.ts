import type { Capacity, StackConfig, StackPlan } from './schema';

export { referenceCapacity, type Capacity } from './schema';

/** What each region holds, by its name. */
export type CapacityByRegion = (region: string) => Capacity;

/** What a region of a stack holds: its own capacity over that of all regions. The one truth of capacity. */
export function capacityOf(
  { capacity, regions }: Pick<StackConfig, 'capacity' | 'regions'>,
  region: string,
): Capacity {
  return { ...capacity, ...regions.find(({ name }) => name === region)?.capacity };
}

/** CPU limit of a region with so many servers, in millicores; 0 means that no pod runs there. */
export function cpuMillicoresOf(servers: number, capacity: Capacity, keepWarm: boolean): number {
  if (servers === 0 && !keepWarm) return 0;
  return capacity.cpuMillicoresPerServer * servers + capacity.epsilonMillicores;
}

/** CPU limit of a region with as many servers as it may have, in millicores. */
export function ceilingMillicores(capacity: Capacity): number {
  return cpuMillicoresOf(capacity.maxServers, capacity, true);
}

/** CPU limit of a region's pods in a plan, in millicores: what its servers have, and what is held for the loss of another. */
export function limitMillicoresOf({ regions }: Pick<StackPlan, 'regions'>, region: string): number {
  const { cpuMillicores = 0, standbyMillicores = 0 } = regions[region] ?? {};
  return cpuMillicores + standbyMillicores;
}
