import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { cacheDirectory } from '../../start/cacheDirectory';
import { messageOf } from '../messageOf';
import { backendFolder, backendUrl } from './backendUrl';
import { identityOf, isProvablyDead, processIdentitySchema } from './processIdentity';
import type { StackOptions } from './stack';

/**
 * Pulumi's lock is of one update; between two of a run another driver could change the stack, and each would verify its
 * own. So whoever changes a stack says so in a file of its own, for as long as it may: where there is another's, of a
 * process that is not proved to be dead, it goes no further. The files are with the stack's state where that is in a
 * folder, which other machines may share, and with casper's notes of this machine else.
 */

const schema = z.object({ process: processIdentitySchema, command: z.string(), since: z.string() });
type Hold = z.infer<typeof schema>;

/** Another casper works on the stack; the message says which. */
export class StackHeldError extends Error {
  override readonly name = 'StackHeldError';
}

/**
 * Does work while no other casper changes the stack. Of two that begin in the same moment neither may go on.
 * @param command as people know it, such as `casper run`
 * @param tell is told where others cannot be kept off
 * @throws StackHeldError
 */
export async function holdingStack<T>(
  { stackName, projectDirectory }: Pick<StackOptions, 'stackName' | 'projectDirectory'>,
  command: string,
  tell: (note: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  const folder = path.join(holdsFolder(projectDirectory, tell), stackName);
  const own = take(folder, command, tell);
  const release = (): void => {
    if (own !== undefined) rmSync(own, { force: true });
  };
  // Whoever ends at once leaves no file either.
  process.on('exit', release);
  try {
    const other = holdsIn(folder).find(({ file }) => file !== own);
    if (other) throw new StackHeldError(refusalOf(stackName, other));
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

/** @returns the file that says so; undefined where it cannot be written, or the system does not tell processes apart */
function take(folder: string, command: string, tell: (note: string) => void): string | undefined {
  const self = identityOf(process.pid);
  if (!self) return undefined;
  const hold: Hold = { process: self, command, since: new Date().toISOString() };
  const file = path.join(folder, `${self.host}-${self.pid}-${self.startTicks}.json`);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, JSON.stringify(hold));
    return file;
  } catch (error) {
    tell(`another casper could change the stack meanwhile, as it cannot be told not to: ${messageOf(error)}`);
    return undefined;
  }
}

/** Those whose process is not proved to be dead; files of dead ones go. */
function holdsIn(folder: string): { readonly file: string; readonly hold: Hold | null }[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const file = path.join(folder, name);
    const hold = read(file);
    if (hold === undefined) return [];
    if (!hold || !isProvablyDead(hold.process)) return [{ file, hold }];
    rmSync(file, { force: true });
    return [];
  });
}

/** Null where it is empty or cut, undefined where it is gone. */
function read(file: string): Hold | null | undefined {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : null;
  }
}

function refusalOf(stackName: string, { file, hold }: { file: string; hold: Hold | null }): string {
  const whose = hold
    ? `\`${hold.command}\`, process ${hold.process.pid} on ${hold.process.host}, since ${hold.since}`
    : 'another casper, which its file does not tell (it is empty or cut)';
  return (
    `Stack ${stackName} is being changed by ${whose}. Wait for it, or end it. Where you know that it runs no longer, ` +
    `\`rm '${file}'\` lets others in. Nothing was changed.`
  );
}

/** With the stack's state where that is in a folder; else here, which another machine does not see and is told. */
function holdsFolder(projectDirectory: string, tell: (note: string) => void): string {
  const url = backendUrl(projectDirectory);
  const root = backendFolder(url, projectDirectory);
  if (root !== null) return path.join(root, '.pulumi', 'casper-holds');
  if (url !== null) {
    tell(
      `the stack's state is at ${withoutSecrets(url)}: let one machine alone change it, as a casper on another is kept off during updates only`,
    );
  }
  return path.join(cacheDirectory, 'holds');
}

/** An address may have a password, or keys as its query. */
function withoutSecrets(url: string): string {
  return url.replace(/\?.*$/, '').replace(/\/\/[^/@]*@/, '//');
}
