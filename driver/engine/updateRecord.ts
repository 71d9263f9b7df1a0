import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { cacheDirectory } from '../../start/cacheDirectory';
import type { LockHolder } from './lock';
import { pulumiChildren } from './pulumiProcesses';
import { identityOf, isProvablyDead, processIdentitySchema } from './processIdentity';

/**
 * Pulumi's lock says who holds it by host and number alone, which is too little to tell whether that process is dead. So
 * casper notes, in a folder of this machine, which process of Pulumi its update runs as, before that takes the lock.
 */

const schema = z.object({ process: processIdentitySchema, notedAtMs: z.number() });
type UpdateRecord = z.infer<typeof schema>;

const folder = path.join(cacheDirectory, 'updates');
const lookEveryMs = 25;
/** Between a process's note and its lock: it is noted before it is ready to take one, and the lock is in whole seconds. */
const lockedWithinMs = { earliest: -3000, latest: 120_000 };

/** Does an update, whose process of Pulumi is on record while it runs, and after that where this process is killed. */
export async function onRecord<T>(update: () => Promise<T>): Promise<T> {
  const files = new Map<number, string>();
  const look = setInterval(() => {
    for (const pid of pulumiChildren()) {
      if (files.has(pid)) continue;
      const file = note(pid);
      if (file !== undefined) files.set(pid, file);
    }
  }, lookEveryMs);
  try {
    const result = await update();
    for (const file of files.values()) rmSync(file, { force: true });
    return result;
  } finally {
    // Of an update that failed the note stays: Pulumi itself may have been killed, with its lock.
    clearInterval(look);
  }
}

/** Whether the process that holds a lock was noted, and runs no longer. */
export function isGone({ host, pid, since }: LockHolder): boolean {
  const sinceMs = Date.parse(since);
  const holder = records().find(({ process, notedAtMs }) => {
    const afterMs = sinceMs - notedAtMs;
    return (
      process.host === host &&
      process.pid === pid &&
      afterMs >= lockedWithinMs.earliest &&
      afterMs <= lockedWithinMs.latest
    );
  });
  return holder !== undefined && isProvablyDead(holder.process);
}

/** @returns the file; undefined where the process has ended meanwhile, or the note cannot be kept, which only costs a question later */
export function note(pid: number): string | undefined {
  const process = identityOf(pid);
  if (!process) return undefined;
  const file = path.join(folder, `${pid}-${process.startTicks}.json`);
  try {
    mkdirSync(folder, { recursive: true });
    removeOldNotes();
    writeFileSync(file, JSON.stringify({ process, notedAtMs: Date.now() } satisfies UpdateRecord));
    return file;
  } catch {
    return undefined;
  }
}

/** A lock that nobody has missed for so long is a person's to look at. */
const keptMs = 7 * 24 * 3600 * 1000;

function removeOldNotes(): void {
  for (const name of readdirSync(folder)) {
    const file = path.join(folder, name);
    if (Date.now() - statSync(file).mtimeMs > keptMs) rmSync(file, { force: true });
  }
}

function records(): UpdateRecord[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    try {
      return [schema.parse(JSON.parse(readFileSync(path.join(folder, name), 'utf8')))];
    } catch {
      // Half a note proves nothing.
      return [];
    }
  });
}
