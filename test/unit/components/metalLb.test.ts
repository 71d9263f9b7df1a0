import { MetalLb } from '../../../components/platform/metalLb';
import { recordResources, settled } from './mocks';

test('definitions first, workloads last, then the pool of the regions’ addresses and its advertisement', async () => {
  const recorded = await recordResources();
  const object = (kind: string, name: string) => ({
    apiVersion: kind === 'Deployment' ? 'apps/v1' : 'v1',
    kind,
    metadata: { name },
  });
  new MetalLb('metallb', {
    manifest: [
      object('Deployment', 'controller'),
      object('ServiceAccount', 'controller'),
      object('Namespace', 'metallb-system'),
    ],
    namespace: 'metallb-system',
    addresses: ['192.168.245.201', '192.168.245.202'],
  });
  await settled();
  expect(recorded.map(({ type }) => type)).toEqual([
    'casper:index:MetalLb',
    'kubernetes:core/v1:Namespace',
    'kubernetes:core/v1:ServiceAccount',
    'kubernetes:apps/v1:Deployment',
    'kubernetes:metallb.io/v1beta1:IPAddressPool',
    'kubernetes:metallb.io/v1beta1:L2Advertisement',
  ]);
  expect(recorded.find(({ type }) => type.endsWith('IPAddressPool'))?.inputs).toMatchObject({
    metadata: { name: 'casper', namespace: 'metallb-system' },
    spec: { addresses: ['192.168.245.201/32', '192.168.245.202/32'], autoAssign: false },
  });
});
