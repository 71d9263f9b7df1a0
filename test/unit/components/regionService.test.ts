import * as pulumi from '@pulumi/pulumi';
import { RegionService } from '../../../components/regionService';
import type { RegionServiceArgs } from '../../../components/regionServiceArgs';
import { recordResources, settled, valueOf } from './mocks';

const args: RegionServiceArgs = {
  region: 'us-east-1',
  namespace: 'casper',
  image: 'casper.local/kiwix-serve:3.3',
  port: 8080,
  readinessPath: '/',
  cpuMillicores: 281,
  cpuRequestPercent: 90,
  drainSeconds: 5,
  rolloutTimeoutSeconds: 180,
};

afterEach(settled);

interface DeploymentInputs {
  metadata: { name: string; labels: object; annotations: object };
  spec: {
    replicas: number;
    selector: object;
    strategy: object;
    template: {
      metadata: object;
      spec: {
        nodeSelector?: object;
        imagePullSecrets?: object;
        securityContext?: object;
        topologySpreadConstraints?: object[];
        containers: { args?: string[]; resources: object; startupProbe?: object; livenessProbe?: object }[];
      };
    };
  };
}

async function deploy(changes: Partial<RegionServiceArgs> = {}) {
  await settled();
  const recorded = await recordResources();
  const region = new RegionService('us-east-1', { ...args, ...changes });
  const endpoint = await valueOf(region.endpoint);
  const live = await valueOf(region.cpuMillicores);
  await valueOf(region.cpuFallback);
  const deployment = recorded.find(({ type }) => type === 'kubernetes:apps/v1:Deployment')
    ?.inputs as DeploymentInputs;
  return { recorded, region, endpoint, live, deployment };
}

test('registers one Deployment, one Service and its NetworkPolicy under itself, and nothing else', async () => {
  const { recorded, endpoint } = await deploy();
  expect(recorded.map(({ type, name }) => [type, name]).sort()).toEqual([
    ['casper:index:RegionService', 'us-east-1'],
    ['kubernetes:apps/v1:Deployment', 'us-east-1'],
    ['kubernetes:core/v1:Service', 'us-east-1'],
    ['kubernetes:networking.k8s.io/v1:NetworkPolicy', 'us-east-1'],
  ]);
  expect(endpoint).toBe('kiwix-us-east-1.casper:8080');
});

test('the limit is the plan’s and the request 0.9 of it, rounded up to whole millicores', async () => {
  const { deployment, live } = await deploy();
  expect(deployment.spec.replicas).toBe(1);
  expect(deployment.spec.template.spec.containers[0]?.resources).toEqual({
    limits: { cpu: '281m', memory: '1Gi' },
    requests: { cpu: '253m', memory: '64Mi' },
  });
  expect(live).toBe(281);
});

test('whole CPUs are written as the API server stores them', async () => {
  const { deployment } = await deploy({ cpuMillicores: 1000 });
  expect(deployment.spec.template.spec.containers[0]?.resources).toEqual({
    limits: { cpu: '1', memory: '1Gi' },
    requests: { cpu: '900m', memory: '64Mi' },
  });
});

