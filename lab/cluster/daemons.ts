import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { goRuntime } from '../goRuntime';
import { LabError } from '../labError';
import { stateDirectory } from '../places';
import { daemonCgroups, isLabProcess, type DaemonGroup } from './cgroups';
import type { LabMachine } from './nodes';

export interface Daemon {
  readonly name: string;
  /** Whose network it is in. */
  readonly machine: LabMachine;
  readonly command: readonly string[];
  /** The cluster's when absent. */
  readonly group?: DaemonGroup;
  readonly env?: Readonly<Record<string, string>>;
}

const pidDirectory = path.join(stateDirectory, 'pids');
export const logDirectory = path.join(stateDirectory, 'logs');

/**
 * Starts a process in a machine's network namespace and in the lab's cgroup; it goes on when this process ends. Returns
 * when the process is in the cgroup, before which nobody can tell that it runs: where cgroups are busy, that takes a while.
 */
export async function startDaemon({ name, machine, command, group = 'cluster', env }: Daemon): Promise<void> {
  mkdirSync(pidDirectory, { recursive: true });
  mkdirSync(logDirectory, { recursive: true });
  const log = openSync(path.join(logDirectory, `${name}.log`), 'a');
  // Only the network namespace: `ip netns exec` would remount /sys as well and hide the cgroups from kubelet.
  const script = 'for group in $CASPER_CGROUPS; do echo $$ > $group/cgroup.procs; done; exec "$@"';
  const child = spawn(
    'sh',
    ['-ec', script, 'sh', 'nsenter', `--net=/run/netns/${machine.namespace}`, ...command],
    {
      detached: true,
      stdio: ['ignore', log, log],
      env: {
        PATH: process.env['PATH'],
        HOME: '/root',
        ...goRuntime,
        ...env,
        CASPER_CGROUPS: daemonCgroups(group).join(' '),
      },
    },
  );
  closeSync(log);
  child.unref();
  if (child.pid === undefined) throw new LabError(`${name} cannot be started: sh is not on PATH`);
  writeFileSync(path.join(pidDirectory, name), String(child.pid));
  while (child.exitCode === null && child.signalCode === null && !isLabProcess(child.pid)) await sleep(5);
}

/** Every daemon that was started, and whether it runs. */
export function daemonStates(): { name: string; pid: number; running: boolean }[] {
  if (!existsSync(pidDirectory)) return [];
  return readdirSync(pidDirectory)
    .sort()
    .map((name) => {
      const pid = Number(readFileSync(path.join(pidDirectory, name), 'utf8'));
      return { name, pid, running: isLabProcess(pid) };
    });
}

/**
 * Waits until a command succeeds.
 * @throws LabError with the command's last words and the log's, when a daemon ends meanwhile or the time is over
 */
export async function waitFor(
  what: string,
  daemon: string,
  command: readonly [string, ...string[]],
  seconds = 60,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  const [file, ...args] = command;
  for (;;) {
    const { failed, stdout, stderr } = await execa(file, args, { reject: false, timeout: 10_000 });
    if (!failed) return;
    const running = daemonStates().find(({ name }) => name === daemon)?.running ?? false;
    if (running && Date.now() < deadline) {
      await sleep(100);
      continue;
    }
    throw new LabError(
      `${what}: ${running ? `not within ${seconds} s` : `${daemon} ended`}. ${`${stdout}\n${stderr}`.trim()}\n` +
        `The end of ${path.join(logDirectory, `${daemon}.log`)}:\n${logTail(daemon)}`,
    );
  }
}

function logTail(daemon: string): string {
  return readFileSync(path.join(logDirectory, `${daemon}.log`), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(-15)
    .join('\n');
}
