import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LocalWorkspace, Stack, StackNotFoundError, type PulumiCommand } from '@pulumi/pulumi/automation';
import { engineRuntime } from '../../start/engineRuntime';
import { adoptEncryption } from '../../stack/stackFile';
import { pulumiInItsSession } from './pulumiCommand';

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
 * Plain `pulumi up` and `pulumi preview` in the project's folder act on the same stack.
 */
export async function openStack({ projectDirectory, stackName, configFile }: StackOptions): Promise<Stack> {
  const pulumiCommand = await pulumiInItsSession();
  const options = { envVars: engineRuntime, pulumiCommand };
  const select = async (): Promise<Stack> =>
    withoutAfterthoughts(await LocalWorkspace.selectStack({ stackName, workDir: projectDirectory }, options));
  try {
    return await select();
  } catch (error) {
    if (!(error instanceof StackNotFoundError)) throw error;
    await initStack({ projectDirectory, stackName, configFile }, pulumiCommand);
    return select();
  }
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
async function initStack(
  { projectDirectory, stackName, configFile }: StackOptions,
  pulumiCommand: PulumiCommand,
): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'casper-init-'));
  const stackFile = path.join(folder, `Pulumi.${stackName}.yaml`);
  try {
    copyFileSync(path.join(projectDirectory, 'Pulumi.yaml'), path.join(folder, 'Pulumi.yaml'));
    copyFileSync(configFile, stackFile);
    await Stack.create(stackName, await LocalWorkspace.create({ workDir: folder, pulumiCommand }));
    adoptEncryption(configFile, stackFile);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