describe('several pods', () => {
  const pods = { count: 3 };

  test('share the CPU of a rollout in equal parts, spread over nodes, and an eviction takes one at a time', async () => {
    const { deployment, recorded } = await deploy({ cpuMillicores: 251, pods });
    expect(deployment.spec.replicas).toBe(3);
    const { containers, topologySpreadConstraints } = deployment.spec.template.spec;
    expect(containers[0]?.resources).toMatchObject({ limits: { cpu: '84m' }, requests: { cpu: '76m' } });
    expect(topologySpreadConstraints).toEqual([
      expect.objectContaining({ topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' }),
    ]);
    const budget = recorded.find(({ type }) => type === 'kubernetes:policy/v1:PodDisruptionBudget');
    expect(budget?.inputs).toMatchObject({ spec: { maxUnavailable: 1 } });
  });

  test('of a region without CPU are none', async () => {
    expect((await deploy({ cpuMillicores: 0, pods })).deployment.spec.replicas).toBe(0);
  });

  const registered = async (before: number): Promise<string[]> => {
    const inPlace = { context: 'c', ceilingMillicores: 121, timeoutSeconds: 30 };
    const { recorded } = await deploy({ cpuMillicores: 251, pods: { count: 3, before }, inPlace });
    return recorded.map(({ type }) => type).filter((type) => /PodCpu|Deployment/.test(type));
  };

  test('that stay have their part before others leave; new ones come before all have theirs', async () => {
    expect(await registered(5)).toEqual(['casper:index:PodCpu', 'kubernetes:apps/v1:Deployment']);
    expect(await registered(2)).toEqual(['kubernetes:apps/v1:Deployment', 'casper:index:PodCpu']);
  });
});

test('a pod is started anew only where a path says that it lives, and not while it starts', async () => {
  const { deployment } = await deploy({ livenessPath: '/live' });
  const { startupProbe, livenessProbe } = deployment.spec.template.spec.containers[0] ?? {};
  expect(startupProbe).toMatchObject({ httpGet: { path: '/live' }, failureThreshold: 180 });
  expect(livenessProbe).toMatchObject({ httpGet: { path: '/live' } });
  expect((await deploy()).deployment.spec.template.spec.containers[0]).not.toHaveProperty('livenessProbe');
});

test('kernel parameters go to the pod; without any the template says nothing of them', async () => {
  const { deployment } = await deploy({ sysctls: { 'net.ipv4.tcp_max_tw_buckets': '0' } });
  expect(deployment.spec.template.spec.securityContext).toMatchObject({
    sysctls: [{ name: 'net.ipv4.tcp_max_tw_buckets', value: '0' }],
  });
  const plain = await deploy({ sysctls: {} });
  expect(plain.deployment.spec.template.spec.securityContext).not.toHaveProperty('sysctls');
});

describe('what a pod may do', () => {
  interface Secured {
    automountServiceAccountToken?: boolean;
    securityContext?: object;
    volumes?: object[];
    containers: { securityContext?: object; volumeMounts?: object[]; resources: object }[];
  }
  const podOf = async (changes: Partial<RegionServiceArgs> = {}): Promise<Secured> =>
    (await deploy(changes)).deployment.spec.template.spec;

  test('is what Pod Security `restricted` lets it, and to write to /tmp alone', async () => {
    const { automountServiceAccountToken, securityContext, volumes, containers } = await podOf();
    expect(automountServiceAccountToken).toBe(false);
    expect(securityContext).toEqual({
      runAsUser: 65532,
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(containers[0]?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(volumes).toEqual([{ name: 'writable-0', emptyDir: {} }]);
    expect(containers[0]?.volumeMounts).toEqual([{ name: 'writable-0', mountPath: '/tmp' }]);
  });

  test('is more where the image needs it: another user, root too, other folders, other memory', async () => {
    const pod = await podOf({
      runAsUser: 1000,
      writablePaths: ['/var/cache', '/run'],
      memoryLimitMebibytes: 2048,
      memoryRequestMebibytes: 500,
    });
    expect(pod.securityContext).toMatchObject({ runAsUser: 1000, runAsNonRoot: true });
    expect(pod.containers[0]?.volumeMounts).toEqual([
      { name: 'writable-0', mountPath: '/var/cache' },
      { name: 'writable-1', mountPath: '/run' },
    ]);
    expect(pod.containers[0]?.resources).toMatchObject({
      limits: { memory: '2Gi' },
      requests: { memory: '500Mi' },
    });
    expect((await podOf({ runAsUser: 0 })).securityContext).toMatchObject({
      runAsUser: 0,
      runAsNonRoot: false,
    });
    expect(await podOf({ writablePaths: [] })).not.toHaveProperty('volumes');
  });

  test('and who reaches it is who asks for the service', async () => {
    const { recorded } = await deploy();
    const policy = recorded.find(({ type }) => type.endsWith(':NetworkPolicy'))?.inputs as { spec: object };
    expect(policy.spec).toEqual({
      podSelector: {
        matchLabels: {
          'app.kubernetes.io/name': 'kiwix-serve',
          'app.kubernetes.io/instance': 'us-east-1',
          'app.kubernetes.io/part-of': 'casper',
        },
      },
      policyTypes: ['Ingress'],
      ingress: [{ ports: [{ protocol: 'TCP', port: 'http' }] }],
    });
  });
});

test('a region without CPU has no pods', async () => {
  const { deployment, live } = await deploy({ cpuMillicores: 0 });
  expect(deployment.spec.replicas).toBe(0);
  expect(live).toBe(0);
});

test('the old pod serves until the new one is ready', async () => {
  const { deployment } = await deploy();
  expect(deployment.spec.strategy).toEqual({
    type: 'RollingUpdate',
    rollingUpdate: { maxUnavailable: 0, maxSurge: 1 },
  });
});

test('nothing but the CPU and the number of pods varies with the plan', async () => {
  const strip = (deployment: DeploymentInputs): unknown => {
    const copy = structuredClone(deployment);
    copy.spec.replicas = 0;
    for (const container of copy.spec.template.spec.containers) container.resources = {};
    return copy;
  };
  const [one, other] = [await deploy({ cpuMillicores: 281 }), await deploy({ cpuMillicores: 0 })];
  expect(strip(one.deployment)).toEqual(strip(other.deployment));
});

test('node selector, pull secret and arguments reach the pod only when they are given', async () => {
  const plain = await deploy();
  expect(plain.deployment.spec.template.spec).not.toHaveProperty('nodeSelector');
  expect(plain.deployment.spec.template.spec).not.toHaveProperty('imagePullSecrets');
  const full = await deploy({ nodeSelector: { site: 'a' }, pullSecret: 'pull', args: ['--verbose'] });
  expect(full.deployment.spec.template.spec).toMatchObject({
    nodeSelector: { site: 'a' },
    imagePullSecrets: [{ name: 'pull' }],
  });
  expect(full.deployment.spec.template.spec.containers[0]?.args).toEqual(['--verbose']);
});

test('a provider given to the component reaches its children', async () => {
  const recorded = await recordResources();
  class TestProvider extends pulumi.ProviderResource {}
  const provider = new TestProvider('kubernetes', 'cluster');
  const region = new RegionService('us-east-1', args, { provider });
  await valueOf(region.endpoint);
  const children = recorded.filter(({ type }) => type.startsWith('kubernetes:'));
  expect(children).toHaveLength(3);
  for (const child of children) expect(child.provider).toContain('cluster');
});

test('casper takes its fields back from whoever changed them', async () => {
  const { recorded } = await deploy();
  for (const kind of ['apps/v1:Deployment', 'core/v1:Service', 'networking.k8s.io/v1:NetworkPolicy']) {
    expect(recorded.find(({ type }) => type === `kubernetes:${kind}`)?.inputs).toMatchObject({
      metadata: { annotations: { 'pulumi.com/patchForce': 'true' } },
    });
  }
});

test('what is not said has the defaults of the stack config', async () => {
  await settled();
  const recorded = await recordResources();
  const { image, cpuMillicores } = args;
  const region = new RegionService('r', { region: 'r', namespace: 'casper', image, cpuMillicores });
  expect(await valueOf(region.endpoint)).toBe('kiwix-r.casper:8080');
  await valueOf(region.cpuMillicores);
  const few = recorded.find(({ type }) => type.endsWith('Deployment'))?.inputs as DeploymentInputs;
  const { deployment: full } = await deploy();
  expect(few.spec.template.spec).toEqual(full.spec.template.spec);
  expect(few.metadata.annotations).toEqual(full.metadata.annotations);
});

test('arguments may become known later', async () => {
  const { deployment } = await deploy({ image: pulumi.output('later:1'), port: Promise.resolve(81) });
  expect(deployment.spec.template.spec.containers[0]).toMatchObject({
    image: 'later:1',
    ports: [{ containerPort: 81 }],
  });
});

describe('changed in place', () => {
  const inPlace = { context: 'lab', ceilingMillicores: 1001, timeoutSeconds: 30 };

  test('the template has the ceiling, and the pods are brought to the plan after the Deployment', async () => {
    const { recorded, deployment } = await deploy({ inPlace });
    expect(deployment.spec.template.spec.containers[0]?.resources).toEqual({
      limits: { cpu: '1001m', memory: '1Gi' },
      requests: { cpu: '10m', memory: '64Mi' },
    });
    const podCpu = recorded.find(({ name, inputs }) => name === 'us-east-1' && 'limitMillicores' in inputs);
    expect(podCpu?.inputs).toMatchObject({
      context: 'lab',
      namespace: 'casper',
      deployment: 'kiwix-us-east-1',
      instance: 'us-east-1',
      container: 'kiwix-serve',
      limitMillicores: 281,
      requestMillicores: 253,
      timeoutSeconds: 30,
    });
  });

  test('where no pod runs there is nothing to resize, and no fallback', async () => {
    const { recorded, region } = await deploy({ inPlace, cpuMillicores: 0 });
    expect(recorded).toHaveLength(4);
    expect(await valueOf(region.cpuFallback)).toBe('');
  });
});

test('a stack of KiwixRegions keeps its objects: the component has its former type as an alias', async () => {
  await settled();
  await recordResources();
  const aliases: unknown[] = [];
  const region = new RegionService('us-east-1', args, {
    transformations: [
      ({ type, opts }) => {
        if (type.startsWith('casper:')) aliases.push(opts.aliases);
        return undefined;
      },
    ],
  });
  await valueOf(region.endpoint);
  expect(aliases).toEqual([[{ type: 'casper:index:KiwixRegion' }]]);
});
