import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { execa, type Options } from 'execa';
import { plainStep } from './plainStep';

export const checkout = path.resolve(__dirname, '..', '..');

/** Casper's command line, as this checkout has built it. */
export function casper(args: readonly string[], options: Options = {}) {
  return execa('node', ['dist/cli/main.js', ...args], { ...options, cwd: checkout });
}

/**
 * Writes a stack file for the regions of a trace, anew, and installs what the lab's cluster has one of.
 * @returns the file's path
 */
export async function stackInLab(stackName: string, traces: string): Promise<string> {
  const fileOf = (stack: string): string => path.join(checkout, 'runs', `Pulumi.${stack}.yaml`);
  const configFile = fileOf(stackName);
  mkdirSync(path.dirname(configFile), { recursive: true });
  for (const stack of [stackName, `${stackName}-platform`]) rmSync(fileOf(stack), { force: true });
  await casper(['init', '--lab', '--traces', traces, '--config-file', configFile]);
  await plainStep('installing the platform', () =>
    casper(['platform', '--stack', stackName, '--config-file', configFile]),
  );
  return configFile;
}
