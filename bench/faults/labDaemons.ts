import { readFileSync } from 'node:fs';
import path from 'node:path';
import { startDaemon } from '../../lab/cluster/daemons';
import type { LabMachine } from '../../lab/cluster/nodes';
import { stateDirectory } from '../../lab/places';
import { labProcessIn, runs, signal, type Process } from './processTable';
import { soon } from './soon';

/** A process of the lab's own, such as `kubelet-casper-lab-1`, as it was started. */
export interface LabDaemon {
  readonly name: string;
  readonly process: Process;
  /** Starts it as it was started before. */
  readonly start: () => Promise<void>;
}

/** @param machine that it runs on */
export function labDaemon(name: string, machine: LabMachine): LabDaemon {
  const process_ = labProcessIn(path.join(stateDirectory, 'pids', name));
  const read = (file: string): string[] =>
    readFileSync(`/proc/${process_.pid}/${file}`, 'utf8').split('\0').filter(Boolean);
  const command = commandOf(read('cmdline'));
  const env = Object.fromEntries(
    read('environ').flatMap((line) => {
      const [variable = ''] = line.split('=', 1);
      return variable === 'CASPER_CGROUPS' ? [] : [[variable, line.slice(variable.length + 1)]];
    }),
  );
  const group = name.startsWith('sshd-') ? 'hosts' : 'cluster';
  return { name, process: process_, start: () => startDaemon({ name, machine, command, group, env }) };
}

/** The command line that a process was started by; sshd has written over its own, as in "sshd: sshd -D [listener] 0 of 10"; pure. */
export function commandOf(line: readonly string[]): string[] {
  const own = /^sshd: (.+) \[listener\]/.exec(line.join(' '))?.[1];
  return own === undefined ? [...line] : own.split(' ');
}

/** Kills it; done when it has ended. */
export async function kill({ name, process: process_ }: LabDaemon): Promise<void> {
  signal(process_, 'SIGKILL');
  await soon(`${name} ends`, 10_000, () => !runs(process_));
}
