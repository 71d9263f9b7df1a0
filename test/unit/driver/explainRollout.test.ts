import { explainRollout } from '../../../driver/explainRollout';
import { stopServers } from '../loopbackServer';
import { answerJson, fakeCluster } from './fakeCluster';

afterEach(stopServers);

const ours = { service: { namespace: 'casper' }, regions: [] };

/** Objects in the form in which an API server of Kubernetes 1.34 gives them, shortened. */
interface Objects {
  pods?: object[];
  deployments?: object[];
  events?: object[];
}

async function reasons({ pods = [], deployments = [], events = [] }: Objects): Promise<string[]> {
  const kubeConfig = await fakeCluster((response, { url = '' }) => {
    const kind = /\/(pods|deployments|events)\?/.exec(url)?.[1];
    const items = kind === 'pods' ? pods : kind === 'deployments' ? deployments : events;
    answerJson(response, { items });
  });
  return explainRollout(kubeConfig, ours);
}

const pod = (region: string, status: object, metadata: object = {}): object => ({
  metadata: {
    ...{ name: `kiwix-${region}-5d8f9-abcde`, uid: `uid-${region}` },
    labels: { 'app.kubernetes.io/instance': region, 'app.kubernetes.io/part-of': 'casper' },
    ...metadata,
  },
  status,
});
const scheduled = [
  { type: 'PodScheduled', status: 'True' },
  { type: 'Ready', status: 'False' },
];
const container = (state: object, more: object = {}): object => ({
  phase: 'Running',
  conditions: scheduled,
  containerStatuses: [
    ...[{ name: 'kiwix-serve', image: 'i', imageID: '', ready: false, restartCount: 0, state, ...more }],
  ],
});
const event = (region: string, reason: string, message: string, lastTimestamp = '2026-01-05T00:00:01Z') => ({
  involvedObject: { kind: 'Pod', uid: `uid-${region}` },
  metadata: {},
  ...{ reason, message, lastTimestamp, type: 'Warning' },
});

test('an image that cannot be pulled: with the registry’s words, also while the next try is waited for', async () => {
  const waiting = {
    waiting: { reason: 'ErrImagePull', message: 'failed to resolve "x/missing:1": not found' },
  };
  const pausing = {
    waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "x/missing:1"' },
  };
  expect(
    await reasons({
      pods: [pod('east', container(waiting)), pod('west', container(pausing))],
      events: [
        event('west', 'Failed', 'Failed to pull image "x/missing:1": no such host', '2026-01-05T00:00:01Z'),
        event('west', 'Failed', 'Error: ErrImagePull', '2026-01-05T00:00:02Z'),
      ],
    }),
  ).toEqual([
    'east: pod kiwix-east-5d8f9-abcde: ErrImagePull: failed to resolve "x/missing:1": not found',
    'west: pod kiwix-west-5d8f9-abcde: ImagePullBackOff: Failed to pull image "x/missing:1": no such host',
  ]);
});

test('a pod that no node takes: in the scheduler’s words', async () => {
  const message = "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.";
  const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }];
  expect(await reasons({ pods: [pod('east', { phase: 'Pending', conditions })] })).toEqual([
    `east: pod kiwix-east-5d8f9-abcde: Unschedulable: ${message}`,
  ]);
});

test('a crash loop: the last exit code', async () => {
  const state = {
    waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s restarting failed container' },
  };
  const lastState = { terminated: { exitCode: 137, reason: 'OOMKilled' } };
  const ended = { terminated: { exitCode: 2, reason: 'Error', message: 'no such file\n' } };
  expect(
    await reasons({
      pods: [
        pod('east', container(state, { lastState, restartCount: 3 })),
        pod('west', container(ended, { restartCount: 1 })),
      ],
    }),
  ).toEqual([
    'east: pod kiwix-east-5d8f9-abcde: CrashLoopBackOff: its last exit code is 137 (OOMKilled), restarted 3 times',
    'west: pod kiwix-west-5d8f9-abcde: the container ended: its last exit code is 2 (Error), restarted once: no such file',
  ]);
});

test('a probe that fails, a sandbox that is not made: the latest event', async () => {
  const creating = { waiting: { reason: 'ContainerCreating' } };
  expect(
    await reasons({
      pods: [pod('east', container({ running: {} })), pod('west', container(creating))],
      events: [
        event('east', 'Unhealthy', 'Readiness probe failed: HTTP probe failed with statuscode: 500'),
        event('east', 'Unhealthy', 'Readiness probe failed: connection refused', '2026-01-05T00:00:00Z'),
        event('west', 'FailedCreatePodSandBox', 'failed to setup network'),
      ],
    }),
  ).toEqual([
    'east: pod kiwix-east-5d8f9-abcde: Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 500',
    'west: pod kiwix-west-5d8f9-abcde: FailedCreatePodSandBox: failed to setup network',
  ]);
});

test('a pod that may not be made: the Deployment’s condition', async () => {
  const message = 'pods "kiwix-east-1" is forbidden: exceeded quota: small';
  expect(
    await reasons({
      deployments: [
        pod('east', {
          conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }],
        }),
      ],
    }),
  ).toEqual([`east: FailedCreate: ${message}`]);
});

test('pods that are ready, or on their way out, are no reason', async () => {
  const ready = { conditions: [{ type: 'Ready', status: 'True' }] };
  const leaving = { deletionTimestamp: '2026-01-05T00:00:00Z' };
  expect(await reasons({ pods: [pod('east', ready), pod('west', container({}), leaving)] })).toEqual([]);
});

test('an API server that says nothing is not waited for', async () => {
  const kubeConfig = await fakeCluster(() => undefined);
  expect(await explainRollout(kubeConfig, ours, 200)).toEqual([
    expect.stringContaining('the API server does not tell about the pods: '),
  ]);
});
