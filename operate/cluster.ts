import { existsSync } from 'node:fs';
import {
  CoreV1Api,
  KubeConfig,
  Observable,
  VersionApi,
  type ConfigurationOptions,
} from '@kubernetes/client-node';
import type { StackConfig } from '../config';

/** The cluster that casper:cluster names cannot be used; nothing was asked of any other. */
export class ClusterError extends Error {
  override readonly name = 'ClusterError';
}

/**
 * The kubeconfig with the context of casper:cluster as its current one.
 * @throws ClusterError when there is no such file or context
 */
export function kubeConfigOf(cluster: StackConfig['cluster']): KubeConfig {
  const kubeConfig = new KubeConfig();
  if (cluster.kubeconfig !== undefined) {
    if (!existsSync(cluster.kubeconfig)) {
      throw new ClusterError(
        `casper:cluster.kubeconfig: ${cluster.kubeconfig} does not exist; correct the path`,
      );
    }
    kubeConfig.loadFromFile(cluster.kubeconfig);
  } else {
    kubeConfig.loadFromDefault();
  }
  if (!kubeConfig.getContextObject(cluster.context)) {
    const known = kubeConfig.getContexts().map(({ name }) => name);
    throw new ClusterError(
      `casper:cluster.context: no context ${cluster.context} in ${cluster.kubeconfig ?? process.env['KUBECONFIG'] ?? '~/.kube/config'} ` +
        `(it has: ${known.join(', ') || 'none'}); correct the context, set KUBECONFIG, ` +
        'or run inside `casper lab exec` when the lab is meant',
    );
  }
  kubeConfig.setCurrentContext(cluster.context);
  return kubeConfig;
}

/** Options by which a request to the API server is given up after some time; the client itself would wait on. */
export function within(milliseconds: number): ConfigurationOptions {
  return {
    middlewareMergeStrategy: 'append',
    middleware: [
      {
        pre: (request) => {
          request.setSignal(AbortSignal.timeout(milliseconds));
          return new Observable(Promise.resolve(request));
        },
        post: (response) => new Observable(Promise.resolve(response)),
      },
    ],
  };
}

/**
 * Asks the API server for its version, once.
 * @throws ClusterError when it does not answer in time
 */
export async function assertReachable(kubeConfig: KubeConfig, withinMs = 10_000): Promise<void> {
  const server = kubeConfig.getCurrentCluster()?.server ?? 'an unknown address';
  try {
    await kubeConfig.makeApiClient(VersionApi).getCode({}, within(withinMs));
  } catch (error) {
    throw new ClusterError(
      `No API server answers at ${server} (context ${kubeConfig.getCurrentContext()}): ${reasonOf(error)}. ` +
        'Nothing was changed. Start the cluster (`casper lab up` for the lab) or correct casper:cluster.',
    );
  }
}

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
  const { items } = await kubeConfig.makeApiClient(CoreV1Api).listNode();
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

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause: unknown = error.cause;
  return cause instanceof Error
    ? cause.message || (cause as NodeJS.ErrnoException).code || error.message
    : error.message;
}
