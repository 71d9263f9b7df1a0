import { httpRoutes } from '../../../export/httpRoutes';
import { containerOf, fieldManagerOf } from '../../../stack/deployments';
import { parseStackConfig } from '../../../stack/stackConfig';
import { existingConfig, existingStack, type ExistingValues } from './existing';

test('Deployments of others are accepted: their namespace is never made, and their container is named', () => {
  const config = existingConfig();
  expect(config.service).toMatchObject({
    deployment: 'existing',
    createNamespace: false,
    cpuChange: 'inPlace',
  });
  expect(containerOf(config, 'paris')).toBe('web');
  expect(fieldManagerOf('organization/casper/dev')).toBe(fieldManagerOf('dev'));
});

test('a Service that is there already is the one that a plan is exported for', () => {
  const config = existingConfig(({ regions }) => {
    regions[0] = { name: 'paris', deployment: { name: 'shop', container: 'web', service: 'front' } };
  });
  expect(JSON.stringify(httpRoutes(config, 'gateway').documents)).toContain('"name":"front"');
});

const first = ({ regions }: ExistingValues): ExistingValues['regions'][number] => {
  const [region] = regions;
  if (!region) throw new Error('the test has no region');
  return region;
};

test.each<[string, (values: ExistingValues) => void, RegExp]>([
  [
    'a region that names no Deployment',
    (values) => delete first(values).deployment,
    /casper:regions\.paris\.deployment: missing; name the region's Deployment and its container/,
  ],
  [
    'no container',
    (values) => (first(values).deployment = { name: 'shop' }),
    /casper:regions\.0\.deployment\.container: .*expected string/,
  ],
  [
    'a name that no object has',
    (values) => (first(values).deployment = { name: 'Shop!', container: 'web' }),
    /deployment\.name: expected the name of a Kubernetes object: .*\(it is "Shop!"\)/,
  ],
  [
    'one Deployment for two regions',
    (values) => (first(values).deployment = { name: 'shop-berlin', container: 'web' }),
    /casper:regions\.berlin\.deployment\.name: shop-berlin, which is paris's already/,
  ],
  [
    'nodes for pods that the Deployment places',
    (values) => (first(values).nodeSelector = { zone: 'a' }),
    /casper:regions\.paris\.nodeSelector: says nothing to a Deployment that is there already; remove it/,
  ],
  [
    'no servers of a pod',
    (values) => delete values.capacity['serversPerPod'],
    /casper:capacity\.serversPerPod: missing; say how many servers one pod of shops\/shop-paris holds at most/,
  ],
  [
    'an image, which is the owner’s',
    (values) => (values.service['image'] = 'web:1'),
    /casper:service: Unrecognized key: "image"/,
  ],
  [
    'a namespace to be made',
    (values) => (values.service['createNamespace'] = true),
    /casper:service\.createNamespace: expected false: .*\(it is true\)/,
  ],
  [
    'no namespace',
    (values) => delete values.service['namespace'],
    /casper:service\.namespace: .*expected string/,
  ],
  [
    'a namespace of Kubernetes’ own',
    (values) => (values.service['namespace'] = 'kube-system'),
    /casper:service\.namespace: expected a namespace of the service’s own.*kube-system/,
  ],
  [
    'another kind of Deployment',
    (values) => (values.service['deployment'] = 'theirs'),
    /casper:service\.deployment: expected own, the default, or existing \(it is "theirs"\)/,
  ],
  [
    'a Deployment where the stack makes its own',
    (values) => (values.service = { image: 'web:1' }),
    /casper:regions\.paris\.deployment: the stack makes the Deployments itself; remove it, or set casper:service\.deployment to existing/,
  ],
])('refused: %s', (_, change, message) => {
  expect(() => parseStackConfig(existingStack(change), 'dev')).toThrow(message);
});
