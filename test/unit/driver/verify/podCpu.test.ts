import path from 'node:path';
import { parseQuota, readQuota, type CpuQuota } from '../../../../driver/verify/cgroupQuota';
import { compare, verifyLive, type PodVerification } from '../../../../driver/verify/podCpu';
import type { Unknown } from '../../../../observe/unknown';
import { readStackFile } from '../../../../stack/stackFile';
import { stopServers } from '../../loopbackServer';
import { answerJson, fakeCluster } from '../fakeCluster';

afterEach(stopServers);

const notRead: Unknown = { unknown: 'no cat' };
const quotaOf = (quotaMicros: number | null): CpuQuota => ({ quotaMicros, periodMicros: 100_000 });
const pod = (limitMillicores: number | null, quota: CpuQuota | Unknown = notRead): PodVerification[] => [
  { name: 'pod', limitMillicores, quota },
];

describe('several pods', () => {
  const pods = (...limits: number[]): PodVerification[] =>
    limits.map((limit, index) => ({
      name: `pod-${index}`,
      limitMillicores: limit,
      quota: quotaOf(limit * 100),
    }));

  test('have equal parts that add up to the plan, in any order', () => {
    expect(compare('r', 251, pods(84, 83, 84), 3).ok).toBe(true);
    expect(compare('r', 251, pods(84, 84, 83), 3).ok).toBe(true);
  });

  test('may all have the largest part, as a rollout gives it', () => {
    expect(compare('r', 251, pods(84, 84, 84), 3).ok).toBe(true);
  });

  test('one with less, one with more, or one pod less is a fault', () => {
    expect(compare('r', 251, pods(84, 83, 83), 3).fault).toBe('pod-1 has a CPU limit of 83m, expected 84m');
    expect(compare('r', 251, pods(84, 85, 84), 3).fault).toBe('pod-1 has a CPU limit of 85m, expected 84m');
    expect(compare('r', 251, pods(126, 125), 3).fault).toBe('2 ready pods, expected 3');
  });
});

describe('what the kubelet reports', () => {
  test('is the plan’s limit, or a fault; no quota is needed for it', () => {
    expect(compare('r', 281, pod(281), 1).ok).toBe(true);
    expect(compare('r', 281, pod(280), 1).fault).toBe('pod has a CPU limit of 280m, expected 281m');
    expect(compare('r', 281, pod(null), 1).fault).toBe('pod has no CPU limit');
  });

  test('may be its smallest limit where less is planned', () => {
    expect(compare('r', 1, pod(1), 1).ok).toBe(true);
    expect(compare('r', 1, pod(10), 1).ok).toBe(true);
    expect(compare('r', 1, pod(11), 1).ok).toBe(false);
    expect(compare('r', 11, pod(10), 1).ok).toBe(false);
  });

  test('no pod and a pod too many are faults', () => {
    expect(compare('r', 281, [], 1).fault).toBe('0 ready pods, expected 1');
    expect(compare('r', 0, pod(1), 0).fault).toBe('1 ready pods, expected 0');
    expect(compare('r', 0, [], 0).ok).toBe(true);
  });
});

describe('the quota, where it was read', () => {
  test('281m is 28,100 us of every 100,000', () => {
    expect(compare('r', 281, pod(281, quotaOf(28_100)), 1).ok).toBe(true);
    expect(compare('r', 281, pod(281, quotaOf(28_000)), 1).fault).toBe(
      'pod may use 28000 of every 100000 us, expected 28100',
    );
  });

  test('systemd’s rounding up to a whole percent is the same limit', () => {
    expect(compare('r', 281, pod(281, quotaOf(29_000)), 1).ok).toBe(true);
    expect(compare('r', 281, pod(281, quotaOf(30_000)), 1).ok).toBe(false);
  });

  test('kubelet’s smallest quota is that of 10m', () => {
    expect(compare('r', 1, pod(1, quotaOf(1000)), 1).ok).toBe(true);
  });

  test('no limit is a fault, whatever the kubelet reports', () => {
    expect(compare('r', 281, pod(281, quotaOf(null)), 1).fault).toBe('pod has no CPU limit in its cgroup');
  });

  test('both versions of cgroups are understood, and anything else is unknown', () => {
    expect(parseQuota('28100 100000\n')).toEqual(quotaOf(28_100));
    expect(parseQuota('28100\n100000\n')).toEqual(quotaOf(28_100));
    expect(parseQuota('max 100000\n')).toEqual(quotaOf(null));
    expect(parseQuota('-1\n100000\n')).toEqual(quotaOf(null));
    for (const text of ['', '28100', 'abc 100000', '28100 0', '1 2 3']) {
      expect(parseQuota(text)).toEqual({ unknown: `expected a quota and a period, got "${text}"` });
    }
  });
});

