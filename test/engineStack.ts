import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import * as runtime from '@pulumi/pulumi/runtime';
import {
  LocalWorkspace,
  type PulumiFn,
  type Stack,
  type EngineEvent,
  type UpOptions,
} from '@pulumi/pulumi/automation';
import { pulumiInItsSession } from '../driver/engine/pulumiCommand';
import { withoutAfterthoughts } from '../driver/engine/stack';

const PLUGINS = join(__dirname, '../lab/plugins/bin');
const PASSPHRASE = 'only for tests';

// The SDK leaves the connections of a program whose engine has ended in a pool of the process, where they count as
// failing for good. An engine that listens at one of those ports later on would have its program's first call fail at
// once, as `UNAVAILABLE`, which the SDK takes for the engine's end: an `up` that registers nothing and succeeds. So
// that these tests can run programs in one process by the dozen, failing ones too, every connection has its own pool.
const { grpcClientOptions } = runtime as unknown as { grpcClientOptions: Record<string, unknown> };
grpcClientOptions['grpc.use_local_subchannel_pool'] = 1;

/** How many resources a step created, updated and so on, as the engine counts them. */
export type Changes = Record<string, number>;

interface Parts {
  readonly stack: Stack;
  readonly folder: string;
  readonly current: { program: PulumiFn };
}

/** A stack of a program that changes from step to step, run by the real engine with a state folder of its own. */
export class EngineStack {
  private readonly stack: Stack;
  /** Where the engine keeps its state. */
  protected readonly folder: string;
  private readonly current: { program: PulumiFn };

  protected constructor({ stack, folder, current }: Parts) {
    this.stack = stack;
    this.folder = folder;
    this.current = current;
  }

  /** Makes a stack; `pulumi` and its language host must be on PATH. */
  static async make(name: string, passphrase?: string): Promise<EngineStack> {
    return new EngineStack(await EngineStack.parts(name, passphrase));
  }

  protected static async parts(
    name: string,
    passphrase = PASSPHRASE,
    bounds?: Parameters<typeof pulumiInItsSession>[0],
  ): Promise<Parts> {
    const folder = mkdtempSync(join(tmpdir(), `plugin-${name}-`));
    const current = { program: (): Promise<void> => Promise.resolve() };
    const stack = await LocalWorkspace.createStack(
      { stackName: 'test', projectName: name, program: () => current.program() },
      {
        pulumiCommand: await pulumiInItsSession(bounds),
        envVars: {
          PULUMI_BACKEND_URL: `file://${folder}`,
          PULUMI_CONFIG_PASSPHRASE: passphrase,
          PULUMI_SKIP_UPDATE_CHECK: 'true',
          PATH: `${process.env['PATH'] ?? ''}${delimiter}${PLUGINS}`,
        },
      },
    );
    return { stack: withoutAfterthoughts(stack), folder, current };
  }

  /** Brings the stack to a program. */
  async up(
    program: PulumiFn,
    options?: UpOptions,
  ): Promise<{ changes: Changes; touched: string[]; outputs: Record<string, unknown>; stdout: string }> {
    this.current.program = program;
    const told = new Told();
    const { stdout } = await this.stack.up({ ...options, onEvent: told.onEvent });
    return { changes: told.changes, touched: told.touched, outputs: told.outputs, stdout };
  }

  /** The message of an `up` that must fail. */
  async upFails(program: PulumiFn): Promise<string> {
    this.current.program = program;
    return await messageOf(this.stack.up());
  }

  async preview(program: PulumiFn): Promise<{ changes: Changes; touched: string[]; stdout: string }> {
    this.current.program = program;
    const told = new Told();
    // Warnings go to the other stream when the differences are printed.
    const { changeSummary, stdout, stderr } = await this.stack.preview({
      diff: true,
      onEvent: told.onEvent,
    });
    return { changes: changeSummary, touched: told.touched, stdout: stdout + stderr };
  }

  async previewFails(program: PulumiFn): Promise<string> {
    this.current.program = program;
    return await messageOf(this.stack.preview());
  }

  async refresh(): Promise<{ changes: Changes; stdout: string }> {
    const told = new Told();
    const { stdout } = await this.stack.refresh({ onEvent: told.onEvent });
    return { changes: told.changes, stdout };
  }

  async destroy(): Promise<Changes> {
    const told = new Told();
    await this.stack.destroy({ onEvent: told.onEvent });
    return told.changes;
  }

  /** The stored state, secrets in their encrypted form. */
  async state(): Promise<string> {
    return JSON.stringify((await this.stack.exportStack()).deployment);
  }

  /** Changes the stored state behind the engine's back. */
  async rewriteState(rewrite: (text: string) => string): Promise<void> {
    const state = await this.stack.exportStack();
    const deployment: unknown = JSON.parse(rewrite(JSON.stringify(state.deployment)));
    await this.stack.importStack({ ...state, deployment });
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

  /** Throws the state away; what the steps made and did not destroy stays. */
  remove(): Promise<void> {
    rmSync(this.folder, { recursive: true });
    return Promise.resolve();
  }
}

/** What the engine tells of a step while it runs. */
export class Told {
  /** How many resources it created, updated and so on. */
  changes: Changes = {};
  /** The stack's outputs; a secret one as `[secret]`. */
  outputs: Record<string, unknown> = {};
  private readonly found: string[] = [];

  /** Operation and name of every resource that was touched and is not a component, sorted. */
  get touched(): string[] {
    return [...this.found].sort();
  }

  readonly onEvent = ({ resourcePreEvent, resOutputsEvent, summaryEvent }: EngineEvent): void => {
    if (summaryEvent) this.changes = summaryEvent.resourceChanges;
    const stack = resOutputsEvent?.metadata;
    if (stack?.type === 'pulumi:pulumi:Stack') this.outputs = stack.new?.outputs ?? {};
    if (!resourcePreEvent) return;
    const { op, urn, old, new: next } = resourcePreEvent.metadata;
    const custom = next?.custom ?? old?.custom ?? false;
    if (custom && (op as string) !== 'same') this.found.push(`${op} ${urn.split('::').at(-1) ?? ''}`);
  };
}

async function messageOf(step: Promise<unknown>): Promise<string> {
  try {
    await step;
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('the step should have failed, and did not');
}
