import { readdirSync, readFileSync } from 'node:fs';
import { execa } from 'execa';

/** What a command and all that it started took. */
export interface Usage {
  readonly seconds: number;
  /** User and system time, of processes that were waited for. */
  readonly cpuSeconds: number;
  /** Resident memory of all processes together at its highest, by a look every tenth of a second. */
  readonly peakMemoryMb: number;
}

/**
 * Runs a command to its end.
 * @throws ExecaError when it fails
 */
export async function usageOf(
  command: readonly [string, ...string[]],
  options: { readonly cwd: string },
): Promise<Usage> {
  const started = performance.now();
  // bash prints the three times of what it has waited for.
  const child = execa('bash', ['-c', 'TIMEFORMAT="%R %U %S"; time "$@"', 'bash', ...command], options);
  let peakKb = 0;
  const look = setInterval(() => (peakKb = Math.max(peakKb, residentKb(child.pid ?? NaN))), 100);
  const { stderr } = await child.finally(() => {
    clearInterval(look);
  });
  const [, user, system] = (stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  return {
    seconds: (performance.now() - started) / 1000,
    cpuSeconds: (user ?? NaN) + (system ?? NaN),
    peakMemoryMb: peakKb / 1024,
  };
}

/** Of a process and all below it. */
function residentKb(root: number): number {
  const children = new Map<number, number[]>();
  const resident = new Map<number, number>();
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const status = statusOf(entry);
    const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
    const parent = field('PPid');
    children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
    resident.set(Number(entry), field('VmRSS') || 0);
  }
  const below = (pid: number): number =>
    (resident.get(pid) ?? 0) + (children.get(pid) ?? []).reduce((sum, child) => sum + below(child), 0);
  return below(root);
}

/** Empty for a process that has just ended. */
function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}
