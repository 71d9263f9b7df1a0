import type { KubeConfig } from '@kubernetes/client-node';
import type { Unknown } from '../../observe/unknown';
import { catInContainer, type ContainerName } from './catInContainer';

/** CPU time that the kernel grants a pod's container. */
export interface CpuQuota {
  /** Microseconds a period; null for no limit. */
  readonly quotaMicros: number | null;
  readonly periodMicros: number;
}

/** The files of cgroup v2 and of v1; a pod has one or the other. */
const quotaFiles = [
  '/sys/fs/cgroup/cpu.max',
  '/sys/fs/cgroup/cpu/cpu.cfs_quota_us',
  '/sys/fs/cgroup/cpu/cpu.cfs_period_us',
];

/**
 * Reads the CPU quota from inside a running container. Unknown where that cannot be had: an image without `cat`, a user
 * who may not run commands in pods, a kubelet that does not answer in time.
 */
export function readQuota(
  kubeConfig: KubeConfig,
  container: ContainerName,
  withinMs?: number,
): Promise<CpuQuota | Unknown> {
  return catInContainer(kubeConfig, container, quotaFiles, parseQuota, withinMs);
}

/** Reads `cpu.max` ("28100 100000", "max 100000") or the v1 pair of quota and period, a line each (-1: no limit). */
export function parseQuota(text: string): CpuQuota | Unknown {
  const [quota, period, ...rest] = text.trim().split(/\s+/);
  const periodMicros = Number(period);
  const readable = quota !== undefined && /^(max|-1|\d+)$/.test(quota) && rest.length === 0;
  if (!readable || !Number.isInteger(periodMicros) || periodMicros <= 0) {
    return { unknown: `expected a quota and a period, got "${text.trim()}"` };
  }
  return { quotaMicros: quota === 'max' || quota === '-1' ? null : Number(quota), periodMicros };
}
