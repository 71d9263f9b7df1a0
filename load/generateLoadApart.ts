import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import path from 'node:path';
import type { LoadOptions, LoadResult } from './generateLoad';
import { LoadError } from './loadError';
import { RequestLog, type LoadRecords } from './requestLog';

/** What the load's process tells at the end. */
export type LoadReport =
  (Omit<LoadResult, 'log'> & { readonly log: LoadRecords }) | { readonly failure: string };

/**
 * Lets a process run before all others where the system allows it, which takes root: a request that leaves late is one
 * that measures the machine of the client. Linux goes by the session's own niceness first.
 */
function putFirst(pid: number | undefined): void {
  if (pid === undefined) return;
  const highest = constants.priority.PRIORITY_HIGHEST;
  try {
    setPriority(pid, highest);
    writeFileSync(`/proc/${pid}/autogroup`, String(highest));
  } catch {
    // It goes without, and `lateMs` tells how well.
  }
}

/**
 * Generates load as `generateLoad` does, in a process of its own: what else the caller does holds no request back, and
 * the kernel shares the CPU between the two evenly, however many processes the caller starts.
 * @throws LoadError also where that process ends before the load does
 */
export async function generateLoadApart({
  signal,
  ...options
}: Omit<LoadOptions, 'onInterval'>): Promise<LoadResult> {
  // A session of its own is what the kernel's autogroups go by.
  const child = fork(path.join(__dirname, 'loadProcess.js'), { serialization: 'advanced', detached: true });
  const stop = (): void => {
    if (child.connected) child.send('stop');
  };
  signal?.addEventListener('abort', stop, { once: true });
  putFirst(child.pid);
  try {
    const report = await new Promise<LoadReport>((resolve, reject) => {
      child.once('message', (message) => {
        resolve(message as LoadReport);
      });
      child.once('error', reject);
      child.once('exit', (code, killedBy) => {
        reject(new LoadError(`the process that sends the requests ended with ${killedBy ?? code ?? ''}`));
      });
      child.send(options);
    });
    if ('failure' in report) throw new LoadError(report.failure);
    return { ...report, log: RequestLog.of(report.log) };
  } finally {
    signal?.removeEventListener('abort', stop);
    if (child.connected) child.disconnect();
  }
}
