import type { KubeConfig, V1Deployment, V1Pod } from '@kubernetes/client-node';
import { AppsV1Api, CoreV1Api } from './client';
import { allRegionsSelector, containerName, regionLabel } from '../stack/naming';
import { within } from './connection';
import { cpuLimitMillicores, serves, wantedCpuMillicores } from './pods';

/** CPU that a region has, in millicores. */
export interface LiveCpu {
  /** Of pods that are ready. */
  readonly readyMillicores: number;
  /** Of pods that are ready; where none is, of those that run: a pod that is overloaded may fail its probe for a while. */
  readonly runningMillicores: number;
  /** Pods that its Deployment asks for. */
  readonly pods: number;
}

/**
 * Asks the API server what CPU every region has, by name; a region that is not named has none.
 * @throws what the API server answers, or an AbortError after `timeoutMs`
 */
export async function readLiveCpu(
  kubeConfig: KubeConfig,
  namespace: string,
  timeoutMs: number,
): Promise<Readonly<Record<string, LiveCpu>>> {
  const ours = { namespace, labelSelector: allRegionsSelector };
  const [deployments, pods] = await Promise.all([
    kubeConfig.makeApiClient(AppsV1Api).listNamespacedDeployment(ours, within(timeoutMs)),
    kubeConfig.makeApiClient(CoreV1Api).listNamespacedPod(ours, within(timeoutMs)),
  ]);
  const podsOf = Map.groupBy(pods.items, ({ metadata }) => metadata?.labels?.[regionLabel] ?? '');
  return Object.fromEntries(
    deployments.items.map((deployment) => {
      const region = deployment.metadata?.labels?.[regionLabel] ?? '';
      return [region, liveCpuOf(deployment, podsOf.get(region) ?? [])];
    }),
  );
}

/**
 * The CPU of one region. A change under way counts as done where it takes CPU away: the controller and the kubelet
 * finish it whatever comes next. Where it gives CPU, it counts once it is there. Pure.
 */
export function liveCpuOf({ spec }: V1Deployment, pods: readonly V1Pod[]): LiveCpu {
  const coming =
    (spec?.replicas ?? 1) * (wantedCpuMillicores(spec?.template.spec, containerName) ?? Infinity);
  const sumOf = (counted: readonly V1Pod[]): number =>
    Math.min(
      coming,
      counted.reduce((sum, pod) => sum + cpuOf(pod), 0),
    );
  const ready = pods.filter(serves);
  const running = pods.filter(
    ({ metadata, status }) => metadata?.deletionTimestamp === undefined && status?.phase === 'Running',
  );
  return {
    readyMillicores: sumOf(ready),
    runningMillicores: sumOf(ready.length > 0 ? ready : running),
    pods: spec?.replicas ?? 1,
  };
}

/** The smaller of what a pod has and what it is to have. API servers before 1.33 tell only the latter. */
function cpuOf(pod: V1Pod): number {
  const wanted = wantedCpuMillicores(pod.spec, containerName) ?? 0;
  return Math.min(wanted, cpuLimitMillicores(pod, containerName) ?? wanted);
}
