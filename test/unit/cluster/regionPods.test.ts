import { loadYaml, type V1Deployment, type V1Pod } from '@kubernetes/client-node';
import { readLiveCpu } from '../../../cluster/liveCpu';
import { listOfRegions, regionOfDeployment, regionOfPod } from '../../../cluster/regionPods';
import { answerJson, fakeCluster } from '../driver/fakeCluster';
import { stopServers } from '../loopbackServer';
import { existingConfig } from '../stack/existing';

afterEach(stopServers);

const config = existingConfig();
const hash = '5d8f9c7b6';

const podOf = (deployment: string, metadata: object = {}, limit = '101m'): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: `${deployment}-${hash}-abcde`,
    labels: { 'pod-template-hash': hash, 'app.kubernetes.io/instance': 'helm-release' },
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${deployment}-${hash}`, uid: 'u' }],
    ...metadata,
  },
  spec: {
    containers: [{ name: 'beside' }, { name: 'web', resources: { limits: { cpu: limit } } }],
  },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
});
const regionOf = (pod: object): string | undefined =>
  regionOfPod(loadYaml<V1Pod>(JSON.stringify(pod)), config);

test('a pod of another’s Deployment is its region’s, whatever its labels say', () => {
  expect(regionOf(podOf('shop-paris'))).toBe('paris');
  expect(regionOf(podOf('shop-berlin'))).toBe('berlin');
  expect(regionOf(podOf('shop'))).toBeUndefined();
  expect(regionOf(podOf('shop-paris', { ownerReferences: undefined }))).toBeUndefined();
  expect(regionOf(podOf('shop-paris', { labels: {} }))).toBeUndefined();
  const ofJob = [{ apiVersion: 'batch/v1', kind: 'Job', name: `shop-paris-${hash}`, uid: 'u' }];
  expect(regionOf(podOf('shop-paris', { ownerReferences: ofJob }))).toBeUndefined();
  expect(listOfRegions(config)).toEqual({ namespace: 'shops' });
  const deployment = loadYaml<V1Deployment>(JSON.stringify({ metadata: { name: 'shop-paris' } }));
  expect(regionOfDeployment(deployment, config)).toBe('paris');
});

test('what its pods have is the live CPU of a region, which an owner’s template does not bound', async () => {
  const deployment = {
    metadata: { name: 'shop-paris' },
    spec: {
      replicas: 2,
      template: { spec: { containers: [{ name: 'web', resources: { limits: { cpu: '50m' } } }] } },
    },
  };
  const kubeConfig = await fakeCluster((response, { url = '' }) => {
    const pods = [podOf('shop-paris'), podOf('shop-paris', {}, '100m'), podOf('shop-paris'), podOf('other')];
    answerJson(response, { items: url.includes('/deployments') ? [deployment] : pods });
  });
  // Three run, of which one is about to go: the larger ones may be it.
  expect(await readLiveCpu(kubeConfig, config, 1000)).toEqual({
    paris: { readyMillicores: 201, runningMillicores: 201, pods: 2 },
  });
  const rollout = existingConfig(({ service }) => (service['cpuChange'] = 'rollout'));
  expect(await readLiveCpu(kubeConfig, rollout, 1000)).toMatchObject({ paris: { readyMillicores: 100 } });
});
