import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';

export const processIdentitySchema = z.object({
  host: z.string(),
  /** Of the kernel: another one after each start of the machine. */
  bootId: z.string(),
  /** In which the number counts: in another container it is another process's. */
  pidNamespace: z.string(),
  pid: z.int(),
  /** When the process was started, in clock ticks since the kernel was: tells it from a later one of the same number. */
  startTicks: z.string(),
});

/** What tells one process from every other one, on this machine and elsewhere, now and later. */
export type ProcessIdentity = z.infer<typeof processIdentitySchema>;

/** Undefined where no such process runs, or the system does not tell: only Linux does. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  try {
    // The name in parentheses may hold anything. Of what follows, the state is the first and the start the twentieth.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    const startTicks = fields[19];
    if (fields[0] === 'Z' || startTicks === undefined) return undefined;
    return { ...surroundings(), pid, startTicks };
  } catch {
    return undefined;
  }
}

function surroundings(): Pick<ProcessIdentity, 'host' | 'bootId' | 'pidNamespace'> {
  return {
    host: hostname(),
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    pidNamespace: readlinkSync('/proc/self/ns/pid'),
  };
}

/** Whether a process runs no more, as far as that can be proved from here. */
export function isProvablyDead(process: ProcessIdentity): boolean {
  let here: ReturnType<typeof surroundings>;
  try {
    here = surroundings();
  } catch {
    return false;
  }
  if (process.host !== here.host) return false;
  if (process.bootId !== here.bootId) return true;
  // The other namespace's processes have other numbers here, or cannot be seen.
  if (process.pidNamespace !== here.pidNamespace) return false;
  return identityOf(process.pid)?.startTicks !== process.startTicks;
}
