import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';

/** What a service that is left running must not use more and more of. */
export type Figure = (typeof figures)[number];

export const figures = [
  'driverMemoryMb',
  'driverFiles',
  'memoryMb',
  'processes',
  'openFiles',
  'mounts',
  'conntrack',
  'stateKb',
  'backendMb',
] as const;

/** Where to look. */
export interface Subject {
  /** Of the casper that runs. */
  readonly pid: number;
  /** The stack's state, one file. */
  readonly stateFile: string;
  /** Folder of all that Pulumi keeps: states, their history and backups. */
  readonly backend: string;
}

/**
 * Looks at casper's own process, and at the whole machine: all that the lab runs, in its namespaces too.
 * @throws Error when the process or the state is not there
 */
export function figuresNow({ pid, stateFile, backend }: Subject): Record<Figure, number> {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const meminfo = readFileSync('/proc/meminfo', 'utf8');
  return {
    driverMemoryMb: kbOf(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmRSS') / 1024,
    driverFiles: readdirSync(`/proc/${pid}/fd`).length,
    memoryMb: (kbOf(meminfo, 'MemTotal') - kbOf(meminfo, 'MemAvailable')) / 1024,
    processes: pids.length,
    openFiles: Number(readFileSync('/proc/sys/fs/file-nr', 'utf8').split('\t')[0]),
    mounts: sumOf(onePerNamespace(pids, 'mnt'), (one) => linesOf(`/proc/${one}/mountinfo`).length),
    conntrack: sumOf(onePerNamespace(pids, 'net'), conntrackEntries),
    stateKb: lstatSync(stateFile).size / 1024,
    backendMb: bytesBelow(backend) / 2 ** 20,
  };
}

function kbOf(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1]);
}

function sumOf(pids: readonly string[], count: (pid: string) => number): number {
  return pids.reduce((sum, pid) => sum + count(pid), 0);
}

/** One process of every namespace of a kind; those that have just ended are in none. */
function onePerNamespace(pids: readonly string[], kind: 'mnt' | 'net'): string[] {
  const byNamespace = new Map<string, string>();
  for (const pid of pids) {
    const namespace = orElse(() => readlinkSync(`/proc/${pid}/ns/${kind}`), null);
    if (namespace !== null) byNamespace.set(namespace, pid);
  }
  return [...byNamespace.values()];
}

/** Connections that the kernel tracks in a process's network namespace: the first column, in hexadecimal. */
function conntrackEntries(pid: string): number {
  const [, first = ''] = linesOf(`/proc/${pid}/net/stat/nf_conntrack`);
  return Number.parseInt(first.split(/\s+/)[0] ?? '', 16) || 0;
}

/** None for a process that has just ended. */
function linesOf(file: string): string[] {
  return orElse(() => readFileSync(file, 'utf8').trimEnd().split('\n'), []);
}

/** Files may come and go while they are counted. */
function bytesBelow(folder: string): number {
  return orElse(() => readdirSync(folder, { withFileTypes: true }), []).reduce((sum, entry) => {
    const file = path.join(folder, entry.name);
    return sum + (entry.isDirectory() ? bytesBelow(file) : orElse(() => lstatSync(file).size, 0));
  }, 0);
}

function orElse<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
