import { ExistingDeployment, type ExistingDeploymentArgs } from '../../../components/existingDeployment';
import { recordResources, settled, valueOf, type Recorded } from './mocks';

const args: ExistingDeploymentArgs = {
  region: 'paris',
  namespace: 'shops',
  deployment: 'shop-paris',
  container: 'web',
  context: 'lab',
  fieldManager: 'pulumi-casper-dev',
  cpuMillicores: 251,
  pods: { count: 3 },
  cpuRequestPercent: 90,
  resizeTimeoutSeconds: 30,
};

afterEach(settled);

async function declare(changes: Partial<ExistingDeploymentArgs> = {}) {
  await settled();
  const recorded = await recordResources(({ type }) =>
    type.endsWith(':BorrowedDeployment') ? { labels: { app: 'shop' } } : {},
  );
  const region = new ExistingDeployment('paris', { ...args, ...changes });
  const [endpoint, cpu] = [await valueOf(region.endpoint), await valueOf(region.cpuMillicores)];
  await valueOf(region.cpuFallback);
  await settled();
  const inputsOf = (type: string): unknown => recorded.find((one) => one.type.endsWith(`:${type}`))?.inputs;
  return { recorded, endpoint, cpu, inputsOf };
}
const typesOf = (recorded: readonly Recorded[]): string[] =>
  recorded.map(({ type }) => type.split(':').at(-1) ?? '');

test('in place, the number of pods is all that is patched, by a manager of the stack’s own', async () => {
  const { recorded, endpoint, cpu, inputsOf } = await declare();
  expect(typesOf(recorded).sort()).toEqual([
    'BorrowedDeployment',
    'DeploymentPatch',
    'ExistingDeployment',
    'PodCpu',
    'Service',
  ]);
  expect(inputsOf('DeploymentPatch')).toMatchObject({
    metadata: {
      name: 'shop-paris',
      namespace: 'shops',
      annotations: {
        'pulumi.com/patchForce': 'true',
        'pulumi.com/patchFieldManager': 'pulumi-casper-dev',
      },
    },
    spec: { replicas: 3 },
  });
  expect(inputsOf('DeploymentPatch')).not.toHaveProperty('spec.template');
  expect(inputsOf('BorrowedDeployment')).toMatchObject({ patchesCpu: false, container: 'web' });
  expect(inputsOf('PodCpu')).toMatchObject({
    ...{ deployment: 'shop-paris', container: 'web', labels: { app: 'shop' } },
    ...{ pods: 3, limitMillicores: 251, requestMillicores: 226 },
  });
  expect([endpoint, cpu]).toEqual(['kiwix-paris.shops:8080', 251]);
});

test('by a rollout the CPU of one container is patched, too, and nothing else of the template', async () => {
  const { recorded, inputsOf } = await declare({ resizeTimeoutSeconds: undefined });
  expect(typesOf(recorded)).not.toContain('PodCpu');
  expect(inputsOf('DeploymentPatch')).toMatchObject({ spec: { replicas: 3 } });
  const { spec } = inputsOf('DeploymentPatch') as { spec: { template: object } };
  expect(spec.template).toEqual({
    spec: { containers: [{ name: 'web', resources: { limits: { cpu: '84m' }, requests: { cpu: '76m' } } }] },
  });
  expect(inputsOf('BorrowedDeployment')).toMatchObject({ patchesCpu: true });
});

test('its Service selects the Deployment’s pods at the port of their container, at an address where one is given', async () => {
  const address = { address: '192.0.2.1', port: 8081 };
  const { endpoint, inputsOf } = await declare({ address, port: 3000 });
  expect(inputsOf('Service')).toMatchObject({
    metadata: { name: 'kiwix-paris', annotations: { 'metallb.io/loadBalancerIPs': '192.0.2.1' } },
    spec: {
      type: 'LoadBalancer',
      selector: { app: 'shop' },
      ports: [{ port: 8081, targetPort: 3000 }],
    },
  });
  expect(endpoint).toBe('192.0.2.1:8081');
});

test('a Service that is there already is used, and none made', async () => {
  const { recorded, endpoint } = await declare({ service: 'front' });
  expect(typesOf(recorded)).not.toContain('Service');
  expect(endpoint).toBe('front.shops:8080');
});

test('pods that stay have their part before others leave; what it had is noted before all else', async () => {
  const order = (recorded: readonly Recorded[]): string[] =>
    typesOf(recorded).filter((type) => /Borrowed|PodCpu|Patch/.test(type));
  expect(order((await declare({ pods: { count: 3, before: 5 } })).recorded)).toEqual([
    'BorrowedDeployment',
    'PodCpu',
    'DeploymentPatch',
  ]);
  expect(order((await declare({ pods: { count: 3, before: 2 } })).recorded)).toEqual([
    'BorrowedDeployment',
    'DeploymentPatch',
    'PodCpu',
  ]);
});

test('a region without CPU has no pods', async () => {
  const { recorded, cpu, inputsOf } = await declare({ cpuMillicores: 0, pods: { count: 0 } });
  expect(inputsOf('DeploymentPatch')).toMatchObject({ spec: { replicas: 0 } });
  expect(typesOf(recorded)).not.toContain('PodCpu');
  expect(cpu).toBe(0);
});
