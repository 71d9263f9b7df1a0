import path from 'node:path';
import { parseThrottling, readThrottling } from '../../../../driver/verify/cpuThrottling';
import { regionLabel } from '../../../../stack/naming';
import { readStackFile } from '../../../../stack/stackFile';
import { stopServers } from '../../loopbackServer';
import { answerJson, fakeCluster } from '../fakeCluster';

afterEach(stopServers);

const uptime = '350735.47 234388.90\n';

test('cgroup v2: its counts, the period of its quota, the node’s clock', () => {
  const stat = 'usage_usec 12\nnr_periods 40\nnr_throttled 31\nthrottled_usec 900\n';
  const read = { throttledPeriods: 31, periodMicros: 50_000, uptimeSeconds: 350735.47 };
  expect(parseThrottling(`${stat}2810 50000\n${uptime}`)).toEqual(read);
  expect(parseThrottling(`${stat}max 50000\n${uptime}`)).toEqual(read);
});

test('cgroup v1 has a file for the period alone', () => {
  expect(
    parseThrottling(`nr_periods 40\nnr_throttled 31\nthrottled_time 900\n100000\n${uptime}`),
  ).toMatchObject({ throttledPeriods: 31, periodMicros: 100_000 });
});

test.each([
  '',
  'cat: not found',
  `nr_throttled -1\n100 100000\n${uptime}`,
  `nr_throttled 1\n100 0\n${uptime}`,
  `nr_throttled 1\n${uptime}`,
  'nr_throttled 1\n100 100000\n',
])('%j is unknown, and no number', (text) => {
  expect(parseThrottling(text)).toHaveProperty('unknown');
});

describe('what cannot be read is missing, and no number', () => {
  const config = readStackFile(path.join(__dirname, '../../../../Pulumi.dev.yaml'));
  const pod = (name: string, ready: string) => ({
    metadata: { name, labels: { [regionLabel]: 'us-east-1' } },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready }] },
  });

  test('pods in which nothing can be run; one that is not ready is not asked', async () => {
    const asked: string[] = [];
    const kubeConfig = await fakeCluster((response, request) => {
      asked.push(request.url ?? '');
      if (request.url?.includes('/exec')) response.writeHead(403).end('forbidden');
      else answerJson(response, { kind: 'PodList', items: [pod('a', 'True'), pod('b', 'False')] });
    });
    const clusters = [{ name: 'cluster', context: 'fake', kubeConfig }];
    expect(await readThrottling(clusters, config)).toEqual([]);
    expect(asked.filter((url) => url.includes('/exec')).map((url) => /pods\/(\w+)/.exec(url)?.[1])).toEqual([
      'a',
    ]);
  });

  test('a cluster that does not answer as it should', async () => {
    const kubeConfig = await fakeCluster((response) => response.writeHead(500).end('no'));
    const clusters = [{ name: 'cluster', context: 'fake', kubeConfig }];
    expect(await readThrottling(clusters, config)).toEqual([]);
  });
});
