import { Deployment } from '@pulumi/kubernetes/apps/v1/deployment';
import { Service } from '@pulumi/kubernetes/core/v1/service';
import * as pulumi from '@pulumi/pulumi';
import { containerName, objectNameOf, regionLabels } from '../stack/naming';
import { PodCpu } from './podCpu';

export interface KiwixRegionArgs {
  /** The region's name, as in the traces and the plan. */
  readonly name: string;
  /** Namespace that exists already. */
  readonly namespace: pulumi.Input<string>;
  readonly image: string;
  /** Arguments of the container; the image's own when absent. */
  readonly args?: readonly string[] | undefined;
  /** Port that the container serves HTTP on. */
  readonly port: number;
  /** Name of an image pull secret in the namespace. */
  readonly pullSecret?: string | undefined;
  /** Path that answers 200 once the service can serve. */
  readonly readinessPath: string;
  /** Labels of the nodes that may run the region's pods; any node when absent. */
  readonly nodeSelector?: Readonly<Record<string, string>> | undefined;
  /** CPU limit of the region's pod in millicores; 0 means no pod. */
  readonly cpuMillicores: number;
  /** CPU request as a share of the limit, in percent. */
  readonly requestPercent: number;
  /** How the CPU of a region whose pods run is changed; a rollout when absent. */
  readonly inPlace?: InPlace | undefined;
  /** Where the load balancers reach the region; only inside the cluster when absent. */
  readonly loadBalancer?: LoadBalancer | undefined;
  /** Kernel parameters of the pod's own namespaces, by name; the kubelet must allow those that are not safe. */
  readonly sysctls?: Readonly<Record<string, string>> | undefined;
  /** How long a pod that leaves goes on serving, in seconds. */
  readonly drainSeconds: number;
  /** How long a rollout may take, in seconds. */
  readonly rolloutTimeoutSeconds: number;
}

/** Changing CPU without a restart, through the pods' `resize` subresource (Kubernetes 1.33 on). */
export interface InPlace {
  /** Context and kubeconfig of the cluster: the same as the Kubernetes provider's. */
  readonly context: string;
  readonly kubeconfig?: string | undefined;
  /** CPU limit of a pod that starts, in millicores: as much as any plan gives, so that it starts fast and is never short. */
  readonly ceilingMillicores: number;
  /** How long a resize may take, in seconds, before the region's pods are replaced instead. */
  readonly timeoutSeconds: number;
}

/** An address that MetalLB gives to the region's Service. */
export interface LoadBalancer {
  /** IPv4 address of MetalLB's pool. */
  readonly address: string;
  /** TCP port; regions that share an address differ in it. */
  readonly port: number;
}

/** CPU request of a pod that starts, where its CPU is changed in place afterwards. */
const startRequestMillicores = 10;

/** The web service of one region: a Deployment whose CPU limit is the plan's, and the Service in front of it. */
export class KiwixRegion extends pulumi.ComponentResource {
  /** The region's name. */
  public readonly name: string;
  /** Host and port that the region's Service answers on. */
  public readonly endpoint: pulumi.Output<string>;
  /** CPU limit that is rolled out, in millicores; 0 where no pod runs. */
  public readonly cpuMillicores: pulumi.Output<number>;

