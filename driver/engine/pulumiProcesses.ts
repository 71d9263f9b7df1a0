import { readdirSync, readFileSync } from 'node:fs';

/** Numbers of the processes of Pulumi that this one has started and that run; none where the system does not tell: only Linux does. */
export function pulumiChildren(): number[] {
  try {
    const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ');
    return children.map(Number).filter((pid) => pid > 0 && read(pid, 'comm').trim() === 'pulumi');
  } catch {
    return [];
  }
}

/** Ends at once the Pulumi that was started with some arguments, and all that it has started in its session. */
export function killPulumi(args: readonly string[]): void {
  const started = args.join('\0');
  for (const leader of pulumiChildren().filter((pid) => read(pid, 'cmdline').includes(started))) {
    for (const pid of [leader, ...inSession(leader)]) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
  }
}

/** Its plugins have groups of their own, and are in its session all the same. */
function inSession(leader: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== leader && sessionOf(pid) === leader);
}

/** Behind the name in parentheses, which may hold anything, the fourth value: state, parent, group, session. */
function sessionOf(pid: number): number {
  return Number(
    read(pid, 'stat')
      .replace(/^.*\) /s, '')
      .split(' ')[3],
  );
}

/** Empty where the process has ended. */
function read(pid: number, name: 'cmdline' | 'comm' | 'stat'): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}
