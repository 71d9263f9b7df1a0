import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { kubectl, live } from '../kubectl';
import { CasperStack, type Change } from './casperCommand';

jest.setTimeout(240_000);

const namespace = 'test-existing';
const pause = process.env['CASPER_LAB_PAUSE_IMAGE'] ?? 'registry.k8s.io/pause:3.10';

/** What somebody has deployed with kubectl: three pods, a container that serves and one beside it. */
const manifest = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'shop', namespace },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: 'shop', tier: 'web' } },
    template: {
      metadata: { labels: { app: 'shop', tier: 'web' } },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [
          { name: 'beside', image: pause, imagePullPolicy: 'IfNotPresent' },
          {
            ...{ name: 'web', image: 'casper.local/kiwix-serve:3.3', imagePullPolicy: 'IfNotPresent' },
            resources: { limits: { cpu: '300m', memory: '256Mi' }, requests: { cpu: '20m', memory: '64Mi' } },
            readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1, timeoutSeconds: 5 },
          },
        ],
      },
    },
  },
};

const stackFile = `config:
  casper:cluster:
    context: casper-lab
  casper:regions:
    - { name: paris, deployment: { name: shop, container: web } }
  casper:capacity:
    serversPerPod: 10
  casper:service:
    deployment: existing
    namespace: ${namespace}
    cpuChange: inPlace
  casper:plan:
    interval: '2022-08-13T00:00:00Z'
    policy: carbon
    regions:
      paris: { servers: 20, cpuMillicores: 201 }
    weights:
      paris: { paris: 1 }
`;

interface Applied {
  changes: Change[];
  notes: string[];
  verification: {
    ok: boolean;
    pods: { name: string; limitMillicores: number; quota: { quotaMicros: number } }[];
  }[];
}

interface Deployment {
  metadata: {
    generation: number;
    annotations?: Record<string, string>;
    managedFields: { manager: string; subresource?: string }[];
  };
  spec: {
    replicas: number;
    template: {
      metadata: { annotations?: object };
      spec: { containers: { name: string; resources: object }[] };
    };
  };
}

interface Pods {
  items: {
    metadata: { name: string; deletionTimestamp?: string };
    status: {
      containerStatuses: { name: string; restartCount: number; resources?: { limits?: { cpu?: string } } }[];
    };
  }[];
}

