import type { KubeConfig } from '@kubernetes/client-node';
import { kubeConfigOf } from '../cluster/connection';
import { clustersOf, type NamedCluster } from '../stack/clusters';
import type { StackConfig } from '../stack/stackConfig';

/** A cluster of the stack, and how to ask it. */
export interface ProgramCluster extends NamedCluster {
  readonly kubeConfig: KubeConfig;
}

/** @throws ClusterError when a kubeconfig or a context is not there */
export function programClusters(config: StackConfig): ProgramCluster[] {
  return clustersOf(config).map((cluster) => ({ ...cluster, kubeConfig: kubeConfigOf(cluster) }));
}
