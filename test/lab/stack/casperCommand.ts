import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { kubectl, labKubeconfig, live } from '../kubectl';

export const checkout = path.join(__dirname, '..', '..', '..');
const main = path.join(checkout, 'dist', 'cli', 'main.js');

export interface Outcome {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command as people do, in a process of its own. */
export async function casper(args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
  const { exitCode, stdout, stderr } = await execa('node', [main, ...args], {
    reject: false,
    cwd: checkout,
    env,
  });
  return { exitCode, stdout, stderr };
}

/** Lines of standard error that do not say how long a step took. */
export function besidesProgress(stderr: string): string[] {
  return stderr.split('\n').filter((line) => line !== '' && !/^[^:]+: done in [\d.]+ s$/.test(line));
}

/** One resource that moves, as `--json` prints it. */
export interface Change {
  operation: string;
  resource: string;
  properties: { path: string; before: unknown; after: unknown }[];
}

/** A stack with a file and a Kubernetes namespace of its own, in the state folder of the lab. */
export class CasperStack {
  private constructor(
    public readonly name: string,
    public readonly configFile: string,
  ) {}

  static create(name: string, cpuChange: 'inPlace' | 'rollout' = 'rollout'): CasperStack {
    labKubeconfig();
    const configFile = path.join(mkdtempSync(path.join(tmpdir(), 'casper-test-')), `Pulumi.${name}.yaml`);
    copyFileSync(path.join(checkout, 'Pulumi.dev.yaml'), configFile);
    const stack = new CasperStack(name, configFile);
    // Nobody sends requests here: a pod that leaves need not go on serving for long.
    stack.edit(
      'port: 8080',
      `port: 8080\n    namespace: ${name}\n    drainSeconds: 1\n    cpuChange: ${cpuChange}`,
    );
    return stack;
  }

  /** As a person's editor would; the text must be there. */
  edit(from: string, to: string): void {
    const text = readFileSync(this.configFile, 'utf8');
    if (!text.includes(from)) throw new Error(`${this.configFile} does not contain ${from}`);
    writeFileSync(this.configFile, text.replace(from, to));
  }

  run(command: 'apply' | 'preview' | 'verify', ...args: string[]): Promise<Outcome> {
    return casper([command, '--stack', this.name, '--config-file', this.configFile, ...args]);
  }

  /** What the command prints with `--json`; it must succeed. */
  async json<T>(command: 'apply' | 'preview' | 'verify', ...args: string[]): Promise<T> {
    const { exitCode, stdout, stderr } = await this.run(command, '--json', ...args);
    if (exitCode !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as T;
  }

  async pulumi(...args: string[]): Promise<string> {
    const { stdout } = await execa(
      'pulumi',
      [...args, '--stack', this.name, '--config-file', this.configFile],
      {
        cwd: checkout,
      },
    );
    return stdout;
  }

  /** What the cluster has of the stack: changes with every write. */
  async liveVersions(): Promise<string> {
    interface List {
      items: { kind: string; metadata: { name: string; generation?: number; uid: string } }[];
    }
    const { items } = await live<List>('deployments,services', '-n', this.name);
    return items
      .map(({ kind, metadata }) => `${kind} ${metadata.name} ${metadata.uid} ${metadata.generation ?? 0}`)
      .join('\n');
  }

  /** CPU limits of the pods that run, by region, once every region has one pod: what an update replaced may still go. */
  async liveLimits(): Promise<Record<string, string>> {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const rows = await this.runningLimits();
      const limits = Object.fromEntries(rows);
      if (Object.keys(limits).length === rows.length) return limits;
      if (Date.now() > deadline) throw new Error(`regions have several pods: ${rows.join('; ')}`);
      await sleep(200);
    }
  }

  /** Region and CPU limit of every pod that runs and stays. */
  private async runningLimits(): Promise<[string, string][]> {
    const text = await kubectl(
      'get',
      'pods',
      '-n',
      this.name,
      '-o',
      'jsonpath={range .items[?(@.status.phase=="Running")]}{.metadata.labels.app\\.kubernetes\\.io/instance} {.spec.containers[0].resources.limits.cpu} {.metadata.deletionTimestamp}{"\\n"}{end}',
    );
    const rows = text
      .trim()
      .split('\n')
      .map((line) => line.trim().split(' '));
    return rows.filter((row) => row.length === 2) as [string, string][];
  }

  async remove(): Promise<void> {
    await this.pulumi('destroy', '--yes', '--remove');
    rmSync(path.dirname(this.configFile), { recursive: true });
  }
}
