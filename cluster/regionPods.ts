import type { V1Deployment, V1ObjectMeta, V1Pod } from '@kubernetes/client-node';
import { patchesDeployments, type Deployments } from '../stack/deployments';
import { allRegionsSelector, regionLabel } from '../stack/naming';

/** Of every function here `config` has the regions of one cluster. */

/** What to list in order to see the Deployments and pods of all regions, among others where labels do not tell. */
export function listOfRegions(config: Deployments): { namespace: string; labelSelector?: string } {
  const { namespace } = config.service;
  return patchesDeployments(config) ? { namespace } : { namespace, labelSelector: allRegionsSelector };
}

/** The region of a Deployment: by its label where the stack has made it, else by its name; undefined for others'. Pure. */
export function regionOfDeployment({ metadata }: V1Deployment, config: Deployments): string | undefined {
  return regionOf(metadata, metadata?.name, config);
}

/** The region of a pod: by its label where the stack has made it, else by its Deployment; undefined for others'. Pure. */
export function regionOfPod({ metadata }: V1Pod, config: Deployments): string | undefined {
  return regionOf(metadata, deploymentOf(metadata), config);
}

function regionOf(
  metadata: V1ObjectMeta | undefined,
  deploymentName: string | undefined,
  config: Deployments,
): string | undefined {
  if (!patchesDeployments(config)) return metadata?.labels?.[regionLabel];
  return deploymentName === undefined
    ? undefined
    : config.regions.find(({ deployment }) => deployment?.name === deploymentName)?.name;
}

/** The Deployment that a pod is of. Its controller names a ReplicaSet by it and by the template's hash, which pods bear too. */
function deploymentOf(pod: V1ObjectMeta | undefined): string | undefined {
  const hash = pod?.labels?.['pod-template-hash'];
  const maker = pod?.ownerReferences?.find(({ kind }) => kind === 'ReplicaSet')?.name;
  if (hash === undefined || maker?.endsWith(`-${hash}`) !== true) return undefined;
  return maker.slice(0, -hash.length - 1);
}