  constructor(name: string, args: KiwixRegionArgs, opts?: pulumi.ComponentResourceOptions) {
    super('casper:index:KiwixRegion', name, args, opts);

    // Nothing here may vary with the plan: selectors cannot change, and a label or a name that changes replaces pods.
    const labels = regionLabels(args.name);
    const objectName = objectNameOf(args.name);
    // A template needs a limit even where no pod is made from it; 1m is the smallest that Kubernetes knows.
    const limitMillicores = Math.max(args.cpuMillicores, 1);
    const requestMillicores = Math.ceil((limitMillicores * args.requestPercent) / 100);
    // Changed in place, the template stays the same from plan to plan.
    const template = args.inPlace
      ? { limit: args.inPlace.ceilingMillicores, request: startRequestMillicores }
      : { limit: limitMillicores, request: requestMillicores };

    const sysctls = Object.entries(args.sysctls ?? {}).map(([key, value]) => ({ name: key, value }));
    const deployment = new Deployment(
      name,
      {
        metadata: {
          name: objectName,
          namespace: args.namespace,
          labels,
          annotations: { 'pulumi.com/timeoutSeconds': String(args.rolloutTimeoutSeconds) },
        },
        spec: {
          replicas: args.cpuMillicores > 0 ? 1 : 0,
          revisionHistoryLimit: 2,
          progressDeadlineSeconds: args.rolloutTimeoutSeconds,
          selector: { matchLabels: labels },
          // The old pod serves until the new one is ready.
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
          template: {
            metadata: { labels },
            spec: {
              ...(args.nodeSelector ? { nodeSelector: args.nodeSelector } : {}),
              ...(args.pullSecret ? { imagePullSecrets: [{ name: args.pullSecret }] } : {}),
              ...(sysctls.length > 0 ? { securityContext: { sysctls } } : {}),
              automountServiceAccountToken: false,
              enableServiceLinks: false,
              terminationGracePeriodSeconds: args.drainSeconds + 10,
              containers: [
                {
                  name: containerName,
                  image: args.image,
                  imagePullPolicy: 'IfNotPresent',
                  ...(args.args ? { args: [...args.args] } : {}),
                  ports: [{ name: 'http', containerPort: args.port }],
                  resources: {
                    limits: { cpu: millicores(template.limit) },
                    requests: { cpu: millicores(template.request) },
                  },
                  readinessProbe: {
                    httpGet: { path: args.readinessPath, port: 'http' },
                    periodSeconds: 1,
                    // A pod of 11m spends 4.6 s on its start and 0.4 s on a page at worst (measured).
                    timeoutSeconds: 5,
                    failureThreshold: 5,
                  },
                  ...(args.drainSeconds > 0
                    ? { lifecycle: { preStop: { sleep: { seconds: args.drainSeconds } } } }
                    : {}),
                },
              ],
            },
          },
        },
      },
      { parent: this },
    );

    if (args.inPlace && args.cpuMillicores > 0) {
      new PodCpu(
        name,
        {
          context: args.inPlace.context,
          kubeconfig: args.inPlace.kubeconfig,
          namespace: args.namespace,
          deployment: objectName,
          instance: args.name,
          container: containerName,
          limitMillicores,
          requestMillicores,
          timeoutSeconds: args.inPlace.timeoutSeconds,
        },
        { parent: this, dependsOn: [deployment] },
      );
    }

    const { loadBalancer } = args;
    const service = new Service(
      name,
      {
        metadata: {
          name: objectName,
          namespace: args.namespace,
          labels,
          annotations: {
            // A Service without pods has no endpoints to wait for.
            'pulumi.com/skipAwait': 'true',
            ...(loadBalancer
              ? {
                  'metallb.io/loadBalancerIPs': loadBalancer.address,
                  // Regions that name the same key may share an address, on different ports.
                  'metallb.io/allow-shared-ip': `casper-${loadBalancer.address}`,
                }
              : {}),
          },
        },
        spec: {
          selector: labels,
          ...(loadBalancer
            ? { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false }
            : { type: 'ClusterIP' }),
          ports: [{ name: 'http', port: loadBalancer?.port ?? args.port, targetPort: 'http' }],
        },
      },
      { parent: this },
    );

    this.name = args.name;
    this.endpoint = loadBalancer
      ? pulumi.output(`${loadBalancer.address}:${loadBalancer.port}`)
      : pulumi.interpolate`${service.metadata.name}.${service.metadata.namespace}:${args.port}`;
    this.cpuMillicores = deployment.spec.replicas.apply((replicas) =>
      replicas > 0 ? args.cpuMillicores : 0,
    );
    this.registerOutputs({ endpoint: this.endpoint, cpuMillicores: this.cpuMillicores });
  }
}

/** A CPU quantity in the form the API server stores, so that 1000m and 1 do not look like a change. */
function millicores(value: number): string {
  return value % 1000 === 0 ? String(value / 1000) : `${value}m`;
}
