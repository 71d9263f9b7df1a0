import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeConfig, V1Pod } from '@kubernetes/client-node';
import { CoreV1Api } from '../../cluster/client';
import { within } from '../../cluster/connection';
import { withRights } from '../../cluster/refusal';
import { limitInForceMillicores, serves } from '../../cluster/pods';
import { listOfRegions, regionOfPod } from '../../cluster/regionPods';
import { isUnknown, type Unknown } from '../../observe/unknown';
import { capacityOf, limitMillicoresOf, partsOf, podsOf } from '../../stack/capacity';
import { containerOf } from '../../stack/deployments';
import type { StackConfig } from '../../stack/stackConfig';
import { readQuota, type CpuQuota } from './cgroupQuota';
import { unfinishedRollouts } from './rollouts';

/** Whether the pods of one region run as the plan says. */
export interface RegionVerification {
  readonly region: string;
  readonly plannedCpuMillicores: number;
  /** Ready pods that are not on their way out. */
  readonly pods: readonly PodVerification[];
  /** Whether the plan leaves the region out because it is lost: what runs there is then no fault. */
  readonly leftOut: boolean;
  readonly ok: boolean;
  /** What is wrong, for people; null when nothing is. */
  readonly fault: string | null;
}

export interface PodVerification {
  readonly name: string;
  /** CPU limit that the kubelet reports as set; null for none. */
  readonly limitMillicores: number | null;
  /** The same as the kernel enforces it in the pod's cgroup: a second proof, where it can be had. */
  readonly quota: CpuQuota | Unknown;
}

/** kubelet never writes a smaller quota (minQuotaPeriod in its cm package): that of 10m in a period of 100 ms. */
const smallestQuotaMicros = 1000;
const smallestMillicores = 10;

/** A pod that was replaced is ready until the controller removes it, a moment after Pulumi has seen the rollout end. */
const surplusGoesWithinMs = 5000;
const surplusPollMs = 200;

/**
 * Compares every region's CPU as the kubelet reports it, and as the kernel enforces it, with the stack config's plan.
 * @throws what the API server answers; a region that differs is a result, not an error
 */
export async function verifyLive(kubeConfig: KubeConfig, config: StackConfig): Promise<RegionVerification[]> {
  const { namespace } = config.service;
  const pods = await settledPods(kubeConfig, config);
  const rollouts = await unfinishedRollouts(kubeConfig, config);
  const inspect = async (pod: V1Pod, container: string): Promise<PodVerification> => {
    const name = pod.metadata?.name ?? '';
    return {
      name,
      limitMillicores: limitInForceMillicores(pod, container),
      quota: await readQuota(kubeConfig, { namespace, pod: name, container }),
    };
  };
  return Promise.all(
    config.regions.map(async ({ name: region }) => {
      const container = containerOf(config, region);
      const leftOut = config.plan.without?.includes(region) ?? false;
      // A command in a pod of a lost region would be waited for in vain.
      const own = leftOut
        ? []
        : await Promise.all((pods.get(region) ?? []).map((pod) => inspect(pod, container)));
      const planned = limitMillicoresOf(config.plan, region);
      const compared = compare(region, planned, own, podsOf(planned, capacityOf(config, region)));
      const fault = compared.fault ?? rollouts.get(region) ?? null;
      return { ...compared, ok: fault === null, fault, leftOut };
    }),
  );
}

/** The ready pods of every region; where one has more than planned, as they are some seconds later. */
async function settledPods(
  kubeConfig: KubeConfig,
  config: StackConfig,
): Promise<ReadonlyMap<string, V1Pod[]>> {
  const core = kubeConfig.makeApiClient(CoreV1Api);
  const ours = listOfRegions(config);
  const end = performance.now() + surplusGoesWithinMs;
  for (;;) {
    const { items } = await withRights(core.listNamespacedPod(ours, within(10_000)));
    const pods = Map.groupBy(items.filter(serves), (pod) => regionOfPod(pod, config) ?? '');
    const surplus = [...pods].some(
      ([region, ready]) =>
        region !== '' &&
        ready.length > podsOf(limitMillicoresOf(config.plan, region), capacityOf(config, region)),
    );
    if (!surplus || performance.now() > end) return pods;
    await sleep(surplusPollMs);
  }
}

/**
 * Compares what runs with what is planned; pure.
 * @param wanted pods that share the CPU: in whole millicores, of which a rollout gives each as many as the one with most
 */
export function compare(
  region: string,
  plannedCpuMillicores: number,
  pods: readonly PodVerification[],
  wanted: number,
): Omit<RegionVerification, 'leftOut'> {
  const parts = partsOf(plannedCpuMillicores, wanted);
  const inOrder = [...pods].sort((a, b) => (b.limitMillicores ?? 0) - (a.limitMillicores ?? 0));
  const fault =
    pods.length === wanted
      ? (inOrder
          .map((pod, index) => podFault(pod, parts[index] ?? 0, parts[0] ?? 0))
          .find((found) => found !== null) ?? null)
      : `${pods.length} ready pods, expected ${wanted}`;
  return { region, plannedCpuMillicores, pods, ok: fault === null, fault };
}

function podFault(pod: PodVerification, part: number, largestPart: number): string | null {
  const planned = pod.limitMillicores === largestPart ? largestPart : part;
  return limitFault(pod, planned) ?? quotaFault(pod, planned);
}

function limitFault({ name, limitMillicores }: PodVerification, planned: number): string | null {
  if (limitMillicores === null) return `${name} has no CPU limit`;
  // Below its smallest quota a kubelet reports what was asked for, or what it has set instead.
  const same =
    limitMillicores === planned || (planned < smallestMillicores && limitMillicores === smallestMillicores);
  return same ? null : `${name} has a CPU limit of ${limitMillicores}m, expected ${planned}m`;
}

function quotaFault({ name, quota }: PodVerification, planned: number): string | null {
  if (isUnknown(quota)) return null;
  const { quotaMicros, periodMicros } = quota;
  if (quotaMicros === null) return `${name} has no CPU limit in its cgroup`;
  const expected = Math.max((planned * periodMicros) / 1000, smallestQuotaMicros);
  // systemd's cgroup driver rounds up to a whole percent of a CPU (runc, CPUQuotaPerSecUSec).
  const percentMicros = periodMicros / 100;
  const roundedUp = Math.ceil(expected / percentMicros) * percentMicros;
  return quotaMicros === expected || quotaMicros === roundedUp
    ? null
    : `${name} may use ${quotaMicros} of every ${periodMicros} us, expected ${expected}`;
}
