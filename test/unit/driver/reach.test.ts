import { KubeConfig } from '../../../cluster/client';
import { reach, regionsAsTheyAre } from '../../../driver/reach';
import type { StackConfig } from '../../../stack/stackConfig';
import { stopServers } from '../loopbackServer';
import { answerJson, fakeCluster } from './fakeCluster';

afterEach(stopServers);

const config = {
  clusters: [
    { name: 'east', context: 'e' },
    { name: 'west', context: 'w' },
  ],
  regions: [
    { name: 'paris', cluster: 'east' },
    { name: 'denver', cluster: 'west' },
    { name: 'austin', cluster: 'west' },
  ],
} as unknown as StackConfig;

function dead(): KubeConfig {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser(
    { name: 'dead', server: 'https://127.0.0.1:9', skipTLSVerify: true },
    { name: 'nobody' },
  );
  return kubeConfig;
}

test('a cluster that does not answer is told from one that does, with its regions and the reason', async () => {
  const east = await fakeCluster((response) => {
    answerJson(response, { major: '1', minor: '34' });
  });
  const { answering, silent } = await reach(
    [
      { name: 'east', context: 'e', kubeConfig: east },
      { name: 'west', context: 'w', kubeConfig: dead() },
    ],
    config,
  );
  expect(answering.map(({ name }) => name)).toEqual(['east']);
  expect(silent).toEqual([
    {
      name: 'west',
      regions: ['denver', 'austin'],
      reason: expect.stringContaining('No API server answers at https://127.0.0.1:9') as string,
    },
  ]);
});

test('where none answers there is nothing to go on with', async () => {
  const clusters = ['east', 'west'].map((name) => ({ name, context: name, kubeConfig: dead() }));
  await expect(reach(clusters, config)).rejects.toThrow('No API server answers');
});

test('what stands on the same as a lost region may be lost unasked: it stays as it is', async () => {
  const regions = [
    { name: 'oslo', failureDomain: 'node-1' },
    { name: 'bergen', failureDomain: 'node-1' },
    { name: 'paris' },
    { name: 'lyon' },
  ];
  const one = { cluster: { context: 'c' }, regions } as unknown as StackConfig;
  expect(await regionsAsTheyAre(one, ['oslo', 'lyon'])).toEqual(['bergen']);
  expect(await regionsAsTheyAre(one, [])).toEqual([]);
});
