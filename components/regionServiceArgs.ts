import type * as pulumi from '@pulumi/pulumi';

/** Changing CPU without a restart, through the pods' `resize` subresource (Kubernetes 1.33 on). */
export interface InPlace {
  /** Context and path of the kubeconfig of the cluster: the same as the Kubernetes provider's. */
  readonly context: pulumi.Input<string>;
  readonly kubeconfig?: pulumi.Input<string> | undefined;
  /** CPU limit of a pod that starts, in millicores: as much as any plan gives, so that it starts fast and is never short. */
  readonly ceilingMillicores: pulumi.Input<number>;
  /** How long a resize may take, in seconds, before the region's pods are replaced instead. */
  readonly timeoutSeconds: pulumi.Input<number>;
}

/** Several pods that share a region's CPU in equal parts. */
export interface Pods {
  /** How many, if any run. */
  readonly count: number;
  /** How many there are now, as far as one knows: of more, those that stay have their part before the others leave. */
  readonly before?: number | undefined;
}

/** An address that MetalLB gives to the region's Service. */
export interface ServiceAddress {
  /** IPv4 address of MetalLB's pool. */
  readonly address: pulumi.Input<string>;
  /** TCP port; regions that share an address differ in it. */
  readonly port: pulumi.Input<number>;
}

export interface RegionServiceArgs {
  /** The region's name, as in the plan: lower-case letters, digits and dashes. It is part of every object's name. */
  readonly region: string;
  /** Namespace that exists already. */
  readonly namespace: pulumi.Input<string>;
  /** Container image of the service. */
  readonly image: pulumi.Input<string>;
  /** CPU of the region's pods in millicores, of which a share is requested. Not an Input, because it decides which resources there are. */
  readonly cpuMillicores: number;
  /** CPU limit of the pods on top of that, in millicores, for the loss of another region; none when absent. No limit at all means no pod. */
  readonly standbyMillicores?: number | undefined;
  /** Pods that share the CPU, spread over nodes, of which an eviction takes one at a time; one pod has all when absent. */
  readonly pods?: Pods | undefined;
  /** CPU request as a share of `cpuMillicores`, in percent; 90 when absent. */
  readonly cpuRequestPercent?: pulumi.Input<number> | undefined;
  /** How the CPU of a region whose pods run is changed: without a restart, or by a rollout when absent. */
  readonly inPlace?: InPlace | undefined;
  /** Arguments of the container; the image's own when absent. */
  readonly args?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
  /** TCP port that the container serves HTTP on; 8080 when absent. */
  readonly port?: pulumi.Input<number> | undefined;
  /** Name of an image pull secret in the namespace. */
  readonly pullSecret?: pulumi.Input<string> | undefined;
  /** Path that answers 200 once the service can serve; `/` when absent. */
  readonly readinessPath?: pulumi.Input<string> | undefined;
  /** Path that answers while the service lives: a pod that does not for a minute is started anew. None is when absent. */
  readonly livenessPath?: pulumi.Input<string> | undefined;
  /** Labels of the nodes that may run the region's pods; any node when absent. */
  readonly nodeSelector?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>> | undefined;
  /** Kernel parameters of the pod's own namespaces, by name; the kubelet must allow those that are not safe. */
  readonly sysctls?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>> | undefined;
  /** User id that the container runs as; 65532, nobody's, when absent. 0 is root, which Pod Security `restricted` refuses. */
  readonly runAsUser?: pulumi.Input<number> | undefined;
  /** Folders that the container may write to, each empty when a pod starts; `/tmp` when absent. All else is read-only. */
  readonly writablePaths?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
  /** Memory of a pod in MiB, above which it is ended and started anew; 1024 when absent. */
  readonly memoryLimitMebibytes?: pulumi.Input<number> | undefined;
  /** Memory that a pod asks for in MiB; 64 when absent. */
  readonly memoryRequestMebibytes?: pulumi.Input<number> | undefined;
  /** How long a pod that leaves goes on serving, in seconds; 5 when absent, 0 needs no `preStop.sleep`. */
  readonly drainSeconds?: pulumi.Input<number> | undefined;
  /** How long a rollout may take, in seconds; 180 when absent. */
  readonly rolloutTimeoutSeconds?: pulumi.Input<number> | undefined;
  /** Where the proxies reach the region; only inside the cluster when absent. */
  readonly address?: pulumi.Input<ServiceAddress> | undefined;
}
