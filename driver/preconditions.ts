import { existsSync } from 'node:fs';
import type { KubeConfig } from '@kubernetes/client-node';
import { CoreV1Api } from '../cluster/client';
import { ClusterError } from '../cluster/connection';
import { existingDeploymentFaults } from '../cluster/existingDeployments';
import { withRights } from '../cluster/refusal';
import type { StackConfig } from '../stack/stackConfig';

/**
 * A manifest that is a path must be there before anything is applied.
 * @throws ClusterError
 */
export function assertManifestsExist({ platform, scope }: StackConfig): void {
  if (scope === 'service') return;
  for (const [part, settings] of Object.entries(platform)) {
    if (!settings?.install || settings.manifest === undefined || /^https?:/.test(settings.manifest)) continue;
    if (!existsSync(settings.manifest)) {
      throw new ClusterError(
        `casper:platform.${part}.manifest: ${settings.manifest} does not exist; correct the path, or give an address`,
      );
    }
  }
}

/**
 * MetalLB answers for the regions' addresses on the nodes' LAN: an address that is a node's would take the node away.
 * @throws ClusterError
 */
export async function assertAddressesFree(kubeConfig: KubeConfig, { regions }: StackConfig): Promise<void> {
  if (!regions.some(({ loadBalancer }) => loadBalancer)) return;
  const { items } = await withRights(kubeConfig.makeApiClient(CoreV1Api).listNode());
  for (const { metadata, status } of items) {
    const own = new Set(status?.addresses?.map(({ address }) => address));
    const region = regions.find(({ loadBalancer }) => loadBalancer && own.has(loadBalancer.address));
    if (region?.loadBalancer) {
      throw new ClusterError(
        `casper:regions.${region.name}.loadBalancer.address: ${region.loadBalancer.address} is the address of node ` +
          `${metadata?.name ?? ''}; choose one of the nodes' LAN that nothing has. Nothing was changed.`,
      );
    }
  }
}

/**
 * Deployments of others must be there, and nobody else may set what is patched of them.
 * @param config with the regions of this cluster alone
 * @throws ClusterError
 */
export async function assertDeploymentsMayBePatched(
  kubeConfig: KubeConfig,
  config: StackConfig,
  stack: string,
): Promise<void> {
  const faults = await existingDeploymentFaults(kubeConfig, config, stack);
  if (faults.length === 0) return;
  throw new ClusterError(`${faults.join('\n')}\nNothing was changed.`);
}
