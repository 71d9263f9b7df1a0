import type { KubeConfig } from '@kubernetes/client-node';
import { clustersOf, type NamedCluster } from '../stack/clusters';
import type { StackConfig } from '../stack/stackConfig';
import { kubeConfigOf } from './connection';

/** A cluster of a stack, and how to ask its API server. */
export interface StackCluster extends NamedCluster {
  readonly kubeConfig: KubeConfig;
}

/** @throws ClusterError when a kubeconfig or a context is not there */
export function stackClusters(config: StackConfig): StackCluster[] {
  return clustersOf(config).map((cluster) => ({ ...cluster, kubeConfig: kubeConfigOf(cluster) }));
}
