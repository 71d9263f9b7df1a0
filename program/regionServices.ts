import type { Resource, ResourceTransformation } from '@pulumi/pulumi';
import { RegionService } from '../components/regionService';
import { clusterOf } from '../stack/clusters';
import type { StackConfig } from '../stack/stackConfig';
import { regionServiceArgs } from './componentArgs';
import type { Before } from './cpuBefore';
import type { ClusterParts } from './clusterParts';

/**
 * Declares the services of some regions, each in its cluster.
 * @param before what runs there now
 * @param after what must be done before anything changes in them
 */
export function regionServices(
  config: StackConfig,
  names: readonly string[],
  parts: ReadonlyMap<string, ClusterParts>,
  before: Before,
  after: readonly Resource[] = [],
): RegionService[] {
  return config.regions
    .filter(({ name }) => names.includes(name))
    .map((region) => {
      const cluster = clusterOf(config, region)?.name ?? '';
      const { provider, metalLb = [], namespace = config.service.namespace } = parts.get(cluster) ?? {};
      const described = regionServiceArgs(config, region, namespace, before.cpu[region.name]?.pods);
      return new RegionService(region.name, described, {
        ...(provider && { provider }),
        dependsOn: [...metalLb, ...after],
        ...(before.silent.has(cluster) && { transformations: [leftAsItIs] }),
      });
    });
}

/** Has the provider of PodCpu leave alone what is in a cluster that does not answer, as the Kubernetes provider does. */
const leftAsItIs: ResourceTransformation = ({ type, props, opts }) =>
  type === 'casper:index:PodCpu' ? { props, opts: { ...opts, ignoreChanges: ['*'] } } : undefined;
