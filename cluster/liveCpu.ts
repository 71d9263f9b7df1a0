import type { KubeConfig, V1Deployment, V1Pod } from '@kubernetes/client-node';
import { AppsV1Api, CoreV1Api } from './client';
import { containerOf, patchesDeployments } from '../stack/deployments';
import type { StackConfig } from '../stack/stackConfig';
import { within } from './connection';
import { cpuLimitMillicores, runs, serves, wantedCpuMillicores } from './pods';
import { listOfRegions, regionOfDeployment, regionOfPod } from './regionPods';

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
  config: Pick<StackConfig, 'service' | 'regions'>,
  timeoutMs: number,
): Promise<Readonly<Record<string, LiveCpu>>> {
  const ours = listOfRegions(config);
  const [deployments, pods] = await Promise.all([
    kubeConfig.makeApiClient(AppsV1Api).listNamespacedDeployment(ours, within(timeoutMs)),
    kubeConfig.makeApiClient(CoreV1Api).listNamespacedPod(ours, within(timeoutMs)),
  ]);
  const podsOf = Map.groupBy(pods.items, (pod) => regionOfPod(pod, config));
  // Changed in place, the template of another's Deployment stays as its owner has it, and says nothing of the pods' CPU.
  const byTemplate = !(patchesDeployments(config) && config.service.cpuChange === 'inPlace');
  return Object.fromEntries(
    deployments.items.flatMap((deployment) => {
      const region = regionOfDeployment(deployment, config);
      if (region === undefined) return [];
      const live = liveCpuOf(deployment, podsOf.get(region) ?? [], containerOf(config, region), byTemplate);
      return [[region, live]];
    }),
  );
}

/**
 * The CPU of one region. A change under way counts as done where it takes CPU away: the controller and the kubelet
 * finish it whatever comes next. Where it gives CPU, it counts once it is there. Pure.
 * @param byTemplate whether the pods come to have the CPU of the Deployment's template
 */
export function liveCpuOf(
  { spec }: V1Deployment,
  pods: readonly V1Pod[],
  container: string,
  byTemplate = true,
): LiveCpu {
  const replicas = spec?.replicas ?? 1;
  const ofTemplate = byTemplate ? wantedCpuMillicores(spec?.template.spec, container) : undefined;
  const coming = replicas === 0 ? 0 : replicas * (ofTemplate ?? Infinity);
  const sumOf = (counted: readonly V1Pod[]): number => {
    const staying = counted
      .map((pod) => cpuOf(pod, container))
      .sort((a, b) => a - b)
      .slice(0, byTemplate ? counted.length : replicas);
    return Math.min(
      coming,
      staying.reduce((sum, millicores) => sum + millicores, 0),
    );
  };
  const ready = pods.filter(serves);
  const running = pods.filter(runs);
  return {
    readyMillicores: sumOf(ready),
    runningMillicores: sumOf(ready.length > 0 ? ready : running),
    pods: replicas,
  };
}

/** The smaller of what a pod has and what it is to have. API servers before 1.33 tell only the latter. */
function cpuOf(pod: V1Pod, container: string): number {
  const wanted = wantedCpuMillicores(pod.spec, container) ?? 0;
  return Math.min(wanted, cpuLimitMillicores(pod, container) ?? wanted);
}
