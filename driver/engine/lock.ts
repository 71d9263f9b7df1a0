import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** Who holds the lock of a stack in a file backend, as Pulumi's error says it. */
export interface LockHolder {
  readonly user: string;
  readonly host: string;
  readonly pid: number;
  readonly since: string;
  /** Path of the lock where it is a file that is reached from here. */
  readonly file?: string;
}

const line = /^\s*(\S+): created by (.+)@(\S+) \(pid (\d+)\) at (\S+)$/gm;

/** Reads "file:///locks/a.json: created by root@host (pid 123) at 2026-01-05T00:00:00Z" out of an error's text, which may say it twice. */
export function lockHolders(text: string): LockHolder[] {
  const lines = new Map([...text.matchAll(line)].map((match) => [match[0].trim(), match]));
  return [...lines.values()].map(([, place = '', user = '', host = '', pid, since = '']) => {
    const file = fileOf(place);
    return { user, host, pid: Number(pid), since, ...(file !== undefined && { file }) };
  });
}

function fileOf(place: string): string | undefined {
  try {
    return place.startsWith('file://') ? fileURLToPath(place.replace(/\?.*$/, '')) : undefined;
  } catch {
    return undefined;
  }
}

const lockSchema = z.object({ pid: z.int() });

/**
 * Removes the lock of one holder and no other: another driver may have taken its own meanwhile, which `pulumi cancel`
 * would take away as well. Where two drivers remove the same one, Pulumi's own locking lets one of them go on.
 */
export function removeLock({ file, pid }: LockHolder & { readonly file: string }): void {
  if (pidIn(file) === pid) rmSync(file, { force: true });
}

function pidIn(file: string): number | undefined {
  try {
    return lockSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).pid;
  } catch {
    return undefined;
  }
}

/**
 * Locks of a file backend that are empty or cut, as a full disk or a loss of power leaves them: Pulumi does not say that
 * it is they that it cannot read.
 * @param backend its URL, as in file:///var/lib/pulumi or file://~
 */
export function damagedLocks(backend: string): string[] {
  if (!backend.startsWith('file://')) return [];
  const root = backend.slice('file://'.length).replace(/\?.*$/, '').replace(/^~/, homedir());
  const locks = path.join(root, '.pulumi', 'locks');
  try {
    return readdirSync(locks, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.json'))
      .map((name) => path.join(locks, name))
      .filter((file) => pidIn(file) === undefined)
      .sort();
  } catch {
    return [];
  }
}
