import path from 'node:path';
import type { StackOptions } from '../driver/engine/stack';
import type { StackFlags } from './options';

/** The checkout: the folder of Pulumi.yaml. This file runs as dist/cli/project.js. */
export const projectDirectory = path.resolve(__dirname, '..', '..');

/** The trace that comes with the project; generated, and said to be wherever it is shown. */
export const sampleTraces = path.join(projectDirectory, 'traces', 'sample');

export function stackOptionsOf({ stack, configFile }: StackFlags): StackOptions {
  return {
    projectDirectory,
    stackName: stack,
    configFile: path.resolve(configFile ?? path.join(projectDirectory, `Pulumi.${stack}.yaml`)),
  };
}
