import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Pod } from '@kubernetes/client-node';
import { CoreV1Api } from '../cluster/client';
import { capacityOf } from '../stack/capacity';
import { inCluster } from '../stack/clusters';
import { containerOf } from '../stack/deployments';
import type { StackConfig } from '../stack/stackConfig';
import { within } from '../cluster/connection';
import { cpuLimitMillicores, serves } from '../cluster/pods';
import { listOfRegions, regionOfPod } from '../cluster/regionPods';
import type { StackCluster } from '../cluster/stackClusters';

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
 * @param nowMs the clock of the moments, Unix time in ms
 */
export async function watchReadyServers(
  clusters: readonly StackCluster[],
  config: StackConfig,
  signal: AbortSignal,
  onMoment: (moment: ReadyServers) => void,
  nowMs: () => number = Date.now,
): Promise<void> {
  const asked = clusters.map(({ name, kubeConfig }) => ({
    core: kubeConfig.makeApiClient(CoreV1Api),
    own: inCluster(config, name),
  }));
  while (!signal.aborted) {
    const atMs = Math.round(nowMs());
    const found = await Promise.all(
      asked.map(async ({ core, own }) => {
        const { items } = await core.listNamespacedPod(listOfRegions(own), within(2000));
        return serversOf(items, own);
      }),
    ).catch(() => undefined);
    if (found) onMoment({ atMs, servers: Object.assign({}, ...found) as Record<string, number> });
    await sleep(askedEveryMs);
  }
}

function serversOf(pods: readonly V1Pod[], config: StackConfig): Record<string, number> {
  const byRegion = Map.groupBy(pods.filter(serves), (pod) => regionOfPod(pod, config) ?? '');
  byRegion.delete('');
  return Object.fromEntries(
    [...byRegion].map(([region, own]) => {
      const container = containerOf(config, region);
      const millicores = own.reduce((sum, pod) => sum + (cpuLimitMillicores(pod, container) ?? 0), 0);
      return [region, Math.floor(millicores / capacityOf(config, region).cpuMillicoresPerServer)];
    }),
  );
}
