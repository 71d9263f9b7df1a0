import type { KubeConfig } from '@kubernetes/client-node';
import { catInContainer, type ContainerName } from '../driver/verify/catInContainer';
import type { Unknown } from '../observe/unknown';

/** CPU time that a pod's container has used since it was started. */
export interface CpuTime {
  readonly seconds: number;
}

/** The file of cgroup v2, in microseconds, and that of v1, in nanoseconds; a pod has one or the other. */
const usageFiles = ['/sys/fs/cgroup/cpu.stat', '/sys/fs/cgroup/cpuacct/cpuacct.usage'];

/**
 * Reads the kernel's own account of CPU time from inside a running container. The metrics API's figures are up to a
 * minute old. Unknown where it cannot be had, as an image without `cat`.
 */
export function readCpuTime(kubeConfig: KubeConfig, container: ContainerName): Promise<CpuTime | Unknown> {
  return catInContainer(kubeConfig, container, usageFiles, parseCpuTime);
}

/** Reads `cpu.stat` ("usage_usec 1200", among other lines) or `cpuacct.usage` ("1200000"). */
export function parseCpuTime(text: string): CpuTime | Unknown {
  const [, micros] = /^usage_usec (\d+)$/m.exec(text) ?? [];
  if (micros !== undefined) return { seconds: Number(micros) / 1e6 };
  if (/^\d+$/.test(text.trim())) return { seconds: Number(text) / 1e9 };
  return { unknown: `expected the usage of cpu.stat or of cpuacct, got "${text.trim()}"` };
}
