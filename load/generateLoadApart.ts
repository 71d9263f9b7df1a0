import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import path from 'node:path';
import type { IntervalLoad, LoadOptions, LoadResult } from './generateLoad';
import { LoadError } from './loadError';
import { RequestLog, type LoadRecords } from './requestLog';

/** What the load's process tells: every interval once its last request is over, and all of it at the end. */
export type LoadReport =
  | { readonly interval: IntervalLoad }
  | { readonly result: Omit<LoadResult, 'log'> & { readonly log: LoadRecords } }
  | { readonly failure: string };

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
  onInterval,
  ...options
}: LoadOptions): Promise<LoadResult> {
  // A session of its own is what the kernel's autogroups go by.
  const child = fork(path.join(__dirname, 'loadProcess.js'), { serialization: 'advanced', detached: true });
  const stop = (): void => {
    if (child.connected) child.send('stop');
  };
  signal?.addEventListener('abort', stop, { once: true });
  putFirst(child.pid);
  const tell = (interval: IntervalLoad, reject: (error: unknown) => void): void => {
    try {
      onInterval?.(interval);
    } catch (error) {
      reject(error);
    }
  };
  try {
    return await new Promise<LoadResult>((resolve, reject) => {
      child.on('message', (message) => {
        const report = message as LoadReport;
        if ('interval' in report) tell(report.interval, reject);
        else if ('failure' in report) reject(new LoadError(report.failure));
        else resolve({ ...report.result, log: RequestLog.of(report.result.log) });
      });
      child.once('error', reject);
      child.once('exit', (code, killedBy) => {
        reject(new LoadError(`the process that sends the requests ended with ${killedBy ?? code ?? ''}`));
      });
      child.send(options);
    });
  } finally {
    signal?.removeEventListener('abort', stop);
    if (child.connected) child.disconnect();
  }
}
