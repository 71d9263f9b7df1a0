import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkout } from '../stackInLab';
import { descendantsOf, runs, signal, type Process } from './processTable';

/** How a command ended. */
export interface Ended {
  readonly exitCode: number | null;
  readonly killedBy: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How long a command may take, whatever happens to it. */
export const longestMs = 180_000;

/** One of casper's commands as it goes: in a process group of its own, as a shell starts it. */
export class CasperCommand {
  stdout = '';
  stderr = '';
  readonly ended: Promise<Ended>;
  /** Whether it had to be ended because its time was over. */
  overdue = false;
  over = false;
  private readonly child: ChildProcess;
  private readonly seen = new Map<number, Process>();

  constructor(readonly args: readonly string[]) {
    this.child = spawn(process.execPath, ['dist/cli/main.js', ...args], { cwd: checkout, detached: true });
    this.child.stdout?.on('data', (data: Buffer) => (this.stdout += data.toString()));
    this.child.stderr?.on('data', (data: Buffer) => (this.stderr += data.toString()));
    this.ended = this.untilItEnds();
  }

  get pid(): number {
    return this.child.pid ?? NaN;
  }

  /** What it has started and runs. */
  processes(): Process[] {
    for (const one of descendantsOf(this.pid)) this.seen.set(one.pid, one);
    return [...this.seen.values()].filter(runs);
  }

  /**
   * Waits until something is so, or the command has ended.
   * @returns whether it came to be so
   */
  async until(isSo: () => boolean): Promise<boolean> {
    while (!isSo()) {
      if (this.over) return false;
      await sleep(50);
    }
    return true;
  }

  /** Signals the command's own process alone. */
  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Ends it and all that it has started, at once, as when its machine goes down. */
  killAll(): void {
    const started = this.processes();
    this.child.kill('SIGKILL');
    for (const one of started) signal(one, 'SIGKILL');
  }

  /** Whoever reads its output reads no more. */
  closeOutput(): void {
    this.child.stdout?.destroy();
  }

  /** Waits until what it had started has ended too, or ends it when the time is over. */
  async nothingLeft(withinMs: number): Promise<boolean> {
    const deadline = performance.now() + withinMs;
    while (this.processes().length > 0) {
      if (performance.now() > deadline) {
        for (const one of this.processes()) signal(one, 'SIGKILL');
        return false;
      }
      await sleep(200);
    }
    return true;
  }

  private async untilItEnds(): Promise<Ended> {
    const timer = setTimeout(() => {
      this.overdue = true;
      this.killAll();
    }, longestMs);
    // Not `close`: Pulumi may outlive a driver that is killed, and holds on to its output.
    const [exitCode, killedBy] = (await once(this.child, 'exit')) as [number | null, NodeJS.Signals | null];
    clearTimeout(timer);
    this.over = true;
    // What was written last may still be on its way.
    await sleep(100);
    return { exitCode, killedBy, stdout: this.stdout, stderr: this.stderr };
  }
}
