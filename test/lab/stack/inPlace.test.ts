import { setTimeout as sleep } from 'node:timers/promises';
import { kubectl, live } from '../plugins/kubernetes/testStack';
import { CasperStack, type Change } from './casperCommand';

jest.setTimeout(240_000);

interface Applied {
  changes: Change[];
  verification: { region: string; ok: boolean; pods: { name: string; quotaMicros: number }[] }[];
}

/** A stack whose regions' CPU is changed in their pods. */
describe('in place', () => {
  let stack: CasperStack;
  beforeAll(() => {
    stack = CasperStack.create('test-in-place', 'inPlace');
  });
  afterAll(async () => {
    await stack.remove();
  });

  const quotas = ({ verification }: Applied): Record<string, number[]> =>
    Object.fromEntries(
      verification.map(({ region, pods }) => [region, pods.map(({ quotaMicros }) => quotaMicros)]),
    );
  const podNames = ({ verification }: Applied): string[] =>
    verification.flatMap(({ pods }) => pods.map(({ name }) => name)).sort();
  const restarts = (): Promise<string> =>
    kubectl(
      'get',
      'pods',
      '-n',
      stack.name,
      '-o',
      'jsonpath={.items[*].status.containerStatuses[*].restartCount}',
    );

  test('plans change the quota of the pods that run; none is restarted or replaced', async () => {
    const first = await stack.json<Applied>('apply');
    expect(quotas(first)).toMatchObject({
      'eu-west-3': [74_100],
      'us-east-1': [28_100],
      'us-west-1': [5_100],
    });

    stack.edit(
      'us-west-1: { servers: 5, cpuMillicores: 51 }',
      'us-west-1: { servers: 9, cpuMillicores: 91 }',
    );
    stack.edit(
      'us-east-1: { servers: 28, cpuMillicores: 281 }',
      'us-east-1: { servers: 20, cpuMillicores: 201 }',
    );
    expect((await stack.json<Applied>('preview')).changes).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          operation: 'update',
          resource: 'PodCpu us-west-1',
          properties: expect.arrayContaining([{ path: 'limitMillicores', before: 51, after: 91 }]) as unknown,
        }),
        expect.objectContaining({ operation: 'update', resource: 'PodCpu us-east-1' }),
      ]),
    );
    const second = await stack.json<Applied>('apply');
    expect(second.changes).toHaveLength(2);
    expect(quotas(second)).toMatchObject({
      'eu-west-3': [74_100],
      'us-east-1': [20_100],
      'us-west-1': [9_100],
    });
    expect(podNames(second)).toEqual(podNames(first));
    expect(await restarts()).toMatch(/^0( 0)*$/);
    expect((await stack.json<Applied>('apply')).changes).toEqual([]);
  });

  test('a pod that is killed comes back with enough CPU; refresh shows it, and apply brings it to the plan', async () => {
    await kubectl(
      'delete',
      'pod',
      '-n',
      stack.name,
      '-l',
      'app.kubernetes.io/instance=us-east-1',
      '--wait=true',
    );
    await kubectl('rollout', 'status', 'deployment/kiwix-us-east-1', '-n', stack.name, '--timeout=60s');
    await sleep(1000);
    expect(await stack.liveLimits()).toMatchObject({ 'us-east-1': '1001m' });

    // Not --preview-only: the stack's state must hold what runs for `preview` to show it.
    expect(await stack.pulumi('refresh', '--yes', '--diff')).toMatch(/limitMillicores *: 201 => 1001/);
    const { changes, verification } = await stack.json<Applied>('apply');
    expect(changes).toEqual([
      expect.objectContaining({
        resource: 'PodCpu us-east-1',
        properties: expect.arrayContaining([
          { path: 'limitMillicores', before: 1001, after: 201 },
        ]) as unknown,
      }),
    ]);
    expect(verification.every(({ ok }) => ok)).toBe(true);
  });

  test('apply finds a pod that lost its CPU without a refresh by hand', async () => {
    await kubectl(
      'delete',
      'pod',
      '-n',
      stack.name,
      '-l',
      'app.kubernetes.io/instance=us-west-1',
      '--wait=true',
    );
    await kubectl('rollout', 'status', 'deployment/kiwix-us-west-1', '-n', stack.name, '--timeout=60s');
    const { verification } = await stack.json<Applied>('apply');
    expect(verification.every(({ ok }) => ok)).toBe(true);
    expect(await stack.liveLimits()).toMatchObject({ 'us-west-1': '91m' });
  });

  test('a resize that the kubelet refuses: the region’s pods are replaced, and the stack says so', async () => {
    interface Node {
      status: { allocatable: { cpu: string } };
    }
    const { status } = await live<Node>('node', 'casper-lab-1');
    // Nine tenths of it, the request, are more than the node has: no resize and no new pod can satisfy it.
    const tooMuch = Number(status.allocatable.cpu) * 1200;
    stack.edit('maxServers: 100', 'maxServers: 1000');
    stack.edit(
      'ap-southeast-2: { servers: 8, cpuMillicores: 81 }',
      `ap-southeast-2: { servers: ${Math.floor(tooMuch / 10)}, cpuMillicores: ${tooMuch} }`,
    );
    const { exitCode, stderr } = await stack.run('apply');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/the kubelet refuses to resize ap-southeast-2|was not resized within/);
    expect((await stack.liveLimits())['ap-southeast-2']).toBeDefined();
  });
});
