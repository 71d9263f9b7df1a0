import { Writable } from 'node:stream';
import type { KubeConfig } from '@kubernetes/client-node';
import { CoreV1Api, Exec } from '../../cluster/client';
import { serves } from '../../cluster/pods';
import { allRegionsSelector, containerName, regionLabel } from '../../stack/naming';
import type { StackConfig } from '../../stack/stackConfig';

/** Whether the pod of one region runs as the plan says. */
export interface RegionVerification {
  readonly region: string;
  readonly plannedCpuMillicores: number;
  /** Ready pods that are not on their way out. */
  readonly pods: readonly PodVerification[];
  readonly ok: boolean;
  /** What is wrong, for people; null when nothing is. */
  readonly fault: string | null;
}

export interface PodVerification {
  readonly name: string;
  /** CPU time in microseconds a period, as the kernel enforces it in the pod's cgroup; null for no limit. */
  readonly quotaMicros: number | null;
  readonly periodMicros: number;
}

/** kubelet never writes a smaller quota (minQuotaPeriod in its cm package). */
const smallestQuotaMicros = 1000;

/**
 * Reads every region's CPU quota from inside its running pod and compares it with the stack config's plan.
 * @throws what the API server answers; a region that differs is a result, not an error
 */
export async function verifyLive(kubeConfig: KubeConfig, config: StackConfig): Promise<RegionVerification[]> {
  const { namespace } = config.service;
  const { items } = await kubeConfig
    .makeApiClient(CoreV1Api)
    .listNamespacedPod({ namespace, labelSelector: allRegionsSelector });
  return Promise.all(
    config.regions.map(async ({ name: region }) => {
      const pods = items.filter((pod) => pod.metadata?.labels?.[regionLabel] === region && serves(pod));
      const quotas = await Promise.all(
        pods.map((pod) => readQuota(kubeConfig, namespace, pod.metadata?.name ?? '')),
      );
      return compare(region, config.plan.regions[region]?.cpuMillicores ?? 0, quotas);
    }),
  );
}

/** Compares what runs with what is planned; pure. */
export function compare(
  region: string,
  plannedCpuMillicores: number,
  pods: readonly PodVerification[],
): RegionVerification {
  const result = (fault: string | null): RegionVerification => ({
    region,
    plannedCpuMillicores,
    pods,
    ok: fault === null,
    fault,
  });
  const wanted = plannedCpuMillicores > 0 ? 1 : 0;
  if (pods.length !== wanted) return result(`${pods.length} ready pods, expected ${wanted}`);
  for (const { name, quotaMicros, periodMicros } of pods) {
    if (quotaMicros === null) return result(`${name} has no CPU limit in its cgroup`);
    const expected = Math.max((plannedCpuMillicores * periodMicros) / 1000, smallestQuotaMicros);
    // systemd's cgroup driver rounds up to a whole percent of a CPU (runc, CPUQuotaPerSecUSec).
    const percentMicros = periodMicros / 100;
    const roundedUp = Math.ceil(expected / percentMicros) * percentMicros;
    if (quotaMicros !== expected && quotaMicros !== roundedUp) {
      return result(`${name} may use ${quotaMicros} of every ${periodMicros} us, expected ${expected}`);
    }
  }
  return result(null);
}

/** The files of cgroup v2 and of v1; a pod has one or the other. */
const quotaFiles = [
  '/sys/fs/cgroup/cpu.max',
  '/sys/fs/cgroup/cpu/cpu.cfs_quota_us',
  '/sys/fs/cgroup/cpu/cpu.cfs_period_us',
];

async function readQuota(kubeConfig: KubeConfig, namespace: string, pod: string): Promise<PodVerification> {
  const stdout = new TextSink();
  const stderr = new TextSink();
  await new Promise<void>((resolve, reject) => {
    new Exec(kubeConfig)
      // cat fails on the files that are not there, yet prints the others; what it printed is checked below.
      .exec(namespace, pod, containerName, ['cat', ...quotaFiles], stdout, stderr, null, false, () => {
        resolve();
      })
      .catch(reject);
  });
  return { name: pod, ...parseQuota(stdout.text, `${pod}: ${stderr.text.trim()}`) };
}

/**
 * Reads `cpu.max` ("28100 100000", "max 100000") or the v1 pair of quota and period, a line each (-1: no limit).
 * @throws Error when the text is neither; `context` says whose it was
 */
export function parseQuota(text: string, context: string): Omit<PodVerification, 'name'> {
  const [quota, period, ...rest] = text.trim().split(/\s+/);
  const periodMicros = Number(period);
  if (
    quota === undefined ||
    !/^(max|-1|\d+)$/.test(quota) ||
    !Number.isInteger(periodMicros) ||
    periodMicros <= 0 ||
    rest.length > 0
  ) {
    throw new Error(
      `Cannot read the CPU quota of pod ${context}: expected a quota and a period, got "${text.trim()}"`,
    );
  }
  return { quotaMicros: quota === 'max' || quota === '-1' ? null : Number(quota), periodMicros };
}

class TextSink extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
  }
}
