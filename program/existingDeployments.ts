import { RunError } from '@pulumi/pulumi';
import { ApiException } from '../cluster/client';
import { existingDeploymentFaults } from '../cluster/existingDeployments';
import type { StackCluster } from '../cluster/stackClusters';
import { inCluster } from '../stack/clusters';
import type { StackConfig } from '../stack/stackConfig';

/**
 * Deployments of others are looked at before anything is registered. Where an API server does not tell, the update itself
 * fails or does not need it.
 * @throws RunError that names what is in the way, and the remedy
 */
export async function assertDeploymentsMayBePatched(
  clusters: readonly StackCluster[],
  config: StackConfig,
  stack: string,
): Promise<void> {
  const faults = await Promise.all(
    clusters.map(({ name, kubeConfig }) =>
      existingDeploymentFaults(kubeConfig, inCluster(config, name), stack).catch((error: unknown) => {
        if (error instanceof ApiException) throw error;
        return [];
      }),
    ),
  );
  if (faults.flat().length > 0) throw new RunError(faults.flat().join('\n'));
}
