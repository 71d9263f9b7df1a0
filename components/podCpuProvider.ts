import { setTimeout as sleep } from 'node:timers/promises';
import {
  AppsV1Api,
  CoreV1Api,
  KubeConfig,
  PatchStrategy,
  setHeaderOptions,
  type V1Pod,
} from '@kubernetes/client-node';
import { cpuLimitMillicores } from '../cluster/pods';

/**
 * What a PodCpu resource does: pods' CPU through the `resize` subresource, which no Deployment can ask for.
 * Pulumi's dynamic provider loads this module by its path.
 */

/** Names what runs, and the CPU that it should have. */
export interface PodCpuInputs {
  readonly context: string;
  readonly kubeconfig: string | undefined;
  readonly namespace: string;
  /** Name of the Deployment, and its pods' value of the label app.kubernetes.io/instance. */
  readonly deployment: string;
  readonly instance: string;
  readonly container: string;
  readonly limitMillicores: number;
  readonly requestMillicores: number;
  /** How long the kubelet may take, in seconds. */
  readonly timeoutSeconds: number;
}

export interface PodCpuOutputs extends PodCpuInputs {
  /** Why the pods were replaced instead; empty when they were resized in place. */
  readonly fallback: string;
}

/** A resize that the kubelet refuses, or puts off for longer than the bound. */
class ResizeRefusedError extends Error {}

/**
 * Brings every running pod of a Deployment to its CPU, and waits until the kubelet has done it. Where that is refused
 * or put off for too long, the Deployment's pods are replaced, one by one as it rolls, and the new ones resized.
 */
export async function resizePods(inputs: PodCpuInputs): Promise<PodCpuOutputs> {
  const cluster = connect(inputs);
  try {
    await resize(cluster.core, inputs);
    return { ...inputs, fallback: '' };
  } catch (error) {
    if (!(error instanceof ResizeRefusedError)) throw error;
    await replacePods(cluster.apps, inputs);
    await resize(cluster.core, inputs);
    return { ...inputs, fallback: `${error.message}; the pods were replaced` };
  }
}

/** The CPU limit that the pods have, in millicores: the planned one where all have it, else one that differs; 0 without pods. */
export async function readPods(inputs: PodCpuInputs): Promise<number> {
  const limits = (await runningPods(connect(inputs).core, inputs)).map(
    (pod) => cpuLimitMillicores(pod, inputs.container) ?? 0,
  );
  return limits.find((limit) => limit !== inputs.limitMillicores) ?? limits[0] ?? 0;
}

function connect({ kubeconfig, context }: PodCpuInputs): { core: CoreV1Api; apps: AppsV1Api } {
  const kubeConfig = new KubeConfig();
  if (kubeconfig === undefined) kubeConfig.loadFromDefault();
  else kubeConfig.loadFromFile(kubeconfig);
  kubeConfig.setCurrentContext(context);
  return { core: kubeConfig.makeApiClient(CoreV1Api), apps: kubeConfig.makeApiClient(AppsV1Api) };
}

async function resize(core: CoreV1Api, inputs: PodCpuInputs): Promise<void> {
  const { namespace, container, limitMillicores, requestMillicores, timeoutSeconds, instance } = inputs;
  const resources = {
    limits: { cpu: `${limitMillicores}m` },
    requests: { cpu: `${requestMillicores}m` },
  };
  const asked = new Set<string>();
  const deadline = Date.now() + timeoutSeconds * 1000;
  for (;;) {
    const pods = await runningPods(core, inputs);
    for (const pod of pods) {
      const name = pod.metadata?.name ?? '';
      if (asked.has(name)) continue;
      await core.patchNamespacedPodResize(
        { namespace, name, body: { spec: { containers: [{ name: container, resources }] } } },
        setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch),
      );
      asked.add(name);
    }
    const refused = pods
      .flatMap((pod) => pod.status?.conditions ?? [])
      .find(({ type, reason }) => type === 'PodResizePending' && reason === 'Infeasible');
    if (refused)
      throw new ResizeRefusedError(`the kubelet refuses to resize ${instance}: ${refused.message ?? ''}`);
    if (pods.length > 0 && pods.every((pod) => cpuLimitMillicores(pod, container) === limitMillicores))
      return;
    if (Date.now() > deadline) {
      const why = pods
        .flatMap((pod) => pod.status?.conditions ?? [])
        .find(({ type }) => type.startsWith('PodResize'));
      throw new ResizeRefusedError(
        pods.length === 0
          ? `no pod of ${instance} runs`
          : `${instance} was not resized within ${timeoutSeconds} s: ${why?.message ?? why?.reason ?? 'the kubelet gives no reason'}`,
      );
    }
    await sleep(100);
  }
}

async function replacePods(
  apps: AppsV1Api,
  { namespace, deployment, timeoutSeconds, instance }: PodCpuInputs,
): Promise<void> {
  const annotations = { 'kubectl.kubernetes.io/restartedAt': new Date().toISOString() };
  const patched = await apps.patchNamespacedDeployment(
    { namespace, name: deployment, body: { spec: { template: { metadata: { annotations } } } } },
    setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch),
  );
  const deadline = Date.now() + timeoutSeconds * 1000;
  for (;;) {
    const { status, spec } = await apps.readNamespacedDeployment({ namespace, name: deployment });
    const wanted = spec?.replicas ?? 1;
    const current = (status?.observedGeneration ?? 0) >= (patched.metadata?.generation ?? 0);
    if (
      current &&
      status?.updatedReplicas === wanted &&
      status.replicas === wanted &&
      status.availableReplicas === wanted
    )
      return;
    if (Date.now() > deadline)
      throw new Error(`the pods of ${instance} were not replaced within ${timeoutSeconds} s`);
    await sleep(200);
  }
}

async function runningPods(core: CoreV1Api, { namespace, instance }: PodCpuInputs): Promise<V1Pod[]> {
  const { items } = await core.listNamespacedPod({
    namespace,
    labelSelector: `app.kubernetes.io/instance=${instance}`,
  });
  return items.filter(
    ({ metadata, status }) => metadata?.deletionTimestamp === undefined && status?.phase === 'Running',
  );
}
