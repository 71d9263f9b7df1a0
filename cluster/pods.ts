import type { V1Pod, V1PodSpec } from '@kubernetes/client-node';

/** Ready, and not on its way out. */
export function serves(pod: V1Pod): boolean {
  const ready =
    pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
  return ready && pod.metadata?.deletionTimestamp === undefined;
}

/** Started, whether it is ready or not, and not on its way out. */
export function runs({ metadata, status }: V1Pod): boolean {
  return metadata?.deletionTimestamp === undefined && status?.phase === 'Running';
}

/** CPU limit of a container in millicores, as the kubelet reports that it has set it; undefined where it reports none. */
export function cpuLimitMillicores(pod: V1Pod, container: string): number | undefined {
  const status = pod.status?.containerStatuses?.find(({ name }) => name === container);
  const limit = status?.resources?.limits?.['cpu'];
  return limit === undefined ? undefined : millicoresOf(limit);
}

/** CPU limit of a container in millicores, as its pod or a template asks for it; undefined where it has none. */
export function wantedCpuMillicores(spec: V1PodSpec | undefined, container: string): number | undefined {
  const limit = spec?.containers.find(({ name }) => name === container)?.resources?.limits?.['cpu'];
  return limit === undefined ? undefined : millicoresOf(limit);
}

/**
 * CPU limit in force in millicores, null for none: as the kubelet reports that it has set it, and in a Kubernetes whose
 * kubelet reports no resources (before 1.33) as the pod was made with, which cannot change there.
 */
export function limitInForceMillicores(pod: V1Pod, container: string): number | null {
  const status = pod.status?.containerStatuses?.find(({ name }) => name === container);
  const limit = status?.resources
    ? cpuLimitMillicores(pod, container)
    : wantedCpuMillicores(pod.spec, container);
  return limit ?? null;
}

/** A CPU quantity of the API in millicores: `281m`, `1` for a whole core, `1k` for a thousand, `500u` for half of 1m. */
export function millicoresOf(quantity: string): number {
  const [, number, unit = ''] = /^(.*?)([numk]?)$/.exec(quantity) ?? [];
  return Number(number) * (millicoresIn[unit] ?? NaN);
}

const millicoresIn: Readonly<Record<string, number>> = { n: 1e-6, u: 1e-3, m: 1, '': 1e3, k: 1e6 };
