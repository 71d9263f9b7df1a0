import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** Who holds the lock of a stack in a file backend, as Pulumi's error says it. */
export interface LockHolder {
  readonly user: string;
  readonly host: string;
  readonly pid: number;
  readonly since: string;
}

/** Reads "created by root@host (pid 123) at 2026-01-05T00:00:00Z" out of an error's text, which may say it twice. */
export function lockHolders(text: string): LockHolder[] {
  const lines = new Set([...text.matchAll(/created by \S+@\S+ \(pid \d+\) at \S+/g)].map(([line]) => line));
  return [...lines].map((line) => {
    const [, user = '', host = '', pid, since = ''] =
      /by (\S+)@(\S+) \(pid (\d+)\) at (\S+)/.exec(line) ?? [];
    return { user, host, pid: Number(pid), since };
  });
}

/** Whether a holder is known to be gone: it ran on this machine, and no process of its number does any more. */
export function isGone({ host, pid }: LockHolder): boolean {
  return host === hostname() && !isRunning(pid);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  // A zombie can still be signalled but has no command line any more. Where there is no /proc it counts as running.
  const commandLine = `/proc/${pid}/cmdline`;
  return !existsSync(commandLine) || readFileSync(commandLine).length > 0;
}
