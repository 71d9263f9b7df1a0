import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Pod } from '@kubernetes/client-node';
import { cpuLimitMillicores } from '../../cluster/pods';
import { partsOf } from '../../stack/capacity';
import { Cluster, leavesFirst } from './cluster';
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

/** The CPU limit that the pods have, in millicores: the planned one where each has its part, else another; 0 without pods. */
export async function readPods(inputs: PodCpuInputs, cancel: AbortSignal): Promise<number> {
  const running = await new Cluster(inputs, cancel).runningPods();
  const limits = running.map((pod) => cpuLimitMillicores(pod, inputs.container) ?? 0).sort((a, b) => b - a);
  const sum = limits.reduce((total, limit) => total + limit, 0);
  if (sum !== inputs.limitMillicores) return sum;
  const planned = partsOf(inputs.limitMillicores, inputs.pods);
  const alike = limits.length === planned.length && limits.every((limit, index) => limit === planned[index]);
  // The same in all, but not in the planned parts: any number that is not the plan's has them divided anew.
  return alike ? sum : (limits[0] ?? 0);
}

async function resize(cluster: Cluster, inputs: PodCpuInputs, cancel: AbortSignal): Promise<void> {
  const { container, timeoutSeconds, instance } = inputs;
  const limits = partsOf(inputs.limitMillicores, inputs.pods);
  const requests = partsOf(inputs.requestMillicores, inputs.pods);
  const asked = new Set<string>();
  const timeLeft = timer(timeoutSeconds);
  for (;;) {
    const { staying, leaving } = choose(await cluster.runningPods(), inputs.pods);
    for (const pod of leaving) if (!leavesFirst(pod)) await cluster.setLeavesFirst(nameOf(pod), true);
    for (const [index, pod] of staying.entries()) {
      if (leavesFirst(pod)) await cluster.setLeavesFirst(nameOf(pod), false);
      const part = {
        limitMillicores: limits[index] ?? 1,
        requestMillicores: Math.max(requests[index] ?? 1, 1),
      };
      const ask = `${nameOf(pod)} ${part.limitMillicores}`;
      if (!asked.has(ask)) await cluster.resizePod(nameOf(pod), part);
      asked.add(ask);
    }
    const conditions = staying.flatMap(({ status }) => status?.conditions ?? []);
    const refused = conditions.find(
      ({ type, reason }) => type === 'PodResizePending' && reason === 'Infeasible',
    );
    if (refused)
      throw new ResizeRefusedError(`the kubelet refuses to resize ${instance}: ${refused.message ?? ''}`);
    const done = staying.every((pod, index) => cpuLimitMillicores(pod, container) === limits[index]);
    if (done && staying.length === inputs.pods) return;
    if (!timeLeft()) throw new ResizeRefusedError(lateMessage(inputs, staying));
    await sleep(resizePollMs, undefined, { signal: cancel });
  }
}

/**
 * Which pods have the CPU where there are more. What an earlier change has marked to go still goes first; then the
 * oldest, for one that a rollout has replaced may still run; of one age the last by name. Pure.
 */
export function choose(
  running: readonly V1Pod[],
  count: number,
): { readonly staying: readonly V1Pod[]; readonly leaving: readonly V1Pod[] } {
  const ordered = [...running].sort(
    (a, b) =>
      Number(leavesFirst(a)) - Number(leavesFirst(b)) ||
      madeMs(b) - madeMs(a) ||
      (nameOf(a) < nameOf(b) ? -1 : 1),
  );
  return { staying: ordered.slice(0, count), leaving: ordered.slice(count) };
}

function madeMs({ metadata }: V1Pod): number {
  return metadata?.creationTimestamp?.getTime() ?? 0;
}

function nameOf({ metadata }: V1Pod): string {
  return metadata?.name ?? '';
}

function lateMessage(
  { instance, timeoutSeconds, pods: count }: PodCpuInputs,
  pods: readonly V1Pod[],
): string {
  if (pods.length === 0) return `no pod of ${instance} runs`;
  if (pods.length < count)
    return `${pods.length} of ${count} pods of ${instance} run after ${timeoutSeconds} s`;
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
