import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';

/** What a service that is left running must not use more and more of, on the whole machine. */
export const machineFigures = [
  'memoryMb',
  'processes',
  'openFiles',
  'mounts',
  'conntrack',
  'stateKb',
  'backendMb',
] as const;

/** The same of a driver that runs all the time. */
export const driverFigures = ['driverMemoryMb', 'driverFiles'] as const;

type Figures<Names extends readonly string[]> = Record<Names[number], number>;

/** What Pulumi keeps of a stack. */
export interface KeptState {
  /** The stack's state, one file. */
  readonly stateFile: string;
  /** Folder of all of it: states, their history and backups. */
  readonly backend: string;
}

/** Of a stack of this project, in the backend that the lab sets. */
export function keptStateOf(stackName: string): KeptState {
  const backend = new URL(process.env['PULUMI_BACKEND_URL'] ?? '').pathname;
  return { backend, stateFile: path.join(backend, '.pulumi', 'stacks', 'casper', `${stackName}.json`) };
}

/**
 * Looks at the whole machine: all that the lab runs, in its namespaces too.
 * @throws Error when the state is not there
 */
export function machineNow({ stateFile, backend }: KeptState): Figures<typeof machineFigures> {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const meminfo = readFileSync('/proc/meminfo', 'utf8');
  return {
    memoryMb: (kbOf(meminfo, 'MemTotal') - kbOf(meminfo, 'MemAvailable')) / 1024,
    processes: pids.length,
    openFiles: Number(readFileSync('/proc/sys/fs/file-nr', 'utf8').split('\t')[0]),
    mounts: sumOf(onePerNamespace(pids, 'mnt'), (one) => linesOf(`/proc/${one}/mountinfo`).length),
    conntrack: sumOf(onePerNamespace(pids, 'net'), conntrackEntries),
    stateKb: lstatSync(stateFile).size / 1024,
    backendMb: bytesBelow(backend) / 2 ** 20,
  };
}

/**
 * Looks at casper's own process.
 * @throws Error when it is not there
 */
export function driverNow(pid: number): Figures<typeof driverFigures> {
  return {
    driverMemoryMb: kbOf(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmRSS') / 1024,
    driverFiles: readdirSync(`/proc/${pid}/fd`).length,
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
export function bytesBelow(folder: string): number {
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
