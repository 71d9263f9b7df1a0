import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { identityOf, isProvablyDead, type ProcessIdentity } from '../../driver/engine/processIdentity';
import { isLabProcess } from '../../lab/cluster/cgroups';

/** A process, told from every later one of its number. */
export interface Process {
  readonly pid: number;
  readonly identity: ProcessIdentity;
  /** Its command line, arguments parted by blanks. */
  readonly line: string;
}

function processOf(pid: number): Process | undefined {
  try {
    const identity = identityOf(pid);
    const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return identity && { pid, identity, line };
  } catch {
    return undefined;
  }
}

function allProcesses(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processOf(Number(name)) ?? []);
}

/** All that a process has started, whatever session it is in by now, as long as its parents live. */
export function descendantsOf(root: number): Process[] {
  const parents = new Map(allProcesses().map((one) => [one, parentOf(one.pid)]));
  const below = (pid: number): Process[] =>
    [...parents].flatMap(([one, parent]) => (parent === pid ? [one, ...below(one.pid)] : []));
  return below(root);
}

/** The lab's processes whose command line has a text. */
export function labProcesses(text: string): Process[] {
  return allProcesses().filter(({ pid, line }) => line.includes(text) && isLabProcess(pid));
}

/** The lab's processes in a network namespace. */
export function labProcessesIn(namespace: string): Process[] {
  const [machine] = labNamespaces(namespace);
  return allProcesses().filter(({ pid }) => isLabProcess(pid) && networkOf(pid) === machine);
}

function labNamespaces(namespace: string): string[] {
  // `ip netns` mounts the namespace there: a stat of it has the number that /proc has.
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return mounts.flatMap((line) => {
    const [, , , root = '', target = ''] = line.split(' ');
    return target === `/run/netns/${namespace}` ? [root] : [];
  });
}

function networkOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}

function parentOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '');
    return Number(fields.split(' ')[1]);
  } catch {
    return NaN;
  }
}

export function runs({ identity }: Process): boolean {
  return !isProvablyDead(identity);
}

/** Sends a signal to a process that is still the one that was found. */
export function signal(process_: Process, name: NodeJS.Signals): void {
  if (!runs(process_)) return;
  try {
    process.kill(process_.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The process that a file of the lab names by its number, first in it. */
export function labProcessIn(pidFile: string): Process {
  const pid = Number(readFileSync(pidFile, 'utf8').trim().split(' ')[0]);
  const found = isLabProcess(pid) ? processOf(pid) : undefined;
  if (!found) throw new Error(`${pidFile} names ${pid}, which is no process of the lab`);
  return found;
}
