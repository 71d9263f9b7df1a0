import { PrometheusServer } from '../../../components/prometheusServer';
import { recordResources, settled } from './mocks';

const args = {
  host: { name: 'here' },
  ...{ folder: '/var/lib/casper/prometheus', program: '/usr/bin/prometheus', address: '127.0.0.1:9090' },
  targets: {},
};
const login = { user: 'casper', passwordHash: '$2b$10$canary' };
const tls = { certificateFile: '/etc/tls.crt', keyFile: '/etc/tls.key' };

test('a password without TLS is refused before anything is made on the host', async () => {
  const recorded = await recordResources();
  expect(() => new PrometheusServer('metrics', { ...args, login })).toThrow(
    'metrics: login without tls would have the password sent in clear; give tls',
  );
  await settled();
  expect(recorded.filter(({ type }) => type.startsWith('command:'))).toEqual([]);
});

test('of what is given, the component itself keeps the paths alone', async () => {
  const recorded = await recordResources();
  const server = new PrometheusServer('metrics', {
    ...args,
    login,
    tls: { ...tls, key: 'canary-key' } as typeof tls,
  });
  await settled();
  expect(server.url).toBeDefined();
  expect(recorded.find(({ type }) => type === 'casper:index:PrometheusServer')?.inputs).toMatchObject({
    tls,
  });
  const inputs = recorded.map((resource) => JSON.stringify(resource.inputs));
  expect(inputs.filter((text) => text.includes('$2b$10$canary'))).toHaveLength(1);
  expect(inputs.join()).not.toContain('canary-key');
});
