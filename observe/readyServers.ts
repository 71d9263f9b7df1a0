import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeConfig, V1Pod } from '@kubernetes/client-node';
import { CoreV1Api } from '../cluster/client';
import { capacityOf } from '../stack/capacity';
import { allRegionsSelector, containerName, regionLabel } from '../stack/naming';
import type { StackConfig } from '../stack/stackConfig';
import { within } from '../cluster/connection';
import { cpuLimitMillicores, serves } from '../cluster/pods';

/** Servers that were ready at one moment, by region; a region that is not named had none. */
export interface ReadyServers {
  /** Unix time in ms. */
  readonly atMs: number;
  readonly servers: Readonly<Record<string, number>>;
}

/** How often the API server is asked: the kubelet takes about 1 s for a change of CPU. */
const askedEveryMs = 500;

/**
 * Polls the ready servers of every region until the signal aborts, from the CPU limits that the kubelet reports for
 * ready pods. Moments at which one of the clusters' API servers does not answer are missing.
 */
export async function watchReadyServers(
  kubeConfigs: readonly KubeConfig[],
  config: Pick<StackConfig, 'service' | 'capacity' | 'regions'>,
  signal: AbortSignal,
  onMoment: (moment: ReadyServers) => void,
): Promise<void> {
  const apis = kubeConfigs.map((kubeConfig) => kubeConfig.makeApiClient(CoreV1Api));
  const list = { namespace: config.service.namespace, labelSelector: allRegionsSelector };
  while (!signal.aborted) {
    const atMs = Date.now();
    const lists = await Promise.all(apis.map((core) => core.listNamespacedPod(list, within(2000)))).catch(
      () => undefined,
    );
    if (lists)
      onMoment({
        atMs,
        servers: serversOf(
          lists.flatMap(({ items }) => items),
          config,
        ),
      });
    await sleep(askedEveryMs);
  }
}

function serversOf(
  pods: readonly V1Pod[],
  config: Pick<StackConfig, 'capacity' | 'regions'>,
): Record<string, number> {
  const byRegion = Map.groupBy(pods.filter(serves), ({ metadata }) => metadata?.labels?.[regionLabel] ?? '');
  return Object.fromEntries(
    [...byRegion].map(([region, own]) => {
      const millicores = own.reduce((sum, pod) => sum + (cpuLimitMillicores(pod, containerName) ?? 0), 0);
      return [region, Math.floor(millicores / capacityOf(config, region).cpuMillicoresPerServer)];
    }),
  );
}
