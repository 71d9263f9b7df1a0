import type { KubeConfig } from '../../../cluster/client';
import { existingDeploymentFaults } from '../../../cluster/existingDeployments';
import { assertDeploymentsMayBePatched } from '../../../driver/preconditions';
import type { StackConfig } from '../../../stack/stackConfig';
import { answerJson, fakeCluster } from '../driver/fakeCluster';
import { stopServers } from '../loopbackServer';
import { existingConfig, type ExistingValues } from '../stack/existing';

afterEach(stopServers);

/** What a namespace has, by the last word of the path at which it is asked for; a number is a refusal. */
type Namespace = Readonly<Record<string, object[] | number>>;

const burstable = { limits: { cpu: '300m', memory: '1Gi' }, requests: { cpu: '20m', memory: '64Mi' } };

function deployment(
  name: string,
  container: object = {},
  changes: { spec?: object; metadata?: object } = {},
) {
  return {
    metadata: { name, ...changes.metadata },
    spec: {
      selector: { matchLabels: { app: name } },
      template: { spec: { containers: [{ name: 'web', resources: burstable, ...container }] } },
      ...changes.spec,
    },
  };
}
const both = [deployment('shop-paris'), deployment('shop-berlin')];
const paris = (...of: [object?, { spec?: object; metadata?: object }?]): object[] => [
  deployment('shop-paris', ...of),
  deployment('shop-berlin'),
];

function clusterWith(namespace: Namespace): Promise<KubeConfig> {
  const objects: Namespace = { deployments: both, services: [], horizontalpodautoscalers: [], ...namespace };
  return fakeCluster((response, { url = '' }) => {
    const found = objects[/\/namespaces\/shops\/([a-z]+)$/.exec(url)?.[1] ?? ''] ?? 404;
    if (typeof found === 'number') {
      response.statusCode = found;
      response.end('{}');
    } else answerJson(response, { items: found });
  });
}

async function faults(namespace: Namespace, config: StackConfig = existingConfig()): Promise<string[]> {
  return existingDeploymentFaults(await clusterWith(namespace), config, 'dev');
}

const autoscaler = (name: string, kind = 'Deployment'): object => ({
  metadata: { name: 'scaler' },
  spec: { maxReplicas: 5, scaleTargetRef: { kind, name } },
});
const vertical = (updateMode: string | undefined, name = 'shop-paris'): object => ({
  metadata: { name: 'sizer' },
  spec: { targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name }, updatePolicy: { updateMode } },
});

test('Deployments that nobody else scales are patched, in a cluster that knows no VerticalPodAutoscaler too', async () => {
  expect(await faults({})).toEqual([]);
  expect(
    await faults({
      horizontalpodautoscalers: [autoscaler('other'), autoscaler('shop-paris', 'StatefulSet')],
    }),
  ).toEqual([]);
  expect(await faults({ verticalpodautoscalers: [vertical('Off'), vertical('Auto', 'other')] })).toEqual([]);
  const ours = { metadata: { managedFields: [{ manager: 'pulumi-casper-dev' }, { manager: 'helm' }] } };
  expect(await faults({ deployments: paris({}, ours) })).toEqual([]);
  const made = { metadata: { name: 'kiwix-paris', labels: { 'app.kubernetes.io/part-of': 'casper' } } };
  expect(await faults({ services: [made] })).toEqual([]);
});

