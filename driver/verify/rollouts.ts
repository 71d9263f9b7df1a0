import type { KubeConfig, V1Deployment } from '@kubernetes/client-node';
import { AppsV1Api } from '../../cluster/client';
import { within } from '../../cluster/connection';
import { withRights } from '../../cluster/refusal';
import { listOfRegions, regionOfDeployment } from '../../cluster/regionPods';
import type { Deployments } from '../../stack/deployments';

/**
 * The rollouts that are not done, in words, by region: pods of before go on serving until they are. Pulumi may take one
 * as done by the conditions of the one before it.
 * @throws what the API server answers
 */
export async function unfinishedRollouts(
  kubeConfig: KubeConfig,
  config: Deployments,
): Promise<ReadonlyMap<string, string>> {
  const apps = kubeConfig.makeApiClient(AppsV1Api);
  const { items } = await withRights(apps.listNamespacedDeployment(listOfRegions(config), within(10_000)));
  return new Map(
    items.flatMap((deployment) => {
      const region = regionOfDeployment(deployment, config);
      const fault = rolloutFault(deployment);
      return region === undefined || fault === null ? [] : [[region, fault] as const];
    }),
  );
}

/** Null once every pod is of the Deployment's newest template, ready or not; pure. */
export function rolloutFault({ metadata, spec, status }: V1Deployment): string | null {
  const wanted = spec?.replicas ?? 1;
  const [updatedReplicas, replicas] = [status?.updatedReplicas ?? 0, status?.replicas ?? 0];
  const seen = (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0);
  if (seen && updatedReplicas >= wanted && replicas <= updatedReplicas) return null;
  const newest = seen ? updatedReplicas : 0;
  return `its rollout is not done: ${newest} of ${wanted} pods are of the newest template, ${replicas - newest} of one before`;
}
