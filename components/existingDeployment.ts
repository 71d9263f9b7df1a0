import { DeploymentPatch } from '@pulumi/kubernetes/apps/v1/deploymentPatch';
import { Service } from '@pulumi/kubernetes/core/v1/service';
import * as pulumi from '@pulumi/pulumi';
import { objectNameOf, regionLabels } from '../stack/naming';
import { BorrowedDeployment } from './borrowedDeployment/borrowedDeployment';
import { owned } from './owned';
import type { PodCpu } from './podCpu/podCpu';
import { regionPodCpu } from './regionPodCpu';
import type { Pods, ServiceAddress } from './regionServiceArgs';
import {
  hasPods,
  partOf,
  podCount,
  quantity,
  serviceAnnotations,
  serviceDefaults,
  serviceSpec,
} from './regionSpecs';

export interface ExistingDeploymentArgs {
  /** The region's name, as in the plan. */
  readonly region: string;
  /** Namespace of the Deployment. */
  readonly namespace: pulumi.Input<string>;
  /** Name of the Deployment, whoever has made it. */
  readonly deployment: string;
  /** Container whose CPU is the region's. */
  readonly container: string;
  /** Service by which the region is reached, if there is one already; made when absent. */
  readonly service?: string | undefined;
  /** Context and path of the kubeconfig of the cluster: the same as the Kubernetes provider's. */
  readonly context: pulumi.Input<string>;
  readonly kubeconfig?: pulumi.Input<string> | undefined;
  /** The manager of the fields that are patched; no two stacks may have the same. */
  readonly fieldManager: string;
  /** CPU of the region's pods in millicores, of which a share is requested. Not an Input, because it decides which resources there are. */
  readonly cpuMillicores: number;
  /** CPU limit of the pods on top of that, in millicores; none when absent. No limit at all means no pod. */
  readonly standbyMillicores?: number | undefined;
  /** Pods that share the CPU. */
  readonly pods: Pods;
  /** CPU request as a share of `cpuMillicores`, in percent; 90 when absent. */
  readonly cpuRequestPercent?: pulumi.Input<number> | undefined;
  /** How long a change of CPU in the pods that run may take, in seconds; without it CPU is changed by a rollout. */
  readonly resizeTimeoutSeconds?: pulumi.Input<number> | undefined;
  /** TCP port that the container serves HTTP on; 8080 when absent. */
  readonly port?: pulumi.Input<number> | undefined;
  /** How long a rollout may take, in seconds; 180 when absent. */
  readonly rolloutTimeoutSeconds?: pulumi.Input<number> | undefined;
  /** Where the proxies reach the region; only inside the cluster when absent. */
  readonly address?: pulumi.Input<ServiceAddress> | undefined;
}

/**
 * The web service of one region as a Deployment that somebody else owns. The number of its pods is patched, and where CPU
 * changes by a rollout the CPU of one container; all else is the owner's, and in the end these are, too. Its pods have no
 * PodDisruptionBudget and no NetworkPolicy of casper's: a second of either would count beside the owner's.
 */
export class ExistingDeployment extends pulumi.ComponentResource {
  /** The region's name. */
  public readonly region: string;
  /** Host and port that the region's Service answers on. */
  public readonly endpoint: pulumi.Output<string>;
  /** CPU limit of the region's pods, in millicores; 0 where no pod runs. */
  public readonly cpuMillicores: pulumi.Output<number>;
  /** Why pods were replaced where their CPU should have changed in place; empty where they were not. */
  public readonly cpuFallback: pulumi.Output<string>;