test.each<[string, Namespace, string]>([
  [
    'a Deployment that does not exist',
    { deployments: [deployment('shop-berlin'), deployment('other')] },
    'casper:regions.paris.deployment.name: there is no Deployment shops/shop-paris (shops has: shop-berlin, other); correct the name, or deploy it first',
  ],
  [
    'a container that it does not have',
    { deployments: paris({ name: 'app' }) },
    'casper:regions.paris.deployment.container: shops/shop-paris has no container web (it has: app); correct the name',
  ],
  [
    'a Deployment without containers',
    { deployments: paris({}, { spec: { template: { spec: { containers: [] } } } }) },
    'casper:regions.paris.deployment.container: shops/shop-paris has no container web (it has: none); correct the name',
  ],
  [
    'a HorizontalPodAutoscaler on it',
    { horizontalpodautoscalers: [autoscaler('shop-paris')] },
    'casper:regions.paris.deployment.name: the HorizontalPodAutoscaler scaler sets how many pods shops/shop-paris has, and the plan would too; leave it to one of them: kubectl delete hpa scaler -n shops, or take paris out of casper:regions',
  ],
  [
    'a VerticalPodAutoscaler on it, in its default mode',
    { verticalpodautoscalers: [vertical(undefined)] },
    'casper:regions.paris.deployment.name: the VerticalPodAutoscaler sizer sets the CPU of shops/shop-paris, and the plan would too; set its updatePolicy.updateMode to "Off", or take paris out of casper:regions',
  ],
  [
    'another stack that patches it',
    { deployments: paris({}, { metadata: { managedFields: [{ manager: 'pulumi-casper-prod' }] } }) },
    'casper:regions.paris.deployment.name: the stack prod patches shops/shop-paris already; take it out of one of the two',
  ],
  [
    'a selector that no Service can have',
    {
      deployments: paris(
        {},
        {
          spec: {
            selector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] },
            template: deployment('x').spec.template,
          },
        },
      ),
    },
    'casper:regions.paris.deployment.name: shops/shop-paris selects its pods by expressions, and casper finds pods by labels alone (matchLabels); name another Deployment',
  ],
  [
    'a Service of somebody else in the way of the stack’s',
    { services: [{ metadata: { name: 'kiwix-paris' } }] },
    "casper:regions.paris.deployment.service: the stack would make a Service kiwix-paris, and shops has one of that name already that casper has not made; name the region's Service here, or rename that one",
  ],
  [
    'a container that restarts where its CPU changes',
    { deployments: paris({ resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }] }) },
    'casper:regions.paris.deployment: shops/shop-paris restarts web where its CPU changes (its resizePolicy says RestartContainer); set that to NotRequired, or set casper:service.cpuChange to rollout',
  ],
  [
    'a pod that asks for nothing',
    { deployments: paris({ resources: undefined }) },
    "casper:regions.paris.deployment: shops/shop-paris is of QoS class BestEffort, and with the plan's CPU (request 91m, limit 101m) would be Burstable, which Kubernetes refuses in pods that run; give it a request of CPU or memory, or set casper:service.cpuChange to rollout",
  ],
  [
    'a pod of the class Guaranteed',
    { deployments: paris({ resources: { limits: { cpu: '300m', memory: '1Gi' } } }) },
    "casper:regions.paris.deployment: shops/shop-paris is of QoS class Guaranteed, and with the plan's CPU (request 91m, limit 101m) would be Burstable, which Kubernetes refuses in pods that run; give it a smaller request than limit of memory or CPU, or plan its CPU so (capacity.cpuRequestPercent: 100, resilience.heldReady other than limit), or set casper:service.cpuChange to rollout",
  ],
  [
    'an account that may not see what scales it',
    { horizontalpodautoscalers: 403 },
    'casper:service.namespace: the account may not list horizontalpodautoscalers.autoscaling of shops, and nobody else would notice one in the way; let it',
  ],
])('refused, with the reason and the remedy: %s', async (_, namespace, fault) => {
  expect(await faults(namespace)).toEqual([fault]);
});

test('a Service that the stack file names must be there, and none of the stack’s is in its way then', async () => {
  const named = existingConfig(({ regions }: ExistingValues) => {
    regions[0] = { name: 'paris', deployment: { name: 'shop-paris', container: 'web', service: 'front' } };
  });
  expect(await faults({ services: [{ metadata: { name: 'front' } }] }, named)).toEqual([]);
  expect(await faults({ services: [{ metadata: { name: 'frnt' } }] }, named)).toEqual([
    'casper:regions.paris.deployment.service: there is no Service shops/front (shops has: frnt); correct the name, or leave it out and casper makes one',
  ]);
});

test('a class that the plan keeps is resized: Guaranteed with equal request and limit; a rollout asks for none', async () => {
  const guaranteed = { deployments: paris({ resources: { limits: { cpu: '300m', memory: '1Gi' } } }) };
  expect(
    await faults(
      guaranteed,
      existingConfig(({ capacity }) => (capacity['cpuRequestPercent'] = 100)),
    ),
  ).toEqual([]);
  const rollout = existingConfig(({ service }) => (service['cpuChange'] = 'rollout'));
  expect(await faults(guaranteed, rollout)).toEqual([]);
  // With memory that is asked for in full, a CPU request in full makes a pod Guaranteed.
  const almost = { limits: { cpu: '300m', memory: '1Gi' }, requests: { cpu: '20m', memory: '1Gi' } };
  expect(
    await faults(
      { deployments: paris({ resources: almost }) },
      existingConfig(({ capacity }) => (capacity['cpuRequestPercent'] = 100)),
    ),
  ).toEqual([expect.stringContaining('would be Guaranteed')]);
});

test('the driver refuses before anything is changed; an API server that fails says so itself', async () => {
  const config = existingConfig();
  await expect(
    assertDeploymentsMayBePatched(await clusterWith({ deployments: [] }), config, 'dev'),
  ).rejects.toThrow(/there is no Deployment shops\/shop-paris \(shops has: none\)[^]*Nothing was changed\./);
  await expect(faults({ deployments: 500 })).rejects.toThrow(/500/);
});