describe('a Deployment that somebody has made with kubectl', () => {
  let stack: CasperStack;
  let managersBefore: string[];

  const shop = (): Promise<Deployment> =>
    live('deployment', 'shop', '-n', namespace, '--show-managed-fields');
  const managersOf = ({ metadata }: Deployment): string[] =>
    metadata.managedFields.map(({ manager, subresource = '' }) => `${manager} ${subresource}`).sort();
  const templateCpu = ({ spec }: Deployment): unknown =>
    spec.template.spec.containers.find(({ name }) => name === 'web')?.resources;
  const podsNow = async (): Promise<Pods['items']> =>
    (await live<Pods>('pods', '-n', namespace)).items.filter(
      ({ metadata }) => metadata.deletionTimestamp === undefined,
    );
  const podsOf = ({ verification: [region] }: Applied): string[] =>
    (region?.pods ?? []).map(({ name }) => name).sort();
  const quotaOf = ({ verification: [region] }: Applied): number =>
    (region?.pods ?? []).reduce((sum, { quota }) => sum + quota.quotaMicros, 0);
  const plan = (from: number, to: number): void => {
    const region = (servers: number): string =>
      `paris: { servers: ${servers}, cpuMillicores: ${10 * servers + 1} }`;
    stack.edit(region(from), region(to));
  };

  beforeAll(async () => {
    stack = CasperStack.create(namespace);
    writeFileSync(stack.configFile, stackFile);
    await kubectl('create', 'namespace', namespace);
    const file = path.join(path.dirname(stack.configFile), 'shop.json');
    writeFileSync(file, JSON.stringify(manifest));
    await kubectl('apply', '-f', file);
    await kubectl('rollout', 'status', 'deployment/shop', '-n', namespace, '--timeout=90s');
    managersBefore = managersOf(await shop());
  });
  afterAll(async () => {
    await kubectl('delete', 'namespace', namespace, '--wait=false');
  });

  test('is patched and planned: pods that run get their CPU, none is restarted, the template stays', async () => {
    const before = (await podsNow()).map(({ metadata }) => metadata.name);
    const first = await stack.json<Applied>('apply');
    expect(first.verification).toEqual([expect.objectContaining({ ok: true })]);
    expect(podsOf(first)).toHaveLength(2);
    expect(before).toEqual(expect.arrayContaining(podsOf(first)));
    expect(quotaOf(first)).toBe(20_100);
    const slices = await live<{ items: { endpoints: object[] }[] }>(
      ...['endpointslices', '-n', namespace, '-l', 'kubernetes.io/service-name=kiwix-paris'],
    );
    expect(slices.items.flatMap(({ endpoints }) => endpoints)).toHaveLength(2);
    const patched = await shop();
    expect(patched.spec.replicas).toBe(2);
    expect(templateCpu(patched)).toEqual({
      limits: { cpu: '300m', memory: '256Mi' },
      requests: { cpu: '20m', memory: '64Mi' },
    });
    expect(managersOf(patched)).toContain('pulumi-casper-test-existing ');
    expect((await stack.json<Applied>('apply')).changes).toEqual([]);

    plan(20, 15);
    const second = await stack.json<Applied>('apply');
    expect(second.changes).toEqual([expect.objectContaining({ resource: 'PodCpu paris' })]);
    expect(podsOf(second)).toEqual(podsOf(first));
    expect(quotaOf(second)).toBe(15_100);

    plan(15, 30);
    const third = await stack.json<Applied>('apply');
    expect(podsOf(third)).toEqual(expect.arrayContaining(podsOf(first)));
    expect(podsOf(third)).toHaveLength(3);
    expect(quotaOf(third)).toBe(30_100);
    const restarts = (await podsNow()).flatMap(({ status }) =>
      status.containerStatuses.map(({ restartCount }) => restartCount),
    );
    expect(restarts.every((count) => count === 0)).toBe(true);
    expect((await stack.json<{ verification: object[] }>('verify')).verification).toHaveLength(1);
  });

  test('what somebody scales by hand is taken back, and said', async () => {
    await kubectl('scale', 'deployment/shop', '-n', namespace, '--replicas=1');
    const applied = await stack.json<Applied>('apply');
    expect(applied.notes).toEqual([
      expect.stringContaining('was changed by kubectl: Deployment shop spec.replicas, 1 instead of 3'),
    ]);
    expect(quotaOf(applied)).toBe(30_100);
  });

  test('an autoscaler on it is found before anything moves, by apply and by plain pulumi', async () => {
    await kubectl('autoscale', 'deployment/shop', '-n', namespace, '--min=3', '--max=5', '--cpu-percent=80');
    try {
      plan(30, 10);
      const { metadata } = await shop();
      const { exitCode, stderr } = await stack.run('apply');
      expect(exitCode).toBe(1);
      expect(stderr).toContain('the HorizontalPodAutoscaler shop sets how many pods test-existing/shop has');
      expect(stderr).toContain('kubectl delete hpa shop -n test-existing');
      expect(stderr).not.toMatch(/^\s+at /m);
      const failed: unknown = await stack
        .pulumi('up', '--yes', '--skip-preview')
        .catch((error: unknown) => error);
      expect(String(failed)).toContain('the HorizontalPodAutoscaler shop sets');
      expect((await shop()).metadata.generation).toBe(metadata.generation);
    } finally {
      await kubectl('delete', 'hpa', 'shop', '-n', namespace);
      plan(10, 30);
    }
  });

  test('by rollout the template has the plan’s CPU; in place again it has its owner’s', async () => {
    stack.edit('cpuChange: inPlace', 'cpuChange: rollout');
    const rolled = await stack.json<Applied>('apply');
    expect(rolled.verification).toEqual([expect.objectContaining({ ok: true })]);
    expect(templateCpu(await shop())).toMatchObject({
      limits: { cpu: '101m', memory: '256Mi' },
      requests: { cpu: '91m' },
    });
    stack.edit('cpuChange: rollout', 'cpuChange: inPlace');
    const back = await stack.json<Applied>('apply');
    expect(back.verification).toEqual([expect.objectContaining({ ok: true })]);
    expect(templateCpu(await shop())).toMatchObject({ limits: { cpu: '300m' }, requests: { cpu: '20m' } });
    plan(30, 20);
    await stack.json<Applied>('apply');
  });

  test('is given back in the end: its pods, their CPU and the owners of its fields are those of before', async () => {
    await stack.remove();
    const back = await shop();
    expect(back.spec.replicas).toBe(3);
    expect(templateCpu(back)).toEqual({
      limits: { cpu: '300m', memory: '256Mi' },
      requests: { cpu: '20m', memory: '64Mi' },
    });
    expect(managersOf(back)).toEqual(managersBefore);
    expect(JSON.stringify(back.metadata.annotations)).not.toContain('pulumi');
    await kubectl('rollout', 'status', 'deployment/shop', '-n', namespace, '--timeout=60s');
    const limits = async (): Promise<(string | undefined)[]> =>
      (await podsNow()).map(
        ({ status }) => status.containerStatuses.find(({ name }) => name === 'web')?.resources?.limits?.cpu,
      );
    // The kubelet takes a moment for a resize.
    for (let tries = 0; tries < 100; tries += 1) {
      if ((await limits()).every((limit) => limit === '300m')) break;
      await sleep(200);
    }
    expect(await limits()).toEqual(['300m', '300m', '300m']);
    const { metadata } = await live<{ metadata: { deletionTimestamp?: string } }>('namespace', namespace);
    expect(metadata.deletionTimestamp).toBeUndefined();
  });
});
