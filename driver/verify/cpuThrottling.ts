import type { KubeConfig } from '@kubernetes/client-node';
import { CoreV1Api } from '../../cluster/client';
import { within } from '../../cluster/connection';
import { serves } from '../../cluster/pods';
import { listOfRegions, regionOfPod } from '../../cluster/regionPods';
import type { StackCluster } from '../../cluster/stackClusters';
import { isUnknown, type Unknown } from '../../observe/unknown';
import { inCluster } from '../../stack/clusters';
import { containerOf } from '../../stack/deployments';
import type { StackConfig } from '../../stack/stackConfig';
import { catInContainer } from './catInContainer';

/** What the kernel has counted of a pod's container since it was started. */
export interface CpuThrottling {
  readonly region: string;
  readonly pod: string;
  /** Periods in which it wanted more CPU than its quota. */
  readonly throttledPeriods: number;
  /** Length of a period. */
  readonly periodMicros: number;
  /** The node's clock at that moment: since it booted. */
  readonly uptimeSeconds: number;
}

/** Of cgroup v2 and of v1; a pod has one or the other. The clock is read with them: an answer may be late by a second. */
const files = [
  '/sys/fs/cgroup/cpu.stat',
  '/sys/fs/cgroup/cpu.max',
  '/sys/fs/cgroup/cpu/cpu.stat',
  '/sys/fs/cgroup/cpu/cpu.cfs_period_us',
  '/proc/uptime',
];
const listWithinMs = 5000;

/**
 * Reads from inside of every ready pod how often the kernel held its CPU back. Pods of which that cannot be had, as in
 * an image without `cat`, and clusters that do not answer, are missing.
 */
export async function readThrottling(
  clusters: readonly StackCluster[],
  config: StackConfig,
): Promise<CpuThrottling[]> {
  const found = await Promise.all(
    clusters.map(({ name, kubeConfig }) => ofCluster(kubeConfig, inCluster(config, name)).catch(() => [])),
  );
  return found.flat();
}

/** @param config of the regions of one cluster */
async function ofCluster(kubeConfig: KubeConfig, config: StackConfig): Promise<CpuThrottling[]> {
  const core = kubeConfig.makeApiClient(CoreV1Api);
  const { items } = await core.listNamespacedPod(listOfRegions(config), within(listWithinMs));
  const { namespace } = config.service;
  const read = await Promise.all(
    items.filter(serves).map(async (one) => {
      const region = regionOfPod(one, config);
      if (region === undefined) return [];
      const pod = one.metadata?.name ?? '';
      const name = { namespace, pod, container: containerOf(config, region) };
      const counted = await catInContainer(kubeConfig, name, files, parseThrottling);
      return isUnknown(counted) ? [] : [{ region, pod, ...counted }];
    }),
  );
  return read.flat();
}

/**
 * Reads `cpu.stat` ("nr_throttled 12", among other lines), the period of `cpu.max` ("28100 100000") or of v1's
 * `cpu.cfs_period_us` ("100000"), and `uptime` ("350735.47 234388.90").
 */
export function parseThrottling(text: string): Omit<CpuThrottling, 'region' | 'pod'> | Unknown {
  const [, throttled] = /^nr_throttled (\d+)$/m.exec(text) ?? [];
  const [, period] = /^(?:(?:max|\d+) )?(\d+)$/m.exec(text) ?? [];
  const [, uptime] = /^(\d+\.\d+) \d+\.\d+$/m.exec(text) ?? [];
  if (throttled === undefined || uptime === undefined || !(Number(period) > 0)) {
    return { unknown: `expected nr_throttled, a period and an uptime, got "${text.trim()}"` };
  }
  return {
    throttledPeriods: Number(throttled),
    periodMicros: Number(period),
    uptimeSeconds: Number(uptime),
  };
}
