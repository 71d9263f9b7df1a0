import { Writable } from 'node:stream';
import type { KubeConfig } from '@kubernetes/client-node';
import { Exec } from '../../cluster/client';
import { isUnknown, type Unknown } from '../../observe/unknown';

/** CPU time that the kernel grants a pod's container. */
export interface CpuQuota {
  /** Microseconds a period; null for no limit. */
  readonly quotaMicros: number | null;
  readonly periodMicros: number;
}

/** The container of a pod. */
export interface ContainerName {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** The files of cgroup v2 and of v1; a pod has one or the other. */
const quotaFiles = [
  '/sys/fs/cgroup/cpu.max',
  '/sys/fs/cgroup/cpu/cpu.cfs_quota_us',
  '/sys/fs/cgroup/cpu/cpu.cfs_period_us',
];

/** An answer takes some 0.1 s; the API server itself gives up never. */
const answerWithinMs = 5000;

/**
 * Reads the CPU quota from inside a running container, with `cat`. Unknown where that cannot be had: an image without
 * `cat`, a user who may not run commands in pods, a kubelet that does not answer in time.
 */
export async function readQuota(
  kubeConfig: KubeConfig,
  { namespace, pod, container }: ContainerName,
  withinMs = answerWithinMs,
): Promise<CpuQuota | Unknown> {
  const stdout = new TextSink();
  const stderr = new TextSink();
  const late = new AbortController();
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        late.abort();
        reject(new Error(`no answer within ${withinMs / 1000} s`));
      }, withinMs);
      const done = (settle: () => void) => (): void => {
        clearTimeout(timer);
        settle();
      };
      new Exec(kubeConfig)
        // cat fails on the files that are not there, yet prints the others; what it printed is checked below.
        .exec(
          namespace,
          pod,
          container,
          ['cat', ...quotaFiles],
          stdout,
          stderr,
          null,
          false,
          ({ message }) => {
            stderr.text ||= message ?? '';
            done(resolve)();
          },
        )
        .then(
          (socket: Closable) => {
            socket.on('close', done(resolve));
            late.signal.addEventListener('abort', () => {
              socket.close();
            });
            if (late.signal.aborted) socket.close();
          },
          (error: unknown) => {
            done(() => {
              reject(new Error(reasonOf(error)));
            })();
          },
        );
    });
  } catch (error) {
    return { unknown: (error as Error).message };
  }
  const quota = parseQuota(stdout.text);
  return isUnknown(quota) && stderr.text.trim() !== '' ? { unknown: stderr.text.trim() } : quota;
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

/** What is needed of a websocket; its types come with a package of their own. */
interface Closable {
  on(event: 'close', listener: () => void): void;
  close(): void;
}

/** A websocket's failure comes as an event with a message. */
function reasonOf(error: unknown): string {
  const { message } = error as { message?: unknown };
  return typeof message === 'string' && message !== '' ? message : String(error);
}

class TextSink extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
  }
}
