import type { V1Pod } from '@kubernetes/client-node';

/** Ready, and not on its way out. */
export function serves(pod: V1Pod): boolean {
  const ready =
    pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
  return ready && pod.metadata?.deletionTimestamp === undefined;
}

/** CPU limit of a container in millicores, as the kubelet reports that it has set it; undefined where it reports none. */
export function cpuLimitMillicores(pod: V1Pod, container: string): number | undefined {
  const status = pod.status?.containerStatuses?.find(({ name }) => name === container);
  const limit = status?.resources?.limits?.['cpu'];
  return limit === undefined ? undefined : millicoresOf(limit);
}

/** A CPU quantity of the API: `281m`, or `1` for a whole core. */
function millicoresOf(quantity: string): number {
  return quantity.endsWith('m') ? Number(quantity.slice(0, -1)) : Number(quantity) * 1000;
}
