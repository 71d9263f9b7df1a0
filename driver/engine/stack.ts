import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LocalWorkspace, Stack, StackNotFoundError } from '@pulumi/pulumi/automation';
import { engineRuntime } from '../../start/engineRuntime';
import { adoptEncryption } from '../../stack/stackFile';
import { pulumiInItsSession, type Runs } from './pulumiCommand';

/** The stack to act on, and the stack file that it takes its config from. */
export interface StackOptions {
  /** Folder of Pulumi.yaml. */
  readonly projectDirectory: string;
  readonly stackName: string;
  /** Path of the stack file. */
  readonly configFile: string;
}

/**
 * Opens the stack of the local program, and makes it when the backend has none of that name.
 * Plain `pulumi up` and `pulumi preview` in the project's folder act on the same stack, where they name it.
 */
export async function openStack({ projectDirectory, stackName, configFile }: StackOptions): Promise<Stack> {
  const workspace = await workspaceOf(projectDirectory);
  const use = async (): Promise<Stack> => withoutAfterthoughts(await Stack.select(stackName, workspace));
  try {
    return await use();
  } catch (error) {
    if (!(error instanceof StackNotFoundError)) throw error;
    await initStack({ projectDirectory, stackName, configFile });
    return use();
  }
}

/**
 * A workspace in which a stack is used or made, and none is selected: which stack plain `pulumi up` acts on is a
 * person's to say, and noted by `pulumi stack select` for the folder. Every other command names its stack.
 */
async function workspaceOf(workDir: string): Promise<LocalWorkspace> {
  const pulumiCommand = await pulumiInItsSession();
  const workspace = await LocalWorkspace.create({ workDir, envVars: engineRuntime, pulumiCommand });
  const run = async (...args: string[]): Promise<void> => {
    await (pulumiCommand as unknown as Runs).run(args, workDir, engineRuntime);
  };
  return Object.assign(workspace, {
    selectStack: (name: string) => run('stack', '--show-name', '--stack', name),
    createStack: (name: string) => run('stack', 'init', name, '--no-select'),
  });
}

/**
 * After an update the Automation API runs the CLI three times more, for outputs and history: a third of its time, for
 * answers that nobody reads. `stack.workspace.stackOutputs` still gives the outputs.
 */
export function withoutAfterthoughts(stack: Stack): Stack {
  const nothing = { outputs: () => Promise.resolve({}), info: () => Promise.resolve(undefined) };
  return Object.assign(stack, nothing);
}

/**
 * `pulumi stack init` writes an encryption salt into Pulumi.<stack>.yaml of its folder. Making the stack from a
 * folder of its own puts the salt into the stack file in use, and leaves the committed one alone.
 */
async function initStack({ projectDirectory, stackName, configFile }: StackOptions): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'casper-init-'));
  const stackFile = path.join(folder, `Pulumi.${stackName}.yaml`);
  try {
    copyFileSync(path.join(projectDirectory, 'Pulumi.yaml'), path.join(folder, 'Pulumi.yaml'));
    copyFileSync(configFile, stackFile);
    await Stack.create(stackName, await workspaceOf(folder));
    adoptEncryption(configFile, stackFile);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
