import type { KubeConfig, V1Node, V1Pod } from '@kubernetes/client-node';
import { ApiException, CoreV1Api } from '../cluster/client';
import { ClusterError, within } from '../cluster/connection';
import { millicoresOf } from '../cluster/pods';
import { regionOfPod } from '../cluster/regionPods';
import { capacityOf, limitMillicoresOf, partsOf, podsOf, requestMillicoresOf } from '../stack/capacity';
import type { RegionConfig, StackConfig } from '../stack/stackConfig';

/** What a cluster's nodes have, and what runs there. */
export interface NodesAndPods {
  readonly nodes: readonly V1Node[];
  readonly pods: readonly V1Pod[];
}

const answerWithinMs = 10_000;

/**
 * A plan whose pods ask for more CPU than the nodes of their regions have free fails only after the rollout's time, with
 * pods that wait for ever: it is refused before anything is changed. Where the account may not see nodes and the pods of
 * others, nothing is checked.
 * @throws ClusterError that names the regions and what they are short of
 */
export async function assertNodesHold(kubeConfig: KubeConfig, config: StackConfig): Promise<void> {
  const core = kubeConfig.makeApiClient(CoreV1Api);
  let found: NodesAndPods;
  try {
    const [nodes, pods] = await Promise.all([
      core.listNode({}, within(answerWithinMs)),
      core.listPodForAllNamespaces({}, within(answerWithinMs)),
    ]);
    found = { nodes: nodes.items, pods: pods.items };
  } catch (error) {
    if (error instanceof ApiException && error.code === 403) return;
    throw error;
  }
  const lines = shortfalls(found, config);
  if (lines.length === 0) return;
  throw new ClusterError(
    `The nodes cannot hold this plan:\n${lines.map((line) => `  ${line}`).join('\n')}\n` +
      "Lower the regions' maxServers in casper:capacity or casper:regions, or give them nodes (or accept it: casper apply --force nodeCpu). Nothing was changed.",
  );
}

/**
 * Regions whose pods cannot all run, whatever the scheduler does, a line each; pure. Only what is certain is told: taints,
 * memory and how pods fit into what is left of each node are the scheduler's.
 */
export function shortfalls({ nodes, pods }: NodesAndPods, config: StackConfig): string[] {
  const podsOn = Map.groupBy(pods, ({ spec }) => spec?.nodeName);
  const free = new Map(
    nodes.map((node) => [nameOf(node), freeMillicores(node, podsOn.get(nameOf(node)) ?? [], config)]),
  );
  const demands = config.regions
    .filter(({ name }) => !config.plan.without?.includes(name))
    .map((region) => demandOf(region, config, nodes));
  return demands.flatMap(({ region, selector, places, largestPod, together }) => {
    if (together === 0) return [];
    const where = selector === '' ? 'the nodes' : `nodes with ${selector}`;
    const most = Math.max(0, ...places.map((name) => free.get(name) ?? 0));
    if (largestPod > most) {
      return [
        `${region}: a pod asks for ${largestPod}m of CPU, ${where} have at most ${most}m free: ${largestPod - most}m short`,
      ];
    }
    // What has no other place to go takes from the same nodes.
    const rivals = demands.filter((other) => other.places.every((name) => places.includes(name)));
    const asked = rivals.reduce((sum, other) => sum + other.together, 0);
    const room = places.reduce((sum, name) => sum + (free.get(name) ?? 0), 0);
    if (asked <= room) return [];
    const all = rivals.length === 1 ? 'its pods ask' : `the pods of ${rivals.length} regions ask`;
    return [`${region}: ${all} for ${asked}m of CPU, ${where} have ${room}m free: ${asked - room}m short`];
  });
}

/** CPU requests of a region's pods by the plan, in millicores, and the nodes that may run them. */
function demandOf(
  region: RegionConfig,
  config: StackConfig,
  nodes: readonly V1Node[],
): { region: string; selector: string; places: string[]; largestPod: number; together: number } {
  const { name, nodeSelector = {} } = region;
  const capacity = capacityOf(config, name);
  const pods = podsOf(limitMillicoresOf(config.plan, name), capacity);
  const together =
    pods === 0
      ? 0
      : requestMillicoresOf(config.plan.regions[name]?.cpuMillicores ?? 0, capacity.cpuRequestPercent);
  const wanted = Object.entries(nodeSelector);
  return {
    region: name,
    selector: wanted.map(([key, value]) => `${key}=${value}`).join(','),
    places: nodes
      .filter(({ metadata }) => wanted.every(([key, value]) => metadata?.labels?.[key] === value))
      .map(nameOf),
    largestPod: partsOf(together, pods)[0] ?? 0,
    together,
  };
}

/** What a node has for this stack: all that pods may ask for, less what those of others on it do. */
function freeMillicores(node: V1Node, pods: readonly V1Pod[], config: StackConfig): number {
  const taken = pods
    .filter(
      (pod) =>
        !['Succeeded', 'Failed'].includes(pod.status?.phase ?? '') &&
        !(pod.metadata?.namespace === config.service.namespace && regionOfPod(pod, config) !== undefined),
    )
    .flatMap(({ spec }) => spec?.containers ?? [])
    .reduce((sum, { resources }) => sum + millicoresOf(resources?.requests?.['cpu'] ?? '0'), 0);
  return Math.floor(millicoresOf(node.status?.allocatable?.['cpu'] ?? '0') - taken);
}

function nameOf({ metadata }: V1Node): string {
  return metadata?.name ?? '';
}
