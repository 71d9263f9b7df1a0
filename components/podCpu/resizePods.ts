import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Pod } from '@kubernetes/client-node';
import { cpuLimitMillicores } from '../../cluster/pods';
import { Cluster } from './cluster';
import type { PodCpuInputs } from './inputs';

/** A resize that the kubelet refuses, or puts off for longer than the bound. */
class ResizeRefusedError extends Error {}

/** How often to look whether the kubelet is done, and whether pods have been replaced, in milliseconds. */
const resizePollMs = 100;
const replacePollMs = 200;

/**
 * Brings every running pod of a Deployment to its CPU, and waits until the kubelet has done it. Where that is refused
 * or put off for too long, the Deployment's pods are replaced, one by one as it rolls, and the new ones resized.
 * @returns why the pods were replaced; empty when they were resized in place
 * @throws Error when the API server does not answer, when replacing takes longer than the bound, and on `cancel`
 */
export async function resizePods(inputs: PodCpuInputs, cancel: AbortSignal): Promise<string> {
  const cluster = new Cluster(inputs, cancel);
  try {
    await resize(cluster, inputs, cancel);
    return '';
  } catch (error) {
    if (!(error instanceof ResizeRefusedError)) throw error;
    await replacePods(cluster, inputs, cancel);
    await resize(cluster, inputs, cancel);
    return `${error.message}; the pods were replaced`;
  }
}

/** The CPU limit that the pods have, in millicores: the planned one where all have it, else one that differs; 0 without pods. */
export async function readPods(inputs: PodCpuInputs, cancel: AbortSignal): Promise<number> {
  const pods = await new Cluster(inputs, cancel).runningPods();
  const limits = pods.map((pod) => cpuLimitMillicores(pod, inputs.container) ?? 0);
  return limits.find((limit) => limit !== inputs.limitMillicores) ?? limits[0] ?? 0;
}

async function resize(cluster: Cluster, inputs: PodCpuInputs, cancel: AbortSignal): Promise<void> {
  const { container, limitMillicores, timeoutSeconds, instance } = inputs;
  const asked = new Set<string>();
  const timeLeft = timer(timeoutSeconds);
  for (;;) {
    const pods = await cluster.runningPods();
    for (const { metadata } of pods) {
      const name = metadata?.name ?? '';
      if (!asked.has(name)) await cluster.resizePod(name);
      asked.add(name);
    }
    const conditions = pods.flatMap(({ status }) => status?.conditions ?? []);
    const refused = conditions.find(
      ({ type, reason }) => type === 'PodResizePending' && reason === 'Infeasible',
    );
    if (refused)
      throw new ResizeRefusedError(`the kubelet refuses to resize ${instance}: ${refused.message ?? ''}`);
    if (pods.length > 0 && pods.every((pod) => cpuLimitMillicores(pod, container) === limitMillicores))
      return;
    if (!timeLeft()) throw new ResizeRefusedError(lateMessage(inputs, pods));
    await sleep(resizePollMs, undefined, { signal: cancel });
  }
}

function lateMessage({ instance, timeoutSeconds }: PodCpuInputs, pods: readonly V1Pod[]): string {
  if (pods.length === 0) return `no pod of ${instance} runs`;
  const why = pods
    .flatMap(({ status }) => status?.conditions ?? [])
    .find(({ type }) => type.startsWith('PodResize'));
  return `${instance} was not resized within ${timeoutSeconds} s: ${why?.message ?? why?.reason ?? 'the kubelet gives no reason'}`;
}

async function replacePods(cluster: Cluster, inputs: PodCpuInputs, cancel: AbortSignal): Promise<void> {
  const generation = await cluster.restartDeployment();
  const timeLeft = timer(inputs.timeoutSeconds);
  for (;;) {
    const { status, spec } = await cluster.deployment();
    const wanted = spec?.replicas ?? 1;
    const current = (status?.observedGeneration ?? 0) >= generation;
    if (
      current &&
      status?.updatedReplicas === wanted &&
      status.replicas === wanted &&
      status.availableReplicas === wanted
    )
      return;
    if (!timeLeft())
      throw new Error(
        `the pods of ${inputs.instance} were not replaced within ${inputs.timeoutSeconds} s: ` +
          `${status?.availableReplicas ?? 0} of ${wanted} new ones are available; \`kubectl describe\` them`,
      );
    await sleep(replacePollMs, undefined, { signal: cancel });
  }
}

/** Whether there is time left of some seconds from now; setting the machine's clock does not change it. */
function timer(seconds: number): () => boolean {
  const end = performance.now() + seconds * 1000;
  return () => performance.now() < end;
}
