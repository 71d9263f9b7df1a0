import { Namespace } from '@pulumi/kubernetes/core/v1/namespace';
import { Provider } from '@pulumi/kubernetes/provider';
import type { Input, Resource } from '@pulumi/pulumi';
import { owned } from '../components/owned';
import { MetalLb } from '../components/platform/metalLb';
import { MetricsServer } from '../components/platform/metricsServer';
import { inCluster, soleCluster, type NamedCluster } from '../stack/clusters';
import type { StackConfig } from '../stack/stackConfig';
import { metalLbArgs, metricsServerArgs } from './componentArgs';
import { madeByStack } from './namespaceOwner';

/**
 * What is Pulumi's name for something that every cluster has one of. The only one has the name alone, as before there
 * could be several.
 */
function nameIn({ name }: NamedCluster, what: string): string {
  return name === soleCluster ? what : `${what}-${name}`;
}

/**
 * The provider of a cluster. One that cannot be reached leaves what is in it as it is: the other clusters' changes go
 * on, and nothing is taken out of the state. A stack of one cluster has no others, and fails then.
 */
function providerOf({ name, context, kubeconfig }: NamedCluster, silent: boolean): Provider {
  const place = { context, ...(kubeconfig !== undefined && { kubeconfig }) };
  if (name === soleCluster) return new Provider(soleCluster, place);
  return new Provider(name, {
    ...place,
    clusterIdentifier: name,
    skipUpdateUnreachable: true,
    // It asks several times before it believes that nobody is there; by itself it waits half a minute each time.
    ...(silent && { kubeClientSettings: { timeout: 2 } }),
  });
}

/** What a stack has of everything in each cluster. */
export interface ClusterParts {
  readonly provider: Provider;
  /** What regions with addresses wait for. */
  readonly metalLb: readonly Resource[];
  /** Of the service; absent where the stack serves nothing. */
  readonly namespace?: Input<string>;
}

/**
 * Provider, platform and namespace of every cluster, by the cluster's name.
 * @param silent names of clusters whose API server does not answer
 */
export async function setUpClusters(
  clusters: readonly NamedCluster[],
  config: StackConfig,
  stack: string,
  silent: ReadonlySet<string>,
): Promise<ReadonlyMap<string, ClusterParts>> {
  return new Map(
    await Promise.all(
      clusters.map(
        async (cluster) =>
          [cluster.name, await setUp(cluster, config, stack, silent.has(cluster.name))] as const,
      ),
    ),
  );
}

async function setUp(
  cluster: NamedCluster,
  config: StackConfig,
  stack: string,
  silent: boolean,
): Promise<ClusterParts> {
  const provider = providerOf(cluster, silent);
  const namePrefix = cluster.name === soleCluster ? undefined : `${cluster.name}/`;
  const forMetalLb = await metalLbArgs(inCluster(config, cluster.name), namePrefix);
  const metalLb = forMetalLb ? [new MetalLb(nameIn(cluster, 'metallb'), forMetalLb, { provider })] : [];
  const forMetricsServer = await metricsServerArgs(config, namePrefix);
  // Nothing waits for it: it answers people and not the service.
  if (forMetricsServer) new MetricsServer(nameIn(cluster, 'metrics-server'), forMetricsServer, { provider });
  const { scope, service } = config;
  if (scope === 'platform') return { provider, metalLb };
  if (!service.createNamespace) return { provider, metalLb, namespace: service.namespace };
  const metadata = { name: service.namespace, annotations: { ...owned, [madeByStack]: stack } };
  const { metadata: made } = new Namespace(nameIn(cluster, 'namespace'), { metadata }, { provider });
  return { provider, metalLb, namespace: made.name };
}
