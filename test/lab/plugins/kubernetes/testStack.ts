import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { Provider, type ProviderArgs } from '@pulumi/kubernetes/provider';
import { LocalWorkspace, type OutputMap, type PulumiFn, type Stack } from '@pulumi/pulumi/automation';

const PLUGINS = join(__dirname, '../../../../lab/plugins/bin');
const PASSPHRASE = 'only for tests';

/** An image that the lab's nodes have and that runs until it is told to stop. */
export const LAB_IMAGE = process.env['CASPER_LAB_PAUSE_IMAGE'] ?? 'registry.k8s.io/pause:3.10';

/** KUBECONFIG of the lab that the tests run in; fails where there is none. */
export function labKubeconfig(): string {
  const kubeconfig = process.env['KUBECONFIG'];
  if (!process.env['CASPER_LAB'] || !kubeconfig) {
    throw new Error(
      'no lab: run these tests by `npx casper lab up` and `npx casper lab exec -- npm run test:lab`',
    );
  }
  return kubeconfig;
}

/** Runs kubectl against the lab and gives what it prints. */
export async function kubectl(...args: string[]): Promise<string> {
  const env = { ...process.env, KUBECONFIG: labKubeconfig() };
  return (await promisify(execFile)('kubectl', args, { env, maxBuffer: 64 << 20 })).stdout;
}

/** A live object, as kubectl prints it. */
export async function live<T = Record<string, unknown>>(...args: string[]): Promise<T> {
  return JSON.parse(await kubectl('get', '-o', 'json', ...args)) as T;
}

/** How many resources a step created, updated and so on, as the engine counts them. */
export type Changes = Record<string, number>;

/** A stack of a program that changes from step to step, run by the real engine with a state folder of its own. */
export class TestStack {
  private constructor(
    private readonly stack: Stack,
    private readonly folder: string,
    /** Namespace that is made for the test and thrown away after it. */
    public readonly namespace: string,
    private readonly current: { program: PulumiFn },
  ) {}

  static async create(name: string): Promise<TestStack> {
    labKubeconfig();
    const folder = mkdtempSync(join(tmpdir(), `plugin-${name}-`));
    const current = { program: (): Promise<void> => Promise.resolve() };
    const namespace = `${name}-${folder.slice(-6).toLowerCase()}`;
    await kubectl('create', 'namespace', namespace);
    const stack = await LocalWorkspace.createStack(
      { stackName: 'test', projectName: name, program: () => current.program() },
      {
        envVars: {
          PULUMI_BACKEND_URL: `file://${folder}`,
          PULUMI_CONFIG_PASSPHRASE: PASSPHRASE,
          PULUMI_SKIP_UPDATE_CHECK: 'true',
          PATH: `${process.env['PATH'] ?? ''}${delimiter}${PLUGINS}`,
        },
      },
    );
    return new TestStack(stack, folder, namespace, current);
  }

  /** Brings the stack to a program. */
  async up(program: PulumiFn): Promise<{ changes: Changes; outputs: OutputMap; stdout: string }> {
    this.current.program = program;
    const { summary, outputs, stdout } = await this.stack.up();
    return { changes: summary.resourceChanges ?? {}, outputs, stdout };
  }

  /** The message of an `up` that must fail. */
  async upFails(program: PulumiFn): Promise<string> {
    this.current.program = program;
    return await messageOf(this.stack.up());
  }

  async preview(program: PulumiFn): Promise<{ changes: Changes; stdout: string }> {
    this.current.program = program;
    // Warnings go to the other stream when the differences are printed.
    const { changeSummary, stdout, stderr } = await this.stack.preview({ diff: true });
    return { changes: changeSummary, stdout: stdout + stderr };
  }

  async previewFails(program: PulumiFn): Promise<string> {
    this.current.program = program;
    return await messageOf(this.stack.preview());
  }

  async refresh(): Promise<{ changes: Changes; stdout: string }> {
    const { summary, stdout } = await this.stack.refresh();
    return { changes: summary.resourceChanges ?? {}, stdout };
  }

  async destroy(): Promise<Changes> {
    return (await this.stack.destroy()).summary.resourceChanges ?? {};
  }

  /** The stored state, secrets in their encrypted form. */
  async state(): Promise<string> {
    return JSON.stringify((await this.stack.exportStack()).deployment);
  }

  /** Every file of the state folder: histories and backups too. */
  async everythingStored(): Promise<string> {
    const { stdout } = await promisify(execFile)('find', [this.folder, '-type', 'f']);
    return stdout
      .trim()
      .split('\n')
      .map((path) => readFileSync(path, 'utf8'))
      .join('\n');
  }

  /** Throws the namespace away with all that the steps left in it; does not wait for that. */
  async remove(): Promise<void> {
    await kubectl('delete', 'namespace', this.namespace, '--wait=false');
    rmSync(this.folder, { recursive: true });
  }
}

async function messageOf(step: Promise<unknown>): Promise<string> {
  try {
    await step;
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('the step should have failed, and did not');
}

/** The provider that a program of these tests uses; never the default one, which takes whatever context is current. */
export function labProvider(args: ProviderArgs = {}): Provider {
  return new Provider('lab', { kubeconfig: labKubeconfig(), ...args });
}
