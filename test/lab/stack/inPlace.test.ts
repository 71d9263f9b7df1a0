import { setTimeout as sleep } from 'node:timers/promises';
import { kubectl, live } from '../kubectl';
import { CasperStack, type Change } from './casperCommand';

jest.setTimeout(240_000);

interface Applied {
  changes: Change[];
  notes: string[];
  verification: { region: string; ok: boolean; pods: { name: string; quota: { quotaMicros: number } }[] }[];
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
      verification.map(({ region, pods }) => [region, pods.map(({ quota }) => quota.quotaMicros)]),
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

  test('several pods share a region’s CPU; fewer stay with their parts, and none is restarted', async () => {
    stack.edit('maxServers: 100', 'maxServers: 100\n    serversPerPod: 12');
    const parts = async (servers: number, from: number): Promise<{ sum: number; pods: string[] }> => {
      stack.edit(
        `us-east-1: { servers: ${from}, cpuMillicores: ${10 * from + 1} }`,
        `us-east-1: { servers: ${servers}, cpuMillicores: ${10 * servers + 1} }`,
      );
      const applied = await stack.json<Applied>('apply');
      expect(applied.verification.every(({ ok }) => ok)).toBe(true);
      const quotasOfRegion = quotas(applied)['us-east-1'] ?? [];
      const pods = applied.verification.find(({ region }) => region === 'us-east-1')?.pods ?? [];
      return {
        sum: quotasOfRegion.reduce((sum, quota) => sum + quota, 0),
        pods: pods.map(({ name }) => name).sort(),
      };
    };
    const many = await parts(100, 20);
    expect(many.pods).toHaveLength(9);
    expect(many.sum).toBe(100_100);
    const fewer = await parts(30, 100);
    expect(fewer.pods).toHaveLength(3);
    expect(fewer.sum).toBe(30_100);
    expect(many.pods).toEqual(expect.arrayContaining(fewer.pods));
    expect((await stack.json<Applied>('apply')).changes).toEqual([]);
    expect(await restarts()).toMatch(/^0( 0)*$/);
    stack.edit('\n    serversPerPod: 12', '');
    expect((await stack.json<Applied>('apply')).verification.every(({ ok }) => ok)).toBe(true);
  });

  interface Node {
    status: { allocatable: { cpu: string } };
  }
  interface Pod {
    metadata: { name: string; namespace: string };
    spec: { nodeName: string; containers: { resources: { requests?: { cpu?: string } } }[] };
    status: { phase: string };
  }
  const millicoresOf = (quantity = '0'): number =>
    quantity.endsWith('m') ? Number(quantity.slice(0, -1)) : 1000 * Number(quantity);

  /** A pod that takes what is free of a node's CPU but 5m: less than a pod of the stack asks for. */
  const fillNode = async (node: string): Promise<void> => {
    const { status } = await live<Node>('node', node);
    const { items } = await live<{ items: Pod[] }>(
      ...['pods', '-A', `--field-selector=spec.nodeName=${node},status.phase=Running`],
    );
    const taken = items
      .flatMap(({ spec }) => spec.containers)
      .reduce((sum, { resources }) => sum + millicoresOf(resources.requests?.cpu), 0);
    const requests = { cpu: `${millicoresOf(status.allocatable.cpu) - taken - 5}m` };
    const image = process.env['CASPER_LAB_PAUSE_IMAGE'] ?? 'registry.k8s.io/pause:3.10';
    const containers = [{ name: 'full', image, imagePullPolicy: 'IfNotPresent', resources: { requests } }];
    const overrides = JSON.stringify({
      spec: { nodeName: node, terminationGracePeriodSeconds: 1, containers },
    });
    await kubectl('run', 'full', '-n', stack.name, `--image=${image}`, `--overrides=${overrides}`);
    await kubectl('wait', 'pod/full', '-n', stack.name, '--for=condition=Ready', '--timeout=60s');
  };

  test('a resize that has no room on its node: the pod is replaced, on another, and the output says so', async () => {
    const region = 'ap-southeast-2';
    const [pod] = (
      await live<{ items: Pod[] }>('pods', '-n', stack.name, '-l', `app.kubernetes.io/instance=${region}`)
    ).items;
    stack.edit('port: 8080', 'port: 8080\n    resizeTimeoutSeconds: 5');
    stack.edit(
      'ap-southeast-2: { servers: 8, cpuMillicores: 81 }',
      'ap-southeast-2: { servers: 100, cpuMillicores: 1001 }',
    );
    await fillNode(pod?.spec.nodeName ?? '');
    try {
      const applied = await stack.json<Applied>('apply');
      expect(applied.notes).toEqual([
        expect.stringMatching(/(refuses to resize|was not resized within).*; the pods were replaced$/),
      ]);
      expect(quotas(applied)).toMatchObject({ [region]: [100_100] });
      expect(podNames(applied)).not.toContain(pod?.metadata.name);
      expect(applied.verification.every(({ ok }) => ok)).toBe(true);
    } finally {
      await kubectl('delete', 'pod', 'full', '-n', stack.name, '--wait=true');
    }
    const again = await stack.json<Applied>('apply');
    expect([again.changes, again.notes]).toEqual([[], []]);
  });

  test('a region that no node has room for: apply refuses, plain Pulumi fails, and the region’s pod serves on', async () => {
    const { status } = await live<Node>('node', 'casper-lab-1');
    // Nine tenths of it, the request, are more than the node has: no resize and no new pod can satisfy it.
    const tooMuch = 1.2 * millicoresOf(status.allocatable.cpu);
    stack.edit('maxServers: 100', 'maxServers: 1000');
    stack.edit(
      'ap-southeast-2: { servers: 100, cpuMillicores: 1001 }',
      `ap-southeast-2: { servers: ${Math.floor(tooMuch / 10)}, cpuMillicores: ${tooMuch} }`,
    );
    const ofRegion = ['-l', 'app.kubernetes.io/instance=ap-southeast-2'];
    const podNow = () => kubectl('get', 'pods', ...ofRegion, '-n', stack.name, '-o', 'name');
    const before = await podNow();
    const { exitCode, stderr } = await stack.run('apply');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /ap-southeast-2: a pod asks for \d+m of CPU, the nodes have at most \d+m free: \d+m short\n.*Nothing was changed/,
    );
    expect(await podNow()).toBe(before);

    // Nobody has looked at the nodes: the kubelet refuses, and no new pod finds a place.
    await expect(stack.pulumi('up', '--yes', '--skip-preview')).rejects.toThrow(
      /the kubelet refuses to resize ap-southeast-2|ap-southeast-2 was not resized within/,
    );
    // What the kubelet has set is the template's limit, that of a full region: the pod was replaced, and not resized.
    const set = ['-o', 'jsonpath={.items[*].status.containerStatuses[0].resources.limits.cpu}'];
    expect(await kubectl('get', 'pods', ...ofRegion, '-n', stack.name, ...set)).toMatch(/^10001m( 10001m)*$/);
    const available = ['-o', 'jsonpath={.status.availableReplicas}'];
    expect(await kubectl('get', 'deployment', 'kiwix-ap-southeast-2', '-n', stack.name, ...available)).toBe(
      '1',
    );
  });
});
