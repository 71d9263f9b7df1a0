import { loadYaml, type V1Node, type V1Pod } from '@kubernetes/client-node';
import path from 'node:path';
import { assertNodesHold, shortfalls } from '../../../driver/nodeRoom';
import { readStackFile } from '../../../stack/stackFile';
import type { StackConfig } from '../../../stack/stackConfig';
import { stopServers } from '../loopbackServer';
import { answerJson, fakeCluster } from './fakeCluster';

afterEach(stopServers);

const node = (name: string, cpu: string, labels: Record<string, string> = {}): V1Node =>
  loadYaml(
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels },
      status: { allocatable: { cpu } },
    }),
  );
const pod = (
  nodeName: string,
  cpu: string,
  phase = 'Running',
  metadata: object = { namespace: 'other' },
): V1Pod =>
  loadYaml(
    JSON.stringify({
      ...{ apiVersion: 'v1', kind: 'Pod', metadata, status: { phase } },
      spec: { nodeName, containers: [{ name: 'c', resources: { requests: { cpu } } }] },
    }),
  );

const dev = readStackFile(path.join(__dirname, '..', '..', '..', 'Pulumi.dev.yaml'));
/** Regions by their CPU in millicores, of which a pod asks for nine tenths. */
function stack(regions: Record<string, number>, changes: Partial<StackConfig> = {}): StackConfig {
  const plan = {
    ...dev.plan,
    regions: Object.fromEntries(
      Object.entries(regions).map(([name, cpuMillicores]) => [
        name,
        { servers: cpuMillicores / 10, cpuMillicores },
      ]),
    ),
  };
  return { ...dev, regions: Object.keys(regions).map((name) => ({ name })), plan, ...changes };
}

test('what fits is no shortfall; what others ask for counts, what has ended and the stack’s own pods do not', () => {
  const nodes = [node('a', '1')];
  const own = { namespace: dev.service.namespace, labels: { 'app.kubernetes.io/instance': 'r' } };
  const pods = [pod('a', '100m'), pod('a', '500m', 'Succeeded'), pod('a', '900m', 'Running', own)];
  expect(shortfalls({ nodes, pods }, stack({ r: 1000 }))).toEqual([]);
  expect(shortfalls({ nodes, pods: [...pods, pod('a', '50m')] }, stack({ r: 1000 }))).toEqual([
    'r: a pod asks for 900m of CPU, the nodes have at most 850m free: 50m short',
  ]);
});

test('regions that share nodes are counted together', () => {
  const nodes = [node('a', '1'), node('b', '500m')];
  expect(shortfalls({ nodes, pods: [] }, stack({ r: 1000, s: 1000 }))).toEqual([
    'r: the pods of 2 regions ask for 1800m of CPU, the nodes have 1500m free: 300m short',
    's: the pods of 2 regions ask for 1800m of CPU, the nodes have 1500m free: 300m short',
  ]);
});

test('a region with nodes of its own is short of those, whatever others have', () => {
  const nodes = [node('a', '1', { zone: 'x' }), node('b', '8', { zone: 'y' })];
  const config = stack({ r: 2000, s: 2000 });
  const regions = [{ name: 'r', nodeSelector: { zone: 'x' } }, { name: 's' }];
  expect(shortfalls({ nodes, pods: [] }, { ...config, regions })).toEqual([
    'r: a pod asks for 1800m of CPU, nodes with zone=x have at most 1000m free: 800m short',
  ]);
});

test('a region that no node has the labels for is short of everything', () => {
  const config = { ...stack({ r: 100 }), regions: [{ name: 'r', nodeSelector: { zone: 'none' } }] };
  expect(shortfalls({ nodes: [node('a', '1')], pods: [] }, config)).toEqual([
    'r: a pod asks for 90m of CPU, nodes with zone=none have at most 0m free: 90m short',
  ]);
});

test('several pods fit where one does not', () => {
  const nodes = [node('a', '1'), node('b', '1')];
  const config = stack({ r: 2001 });
  expect(shortfalls({ nodes, pods: [] }, config)).toHaveLength(1);
  const capacity = { ...config.capacity, serversPerPod: 100 };
  expect(shortfalls({ nodes, pods: [] }, { ...config, capacity })).toEqual([]);
});

test('nothing is expected of a region that is left out', () => {
  const config = stack({ r: 2000 });
  const without = { ...config, plan: { ...config.plan, without: ['r'] } };
  expect(shortfalls({ nodes: [node('a', '1')], pods: [] }, without)).toEqual([]);
});

test('an account that may not see the nodes is not kept from applying', async () => {
  const cluster = await fakeCluster((response) => {
    response.statusCode = 403;
    answerJson(response, { kind: 'Status', message: 'nodes is forbidden' });
  });
  await assertNodesHold(cluster, stack({ r: 2000 }));
});

test('the refusal names what to do', async () => {
  const cluster = await fakeCluster((response, request) => {
    const nodes = request.url?.startsWith('/api/v1/nodes') ? [node('a', '1')] : [];
    answerJson(response, { items: nodes });
  });
  await expect(assertNodesHold(cluster, stack({ r: 2000 }))).rejects.toThrow(
    /The nodes cannot hold this plan:\n {2}r: a pod asks for 1800m.*\nLower .*maxServers.*Nothing was changed\.$/,
  );
});
