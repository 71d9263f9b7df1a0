import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stateDirectory } from '../places';
import { nodes, type LabNode } from './nodes';

/** One of the lab's clusters: a control plane, and the nodes that it has. */
export interface LabCluster {
  /** Its name, and that of its context in the kubeconfig. */
  readonly name: string;
  /** What its control plane keeps: certificates, etcd's data, kubeconfigs. */
  readonly directory: string;
  /** The control plane runs on the first. */
  readonly nodes: readonly [LabNode, ...LabNode[]];
}

/** How many clusters a lab can have: one with all nodes, or one a node. */
export const clusterCounts = [1, nodes.length] as const;

/** The clusters of a lab that has so many. */
export function labClusters(count: number): LabCluster[] {
  const [first, ...others] = nodes;
  if (!first) return [];
  if (count === 1) {
    return [{ name: 'casper-lab', directory: stateDirectory, nodes: [first, ...others] }];
  }
  return nodes.map((node) => ({
    name: node.name,
    directory: path.join(stateDirectory, 'clusters', node.name),
    nodes: [node],
  }));
}

export function apiServerOf({ nodes: [{ address }] }: LabCluster): string {
  return `https://${address}:6443`;
}

/** Name of a process that every cluster has one of. */
export function daemonOf({ name, directory }: LabCluster, program: string): string {
  return directory === stateDirectory ? program : `${program}-${name}`;
}

const countFile = path.join(stateDirectory, 'clusters.json');

/** Notes how many clusters the lab is brought up with. */
export function noteClusters(count: number): void {
  writeFileSync(countFile, JSON.stringify(count));
}

/** The clusters of the lab that is up, or was being brought up. */
export function clustersUp(): LabCluster[] {
  return labClusters(existsSync(countFile) ? Number(readFileSync(countFile, 'utf8')) : 1);
}
