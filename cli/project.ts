import { existsSync } from 'node:fs';
import path from 'node:path';
import type { StackOptions } from '../driver/engine/stack';
import type { StackFlags } from './options';

/** The folder of Pulumi.yaml: a checkout, or the installed package. This file runs as dist/cli/project.js. */
export const projectDirectory = path.resolve(__dirname, '..', '..');

/** Whether the lab can be built here: a checkout has its sources, the package has not. */
export const hasLabSources = existsSync(path.join(projectDirectory, 'lab'));

/** The trace that comes with the project; generated, and said to be wherever it is shown. */
export const sampleTraces = path.join(projectDirectory, 'traces', 'sample');

/** Absolute path of the stack's file. */
export function stackFileOf({ stack, configFile }: StackFlags): string {
  return path.resolve(configFile ?? path.join(projectDirectory, `Pulumi.${stack}.yaml`));
}

export function stackOptionsOf(flags: StackFlags): StackOptions {
  return { projectDirectory, stackName: flags.stack, configFile: stackFileOf(flags) };
}
