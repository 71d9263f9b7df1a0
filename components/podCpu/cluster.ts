import type { ConfigurationOptions, V1Deployment, V1Pod } from '@kubernetes/client-node';
import { ApiException, AppsV1Api, CoreV1Api, PatchStrategy, setHeaderOptions } from '../../cluster/client';
import { kubeConfigOf, within } from '../../cluster/connection';
import { runs } from '../../cluster/pods';
import { messageOf } from '../../cluster/refusal';
import { regionLabel } from '../../stack/naming';
import { askAgain, isTimeout } from './askAgain';
import type { PodCpuInputs } from './inputs';

/** A Deployment in its cluster, and its pods. */
export type DeploymentPlace = Pick<
  PodCpuInputs,
  'context' | 'kubeconfig' | 'namespace' | 'deployment' | 'instance' | 'container' | 'labels'
>;

/** Within which the API server must answer a request, in milliseconds. */
const answerWithinMs = 10_000;

/** CPU of one pod. */
export interface PodPart {
  readonly limitMillicores: number;
  readonly requestMillicores: number;
}

/** The ReplicaSet controller takes pods of the lowest cost first, of those that are ready. */
const deletionCost = 'controller.kubernetes.io/pod-deletion-cost';

/** Whether a pod is marked to go before others. */
export function leavesFirst({ metadata }: V1Pod): boolean {
  return Number(metadata?.annotations?.[deletionCost] ?? 0) < 0;
}

/** What casper's plugin asks of the API server. Every method throws an Error that says what was asked, and ends on `cancel`. */
export class Cluster {
  private readonly server: string;
  private readonly core: CoreV1Api;
  private readonly apps: AppsV1Api;

  constructor(
    private readonly inputs: DeploymentPlace,
    private readonly cancel: AbortSignal,
  ) {
    const { context, kubeconfig } = inputs;
    const config = kubeConfigOf({ context, ...(kubeconfig === undefined ? {} : { kubeconfig }) });
    this.server = config.getCurrentCluster()?.server ?? 'no address';
    this.core = config.makeApiClient(CoreV1Api);
    this.apps = config.makeApiClient(AppsV1Api);
  }

  /** The pods that run and stay. */
  async runningPods(): Promise<V1Pod[]> {
    const { namespace, instance, labels = { [regionLabel]: instance } } = this.inputs;
    const labelSelector = Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(',');
    const { items } = await this.ask('listing the pods', (options) =>
      this.core.listNamespacedPod({ namespace, labelSelector }, options),
    );
    return items.filter(runs);
  }

  /** Asks for a pod's CPU; the kubelet does it later. */
  async resizePod(name: string, { limitMillicores, requestMillicores }: PodPart): Promise<void> {
    const { namespace, container } = this.inputs;
    const resources = {
      limits: { cpu: `${limitMillicores}m` },
      requests: { cpu: `${requestMillicores}m` },
    };
    const body = { spec: { containers: [{ name: container, resources }] } };
    await this.ask(`resizing the pod ${name}`, (options) =>
      this.core.patchNamespacedPodResize({ namespace, name, body }, asPatch(options)),
    );
  }

  /** Has the controller take this pod before others, or not, when the Deployment shrinks. */
  async setLeavesFirst(name: string, leavesFirst: boolean): Promise<void> {
    const { namespace } = this.inputs;
    const annotations = { [deletionCost]: leavesFirst ? '-1' : null };
    await this.ask(`marking the pod ${name}`, (options) =>
      this.core.patchNamespacedPod(
        { namespace, name, body: { metadata: { annotations } } },
        asPatch(options),
      ),
    );
  }

  /** @throws Error when there is none */
  async deployment(): Promise<V1Deployment> {
    const { namespace, deployment: name } = this.inputs;
    return await this.ask('reading the Deployment', (options) =>
      this.apps.readNamespacedDeployment({ namespace, name }, options),
    );
  }

  /** Has the pods replaced, as `kubectl rollout restart` does; gives the generation that the Deployment has then. */
  async restartDeployment(): Promise<number> {
    const { namespace, deployment: name } = this.inputs;
    const annotations = { 'kubectl.kubernetes.io/restartedAt': new Date().toISOString() };
    const { metadata } = await this.ask('restarting the Deployment', (options) =>
      this.apps.patchNamespacedDeployment(
        { namespace, name, body: { spec: { template: { metadata: { annotations } } } } },
        asPatch(options),
      ),
    );
    return metadata?.generation ?? 0;
  }

  /** The same, or null where there is none. */
  async deploymentIfThere(): Promise<V1Deployment | null> {
    try {
      return await this.deployment();
    } catch (error) {
      if (codeOf(error) === 404) return null;
      throw error;
    }
  }

  /**
   * Changes some fields of the Deployment as another manager than Pulumi's.
   * @returns null where it is another version than the patch names
   */
  async patchDeployment(body: object, fieldManager: string): Promise<V1Deployment | null> {
    const { namespace, deployment: name } = this.inputs;
    try {
      return await this.ask(
        'changing the Deployment',
        (options) =>
          this.apps.patchNamespacedDeployment({ namespace, name, body, fieldManager }, asPatch(options)),
        false,
      );
    } catch (error) {
      if (codeOf(error) === 409) return null;
      throw error;
    }
  }

  private async ask<T>(
    what: string,
    call: (options: ConfigurationOptions) => Promise<T>,
    conflictPasses = true,
  ): Promise<T> {
    const { cancel } = this;
    try {
      return await askAgain(() => call(within(answerWithinMs, cancel)), { conflictPasses, cancel });
    } catch (error) {
      const { namespace, instance } = this.inputs;
      throw new Error(
        `${what} of ${namespace}/${instance} at ${this.server} failed: ${this.reasonOf(error)}`,
        { cause: error },
      );
    }
  }

  private reasonOf(error: unknown): string {
    if (this.cancel.aborted) return 'the engine cancelled the update';
    if (error instanceof ApiException) return `${error.code} ${messageOf(error.body)}`;
    if (isTimeout(error)) return `no answer within ${answerWithinMs / 1000} s`;
    return error instanceof Error ? error.message : String(error);
  }
}

/** The API server's code, of an error of {@link Cluster}. */
function codeOf(error: unknown): number | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof ApiException ? cause.code : undefined;
}

function asPatch(options: ConfigurationOptions): ConfigurationOptions {
  return setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch, options);
}
