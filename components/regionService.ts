import { Deployment } from '@pulumi/kubernetes/apps/v1/deployment';
import { NetworkPolicy } from '@pulumi/kubernetes/networking/v1/networkPolicy';
import { PodDisruptionBudget } from '@pulumi/kubernetes/policy/v1/podDisruptionBudget';
import { Service } from '@pulumi/kubernetes/core/v1/service';
import * as pulumi from '@pulumi/pulumi';
import { containerName, objectNameOf, regionLabels } from '../stack/naming';
import { owned } from './owned';
import type { PodCpu } from './podCpu/podCpu';
import { regionPodCpu } from './regionPodCpu';
import type { RegionServiceArgs } from './regionServiceArgs';
import {
  deploymentSpec,
  disruptionBudgetSpec,
  hasPods,
  networkPolicySpec,
  podCount,
  serviceAnnotations,
  serviceDefaults,
  serviceSpec,
} from './regionSpecs';

/** The web service of one region: a Deployment whose CPU limit is the plan's, and the Service in front of it. */
export class RegionService extends pulumi.ComponentResource {
  /** The region's name. */
  public readonly region: string;
  /** Host and port that the region's Service answers on. */
  public readonly endpoint: pulumi.Output<string>;
  /** CPU limit that is rolled out, in millicores; 0 where no pod runs. */
  public readonly cpuMillicores: pulumi.Output<number>;
  /** Why pods were replaced where their CPU should have changed in place; empty where they were not. */
  public readonly cpuFallback: pulumi.Output<string>;

  constructor(name: string, args: RegionServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    const aliases = [{ type: 'casper:index:KiwixRegion' }];
    // No inputs of its own: its children hold them, and each change would cost Pulumi one more write of the state.
    super('casper:index:RegionService', name, {}, pulumi.mergeOptions({ aliases }, opts));

    const { namespace, ...described } = args;
    const settings = pulumi.output(described);
    const metadata = {
      name: objectNameOf(args.region),
      namespace,
      labels: regionLabels(args.region),
    };
    const { inPlace } = args;
    const resize = (dependsOn: pulumi.Resource[]): PodCpu | undefined => {
      if (!inPlace || !hasPods(args)) return undefined;
      const { context, kubeconfig, timeoutSeconds } = inPlace;
      const place = { context, kubeconfig, namespace, deployment: metadata.name };
      const pods = { ...place, container: containerName, timeoutSeconds };
      return regionPodCpu(name, args, pods, { parent: this, dependsOn });
    };
    // Fewer pods: those that stay have their part before the others leave. More: they come before all have their part.
    const shrinks = (args.pods?.before ?? 0) > podCount(args);
    const resizedFirst = shrinks ? resize([]) : undefined;
    const deployment = new Deployment(
      name,
      {
        metadata: {
          ...metadata,
          annotations: {
            ...owned,
            'pulumi.com/timeoutSeconds': pulumi.interpolate`${args.rolloutTimeoutSeconds ?? serviceDefaults.rolloutTimeoutSeconds}`,
          },
        },
        spec: settings.apply(deploymentSpec),
      },
      { parent: this, dependsOn: resizedFirst ?? [] },
    );
    const podCpu = resizedFirst ?? resize([deployment]);
    if (args.pods) {
      const budget = {
        metadata: { ...metadata, annotations: owned },
        spec: disruptionBudgetSpec(args.region),
      };
      new PodDisruptionBudget(name, budget, { parent: this });
    }
    const policy = {
      metadata: { ...metadata, annotations: owned },
      spec: networkPolicySpec(args.region),
    };
    new NetworkPolicy(name, policy, { parent: this });
    const service = new Service(
      name,
      {
        metadata: {
          ...metadata,
          annotations: settings.apply(({ address }) => ({ ...owned, ...serviceAnnotations(address) })),
        },
        spec: settings.apply(serviceSpec),
      },
      { parent: this },
    );

    this.region = args.region;
    this.endpoint = pulumi
      .all([settings, service.metadata.name, service.metadata.namespace])
      .apply(([{ address, port = serviceDefaults.port }, objectName, inNamespace]) =>
        address ? `${address.address}:${address.port}` : `${objectName}.${inNamespace}:${port}`,
      );
    const limitMillicores = args.cpuMillicores + (args.standbyMillicores ?? 0);
    this.cpuMillicores = deployment.spec.replicas.apply((replicas) => (replicas > 0 ? limitMillicores : 0));
    this.cpuFallback = podCpu ? podCpu.fallback : pulumi.output('');
    this.registerOutputs({ endpoint: this.endpoint });
  }
}