describe('against an API server', () => {
  const config = readStackFile(path.join(__dirname, '../../../../Pulumi.dev.yaml'));
  /** As the API server gives it. */
  const livePod = (region: string, resources: object | undefined, specLimit = '1001m') => ({
    metadata: { name: `kiwix-${region}-1`, labels: { 'app.kubernetes.io/instance': region } },
    spec: { containers: [{ name: 'kiwix-serve', resources: { limits: { cpu: specLimit } } }] },
    status: {
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [
        {
          ...{ name: 'kiwix-serve', image: 'i', imageID: '', ready: true, restartCount: 0 },
          ...(resources && { resources }),
        },
      ],
    },
  });
  const pods = [
    livePod('ap-southeast-2', { limits: { cpu: '81m' } }),
    livePod('eu-west-3', undefined, '741m'),
    livePod('us-east-1', { limits: { cpu: '281m' } }),
    livePod('us-west-1', { requests: { cpu: '46m' } }),
  ];

  const rollingOut = {
    metadata: {
      name: 'kiwix-us-east-1',
      labels: { 'app.kubernetes.io/instance': 'us-east-1' },
      generation: 2,
    },
    spec: { replicas: 1 },
    status: { observedGeneration: 1, replicas: 1, updatedReplicas: 1 },
  };

  test('an image without cat, or a user who may run nothing in pods: the kubelet’s report decides', async () => {
    const kubeConfig = await fakeCluster((response, { url = '' }) => {
      if (url.includes('/deployments?')) {
        answerJson(response, { apiVersion: 'apps/v1', kind: 'DeploymentList', items: [rollingOut] });
        return;
      }
      if (!url.includes('/exec?')) {
        answerJson(response, { apiVersion: 'v1', kind: 'PodList', items: pods });
        return;
      }
      response.statusCode = 403;
      response.end();
    });
    const verification = await verifyLive(kubeConfig, config);
    expect(verification.map(({ region, fault }) => [region, fault])).toEqual([
      ['ap-southeast-2', null],
      ['eu-central-1', null],
      ['eu-west-3', null],
      ['us-east-1', 'its rollout is not done: 0 of 1 pods are of the newest template, 1 of one before'],
      ['us-east-2', null],
      ['us-west-1', 'kiwix-us-west-1-1 has no CPU limit'],
    ]);
    expect(verification[0]?.pods[0]?.quota).toEqual({ unknown: expect.stringContaining('403') as unknown });
  });

  test('a pod that was replaced is not counted once the controller removes it', async () => {
    let asked = 0;
    const replaced = livePod('us-east-1', { limits: { cpu: '201m' } });
    const kubeConfig = await fakeCluster((response, { url = '' }) => {
      if (url.includes('/exec?')) {
        response.statusCode = 403;
        response.end();
        return;
      }
      if (url.includes('/deployments?')) {
        answerJson(response, { apiVersion: 'apps/v1', kind: 'DeploymentList', items: [] });
        return;
      }
      asked += 1;
      const items = asked === 1 ? [...pods, replaced] : pods;
      answerJson(response, { apiVersion: 'v1', kind: 'PodList', items });
    });
    const verification = await verifyLive(kubeConfig, config);
    expect(verification.find(({ region }) => region === 'us-east-1')).toMatchObject({ fault: null });
    expect(asked).toBe(2);
  });

  test('a command that never ends is given up', async () => {
    const kubeConfig = await fakeCluster(() => undefined);
    const name = { namespace: 'casper', pod: 'p', container: 'c' };
    expect(await readQuota(kubeConfig, name, 200)).toEqual({ unknown: 'no answer within 0.2 s' });
  });
});
