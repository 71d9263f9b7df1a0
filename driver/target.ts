import type { Stack } from '@pulumi/pulumi/automation';
import { stackClusters, type StackCluster } from '../cluster/stackClusters';
import { readStackSettings } from '../stack/stackFile';
import { openStack, type StackOptions } from './engine/stack';
import { assertAddressesFree, assertManifestsExist } from './preconditions';
import { reach, type SilentCluster } from './reach';

/** A stack that may be changed, and its clusters, of which one at least was reached before anything is. */
export interface Target {
  readonly options: StackOptions;
  readonly clusters: readonly StackCluster[];
  /** As they were when they were reached. */
  readonly silent: readonly SilentCluster[];
  /** The stack, made where the backend has none; opened once. */
  readonly stack: () => Promise<Stack>;
}

/**
 * Checks the stack file and reaches the clusters; changes nothing.
 * @throws StackConfigError, ClusterError
 */
export async function openTarget(options: StackOptions): Promise<Target> {
  // Its plan is checked when it is previewed or applied: another one may be about to replace it.
  const config = readStackSettings(options.configFile);
  const clusters = stackClusters(config);
  assertManifestsExist(config);
  const { answering, silent } = await reach(clusters, config);
  await Promise.all(answering.map(({ kubeConfig }) => assertAddressesFree(kubeConfig, config)));
  let stack: Promise<Stack> | undefined;
  return { options, clusters, silent, stack: () => (stack ??= openStack(options)) };
}
