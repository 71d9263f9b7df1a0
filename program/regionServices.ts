import { getStack, type Resource, type ResourceTransformation } from '@pulumi/pulumi';
import { ExistingDeployment } from '../components/existingDeployment';
import { RegionService } from '../components/regionService';
import { clusterOf } from '../stack/clusters';
import type { StackConfig } from '../stack/stackConfig';
import { existingDeploymentArgs, regionServiceArgs } from './componentArgs';
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
): (RegionService | ExistingDeployment)[] {
  const { service } = config;
  return config.regions
    .filter(({ name }) => names.includes(name))
    .map((region) => {
      const { name } = region;
      const cluster = clusterOf(config, region)?.name ?? '';
      const { provider, metalLb = [], namespace = service.namespace } = parts.get(cluster) ?? {};
      const podsBefore = before.cpu[name]?.pods;
      const options = {
        ...(provider && { provider }),
        dependsOn: [...metalLb, ...after],
        ...(before.silent.has(cluster) && { transformations: [leftAsItIs] }),
      };
      if (service.deployment === 'existing') {
        const described = existingDeploymentArgs(config, region, getStack(), podsBefore);
        return new ExistingDeployment(name, described, options);
      }
      const described = regionServiceArgs(config, service, region, namespace, podsBefore);
      return new RegionService(name, described, options);
    });
}

/** Has casper's own provider leave alone what is in a cluster that does not answer, as the Kubernetes provider does. */
const leftAsItIs: ResourceTransformation = ({ type, props, opts }) =>
  ['casper:index:PodCpu', 'casper:index:BorrowedDeployment'].includes(type)
    ? { props, opts: { ...opts, ignoreChanges: ['*'] } }
    : undefined;
