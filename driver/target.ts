import { copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Stack } from '@pulumi/pulumi/automation';
import { assertReachable, kubeConfigOf } from '../cluster/connection';
import { readStackSettings } from '../stack/stackFile';
import { openStack, type StackOptions } from './engine/stack';
import { assertAddressesFree, assertManifestsExist } from './preconditions';

/** A cluster and a stack that may be changed: both were reached before anything is. */
export interface Target {
  readonly options: StackOptions;
  readonly kubeConfig: KubeConfig;
  /** The stack, made where the backend has none; opened once. */
  readonly stack: () => Promise<Stack>;
}

/**
 * Checks the stack file and reaches the cluster; changes nothing.
 * @throws StackConfigError, ClusterError
 */
export async function openTarget(options: StackOptions): Promise<Target> {
  // Its plan is checked when it is previewed or applied: another one may be about to replace it.
  const config = readStackSettings(options.configFile);
  const kubeConfig = kubeConfigOf(config.cluster);
  assertManifestsExist(config);
  await assertReachable(kubeConfig);
  await assertAddressesFree(kubeConfig, config);
  let stack: Promise<Stack> | undefined;
  return { options, kubeConfig, stack: () => (stack ??= openStack(options)) };
}

/** The same on a copy of the stack file, in a folder that is made where it is not there. */
export function openTargetOnCopy(options: StackOptions, directory: string): Promise<Target> {
  mkdirSync(directory, { recursive: true });
  const configFile = path.join(directory, `Pulumi.${options.stackName}.yaml`);
  copyFileSync(options.configFile, configFile);
  return openTarget({ ...options, configFile });
}
