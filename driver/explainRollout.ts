import type {
  CoreV1Event,
  KubeConfig,
  V1ContainerStatus,
  V1Deployment,
  V1Pod,
} from '@kubernetes/client-node';
import { AppsV1Api, CoreV1Api } from '../cluster/client';
import { within } from '../cluster/connection';
import { serves } from '../cluster/pods';
import { listOfRegions, regionOfDeployment, regionOfPod } from '../cluster/regionPods';
import type { Deployments } from '../stack/deployments';

/** The objects of a namespace that tell why a rollout does not end. */
export interface RolloutObjects {
  readonly pods: readonly V1Pod[];
  readonly deployments: readonly V1Deployment[];
  readonly events: readonly CoreV1Event[];
}

/**
 * Asks why pods are not ready, region by region: Pulumi's message names the object and not the reason.
 * @returns a line for each reason; one that says so where the API server does not tell within some seconds
 */
export async function explainRollout(
  kubeConfig: KubeConfig,
  config: Deployments,
  withinMs = 5000,
): Promise<string[]> {
  const list = listOfRegions(config);
  const { namespace } = list;
  const core = kubeConfig.makeApiClient(CoreV1Api);
  const apps = kubeConfig.makeApiClient(AppsV1Api);
  try {
    const [pods, deployments, events] = await Promise.all([
      core.listNamespacedPod(list, within(withinMs)),
      apps.listNamespacedDeployment(list, within(withinMs)),
      core.listNamespacedEvent({ namespace, fieldSelector: 'type=Warning', limit: 1000 }, within(withinMs)),
    ]);
    const found = { pods: pods.items, deployments: deployments.items, events: events.items };
    return rolloutReasons(found, config);
  } catch (error) {
    return [`the API server does not tell about the pods: ${error instanceof Error ? error.message : ''}`];
  }
}

/** Why pods are not ready, each reason once, as in "us-east-1: pod x: ErrImagePull: ..."; pure. */
export function rolloutReasons({ pods, deployments, events }: RolloutObjects, config: Deployments): string[] {
  const ofPods = pods.flatMap((pod) => {
    const region = regionOfPod(pod, config);
    if (region === undefined || pod.metadata?.deletionTimestamp !== undefined || serves(pod)) return [];
    const own = events.filter(({ involvedObject }) => involvedObject.uid === pod.metadata?.uid);
    return [`${region}: pod ${pod.metadata?.name ?? ''}: ${podReason(pod, own)}`];
  });
  // A pod that may not even be made: a quota, an admission rule.
  const ofDeployments = deployments.flatMap((deployment) => {
    const region = regionOfDeployment(deployment, config);
    if (region === undefined) return [];
    return (deployment.status?.conditions ?? [])
      .filter(({ type, status }) => type === 'ReplicaFailure' && status === 'True')
      .map(({ reason, message }) => `${region}: ${reason ?? ''}: ${message ?? ''}`);
  });
  return [...new Set([...ofDeployments, ...ofPods])].sort();
}

/** The first that applies, from what comes first in a pod's life. */
function podReason({ status }: V1Pod, events: readonly CoreV1Event[]): string {
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status === 'False') {
    return `${scheduled.reason ?? 'not scheduled'}: ${scheduled.message ?? ''}`;
  }
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  for (const container of containers) {
    const reason = crashReason(container) ?? waitingReason(container, events);
    if (reason !== undefined) return reason;
  }
  if (status?.phase === 'Failed') return `${status.reason ?? 'failed'}: ${status.message ?? ''}`;
  // Without a sandbox, a volume or an answer to its probe a container waits with a reason that says nothing.
  const event = latest(events);
  return event
    ? `${event.reason ?? ''}: ${event.message ?? ''}`
    : 'not ready, and neither its status nor an event says why';
}

/** Of a container that has ended, at least once. */
function crashReason({ state, lastState, restartCount }: V1ContainerStatus): string | undefined {
  const ended = state?.terminated ?? (state?.waiting ? lastState?.terminated : undefined);
  if (!ended || (ended.exitCode === 0 && !state?.waiting)) return undefined;
  const { exitCode, reason, message } = ended;
  const times = restartCount === 1 ? 'once' : `${restartCount} times`;
  return (
    `${state?.waiting?.reason ?? 'the container ended'}: its last exit code is ${exitCode}` +
    `${reason === undefined ? '' : ` (${reason})`}, restarted ${times}${message === undefined ? '' : `: ${message.trim()}`}`
  );
}

const saysNothing = new Set(['ContainerCreating', 'PodInitializing']);

/** Of a container that has not started; the event of a pull says more than the pause before the next one. */
function waitingReason({ state }: V1ContainerStatus, events: readonly CoreV1Event[]): string | undefined {
  const waiting = state?.waiting;
  if (waiting?.reason === undefined || saysNothing.has(waiting.reason)) return undefined;
  const { reason, message } = waiting;
  const pull = latest(events.filter((event) => event.message?.startsWith('Failed to pull image') === true));
  return `${reason}: ${reason === 'ImagePullBackOff' && pull ? (pull.message ?? '') : (message ?? '')}`;
}

function latest(events: readonly CoreV1Event[]): CoreV1Event | undefined {
  const at = ({ lastTimestamp, eventTime, metadata }: CoreV1Event): number =>
    (lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? new Date(0)).getTime();
  return [...events].sort((one, other) => at(one) - at(other)).at(-1);
}
