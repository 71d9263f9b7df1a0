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

/** Requests/s that a region with such a CPU limit in millicores is believed to carry. */
export function believedRate(
  { requestsPerServer, cpuMillicoresPerServer, epsilonMillicores }: Capacity,
  millicores: number,
): number {
  return (requestsPerServer * (millicores - epsilonMillicores)) / cpuMillicoresPerServer;
}

/** CPU limit of a region with as many servers as it may have, in millicores. */
export function ceilingMillicores(capacity: Capacity): number {
  return cpuMillicoresOf(capacity.maxServers, capacity, true);
}

/** CPU that a region's pods ask for together, in millicores: a share of what their servers have; 1 at least. */
export function requestMillicoresOf(cpuMillicores: number, cpuRequestPercent: number): number {
  return Math.ceil((Math.max(cpuMillicores, 1) * cpuRequestPercent) / 100);
}

/** Pods that a region runs whose CPU limit is so many millicores; none without a limit. */
export function podsOf(
  limitMillicores: number,
  { serversPerPod, cpuMillicoresPerServer, epsilonMillicores }: Capacity,
): number {
  if (limitMillicores === 0) return 0;
  if (serversPerPod === undefined) return 1;
  const servers = Math.floor((limitMillicores - epsilonMillicores) / cpuMillicoresPerServer);
  return Math.max(1, Math.ceil(servers / serversPerPod));
}

/** CPU limit of a pod with as many servers as it may have, in millicores. */
export function podCeilingMillicores(capacity: Capacity): number {
  const { serversPerPod = capacity.maxServers, maxServers } = capacity;
  return cpuMillicoresOf(Math.min(serversPerPod, maxServers), capacity, true);
}

/** Divides millicores among pods: whole ones that add up to the sum, the larger ones first. */
export function partsOf(millicores: number, pods: number): number[] {
  const least = Math.floor(millicores / pods);
  return Array.from({ length: pods }, (_, index) => least + (index < millicores % pods ? 1 : 0));
}

/** CPU limit of a region's pods in a plan, in millicores: what its servers have, and what is held for the loss of another. */
export function limitMillicoresOf({ regions }: Pick<StackPlan, 'regions'>, region: string): number {
  const { cpuMillicores = 0, standbyMillicores = 0 } = regions[region] ?? {};
  return cpuMillicores + standbyMillicores;
}
