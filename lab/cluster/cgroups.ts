import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../labError';

/** Every process of the lab lives in a cgroup below one of this name, so that `down` finds all of them, however it ended. */
const labCgroup = 'casper-lab';

/** Cgroups of the daemons: those of the cluster, and the hosts' ssh servers with what is started by them, the Traefiks. */
export type DaemonGroup = 'cluster' | 'hosts';
const daemonGroups: readonly DaemonGroup[] = ['cluster', 'hosts'];

/**
 * How much more CPU than others a group gets where there is too little. What drives the lab from this machine would
 * elsewhere have a machine of its own, and so would every Traefik, and not slow the service down.
 */
const importance = { [labCgroup]: 10, [`${labCgroup}/hosts`]: 4 };

/** Parent cgroup of a node's pods, as kubelet is told it. */
export const podsCgroupOf = (nodeName: string): string => `/${labCgroup}/${nodeName}`;

/** Mount points of the cgroup file systems: one a controller in v1, a single one in v2. */
function hierarchies(): string[] {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, , type]) => type === 'cgroup' || type === 'cgroup2')
    .map(([, target]) => target ?? '');
  if (mounts.length === 0)
    throw new LabError('no cgroup file system is mounted; kubelet cannot run on this machine');
  return mounts;
}

/** Folders of a group of daemons, in every hierarchy; a process that writes itself into them is found again by `down`. */
export function daemonCgroups(group: DaemonGroup): string[] {
  return hierarchies().map((mount) => path.join(mount, labCgroup, group));
}

/** Makes the cgroups of the daemons and of every node's pods. */
export function cgroupsUp(nodeNames: readonly string[]): void {
  for (const mount of hierarchies()) {
    for (const group of [...daemonGroups, ...nodeNames]) make(mount, `${labCgroup}/${group}`);
    for (const [group, times] of Object.entries(importance)) {
      // The defaults are 1024 in v1 and 100 in v2.
      for (const [file, usual] of [['cpu.shares', 1024] as const, ['cpu.weight', 100] as const]) {
        const target = path.join(mount, group, file);
        if (existsSync(target)) writeFileSync(target, String(usual * times));
      }
    }
  }
}

function make(mount: string, group: string): void {
  let parent = mount;
  for (const name of group.split('/')) {
    const directory = path.join(parent, name);
    mkdirSync(directory, { recursive: true });
    // cgroup v1: a new cpuset takes no process before it is told its CPUs and memory nodes.
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      const [own, inherited] = [path.join(directory, file), path.join(parent, file)];
      if (existsSync(own) && existsSync(inherited)) writeFileSync(own, readFileSync(inherited));
    }
    // cgroup v2: a child has the controllers that its parent hands on.
    const [available, handedOn] = ['cgroup.controllers', 'cgroup.subtree_control'].map((file) =>
      path.join(parent, file),
    ) as [string, string];
    if (existsSync(handedOn)) {
      for (const controller of readFileSync(available, 'utf8').trim().split(/\s+/).filter(Boolean)) {
        writeFileSync(handedOn, `+${controller}`);
      }
    }
    parent = directory;
  }
}

/** Whether a process runs and is one of the lab's. A zombie, which has no command line any more, runs no longer. */
export function isLabProcess(pid: number): boolean {
  try {
    return (
      readFileSync(`/proc/${pid}/cmdline`).length > 0 &&
      readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(`/${labCgroup}/`)
    );
  } catch {
    return false;
  }
}

/** Ends every process of the lab, and takes the cgroups away. */
export async function cgroupsDown(): Promise<void> {
  const roots = hierarchies()
    .map((mount) => path.join(mount, labCgroup))
    .filter((directory) => existsSync(directory));
  const deadline = Date.now() + 30_000;
  for (;;) {
    const pids = new Set(roots.flatMap((root) => groupsBelow(root)).flatMap((group) => processesOf(group)));
    if (pids.size === 0) break;
    if (Date.now() > deadline) {
      throw new LabError(
        `processes ${[...pids].join(', ')} of the lab do not end; look at them with ps, then run down again`,
      );
    }
    for (const pid of pids) kill(pid);
    await sleep(50);
  }
  for (const group of roots.flatMap((root) => groupsBelow(root))) await removeGroup(group);
}

/** Deepest first, the group itself last. */
function groupsBelow(group: string): string[] {
  const entries = unlessGone(() => readdirSync(group, { withFileTypes: true })) ?? [];
  const children = entries.filter((entry) => entry.isDirectory());
  return [...children.flatMap(({ name }) => groupsBelow(path.join(group, name))), group];
}

function processesOf(group: string): number[] {
  const text = unlessGone(() => readFileSync(path.join(group, 'cgroup.procs'), 'utf8')) ?? '';
  return text.split('\n').filter(Boolean).map(Number);
}

/** A container that ends takes its group along, whoever looks at it. */
function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (['ENOENT', 'ENODEV'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A group whose last process has just ended is busy for a moment. */
async function removeGroup(group: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      unlessGone(() => {
        rmdirSync(group);
      });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY' || attempt === 50) throw error;
      await sleep(50);
    }
  }
}
