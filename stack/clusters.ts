import type { RegionConfig, StackConfig } from './schema';

/** A cluster that regions run in. */
export interface NamedCluster {
  readonly name: string;
  readonly context: string;
  readonly kubeconfig?: string | undefined;
}

/** Name of the one cluster of a stack that has only casper:cluster. */
export const soleCluster = 'cluster';

/** The clusters of a stack, in the order of its file. */
export function clustersOf({ cluster, clusters }: Pick<StackConfig, 'cluster' | 'clusters'>): NamedCluster[] {
  return clusters ?? (cluster ? [{ name: soleCluster, ...cluster }] : []);
}

/** The cluster that a region runs in: the one that its entry names, or the only one that there is. */
export function clusterOf(
  config: Pick<StackConfig, 'cluster' | 'clusters'>,
  region: Pick<RegionConfig, 'cluster'>,
): NamedCluster | undefined {
  const all = clustersOf(config);
  return all.find(({ name }) => name === (region.cluster ?? all[0]?.name));
}

/** A stack's config as far as one of its clusters is concerned: with the regions that run there, and no others. */
export function inCluster(config: StackConfig, cluster: string): StackConfig {
  return {
    ...config,
    regions: config.regions.filter((region) => clusterOf(config, region)?.name === cluster),
  };
}