  constructor(name: string, args: ExistingDeploymentArgs, opts?: pulumi.ComponentResourceOptions) {
    super('casper:index:ExistingDeployment', name, {}, opts);
    const { region, namespace, deployment, container, context, kubeconfig, fieldManager } = args;
    const inPlace = args.resizeTimeoutSeconds !== undefined;
    const place = { context, ...(kubeconfig !== undefined && { kubeconfig }), namespace, deployment };
    const borrowed = new BorrowedDeployment(
      name,
      { ...place, instance: region, container, patchesCpu: !inPlace, fieldManager },
      { parent: this },
    );
    const resize = (dependsOn: pulumi.Resource[]): PodCpu | undefined => {
      const { resizeTimeoutSeconds: timeoutSeconds } = args;
      if (timeoutSeconds === undefined || !hasPods(args)) return undefined;
      const pods = { ...place, labels: borrowed.labels, container, timeoutSeconds };
      return regionPodCpu(name, args, pods, { parent: this, dependsOn });
    };
    // Fewer pods: those that stay have their part before the others leave. More: they come before all have their part.
    const resizedFirst = (args.pods.before ?? 0) > podCount(args) ? resize([borrowed]) : undefined;
    const patch = new DeploymentPatch(
      name,
      {
        metadata: {
          name: deployment,
          namespace,
          annotations: {
            ...owned,
            'pulumi.com/patchFieldManager': fieldManager,
            'pulumi.com/timeoutSeconds': pulumi.interpolate`${args.rolloutTimeoutSeconds ?? serviceDefaults.rolloutTimeoutSeconds}`,
          },
        },
        spec: {
          replicas: podCount(args),
          ...(!inPlace && { template: { spec: { containers: [templateCpu(args)] } } }),
        },
      },
      // BorrowedDeployment gives back what the patch has set; upstream would only let go of it.
      { parent: this, dependsOn: [resizedFirst ?? borrowed], retainOnDelete: true },
    );
    const podCpu = resizedFirst ?? resize([patch]);
    const port = args.port ?? serviceDefaults.port;
    if (args.service === undefined) this.makeService(name, args, borrowed.labels, port);

    const limitMillicores = hasPods(args) ? args.cpuMillicores + (args.standbyMillicores ?? 0) : 0;
    this.region = region;
    this.endpoint = pulumi
      .all([args.address, namespace, port])
      .apply(([address, inNamespace, ownPort]) =>
        address
          ? `${address.address}:${address.port}`
          : `${args.service ?? objectNameOf(region)}.${inNamespace}:${ownPort}`,
      );
    this.cpuMillicores = patch.id.apply(() => limitMillicores);
    this.cpuFallback = podCpu ? podCpu.fallback : pulumi.output('');
    this.registerOutputs({ endpoint: this.endpoint });
  }

  /** The Service in front of the Deployment's pods, beside those that its owner may have. */
  private makeService(
    name: string,
    { region, namespace, address }: ExistingDeploymentArgs,
    selector: pulumi.Output<Record<string, string>>,
    port: pulumi.Input<number>,
  ): void {
    const settings = pulumi.all([address, port, selector]);
    new Service(
      name,
      {
        metadata: {
          name: objectNameOf(region),
          namespace,
          labels: regionLabels(region),
          annotations: settings.apply(([at]) => ({ ...owned, ...serviceAnnotations(at) })),
        },
        spec: settings.apply(([at, targetPort, labels]) => ({
          ...serviceSpec({ region, address: at, port: targetPort }),
          selector: labels,
          ports: [{ name: 'http', port: at?.port ?? targetPort, targetPort }],
        })),
      },
      { parent: this },
    );
  }
}

/** What a rollout sets of the template: the container's CPU, alike in all pods. */
function templateCpu(args: ExistingDeploymentArgs): pulumi.Input<{
  name: string;
  resources: { limits: { cpu: string }; requests: { cpu: string } };
}> {
  const { container, cpuMillicores, standbyMillicores, pods } = args;
  return pulumi.output(args.cpuRequestPercent).apply((cpuRequestPercent) => {
    const { limitMillicores, requestMillicores } = partOf({
      cpuMillicores,
      standbyMillicores,
      pods,
      cpuRequestPercent,
    });
    return {
      name: container,
      resources: {
        limits: { cpu: quantity(limitMillicores) },
        requests: { cpu: quantity(requestMillicores) },
      },
    };
  });
}
