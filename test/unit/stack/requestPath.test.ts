import { originsOf, watcherOf } from '../../../stack/requestPath';
import { parseStackConfig, type StackConfig } from '../../../stack/stackConfig';

const ssh = { user: 'casper', hostKey: 'ssh-ed25519 AAAA' };
const prometheus = { program: '/usr/bin/prometheus' };
const traefik = '/usr/bin/traefik';

/** A stack of two regions, whose proxies are on hosts here and there. */
function stackOn(...hosts: [Record<string, unknown>, Record<string, unknown>]): StackConfig {
  const names = ['north', 'south'];
  return parseStackConfig(
    {
      cluster: { context: 'x' },
      hosts,
      service: { image: 'web', namespace: 'web' },
      regions: names.map((name, index) => ({
        name,
        loadBalancer: { address: '192.0.2.1', port: 8081 + index },
        traefik: {
          host: index === 0 ? 'here' : 'there',
          ...{ entryPointPort: 8000 + index, metricsPort: 8100 + index, apiPort: 8200 + index },
        },
      })),
      plan: {
        ...{ interval: '2022-08-13T00:00:00Z', policy: 'carbon' },
        regions: Object.fromEntries(names.map((name) => [name, { servers: 1, cpuMillicores: 11 }])),
        weights: { north: { north: 1 }, south: { south: 1 } },
      },
    },
    'a test',
  );
}
const here = { name: 'here', address: '192.0.2.8', traefik };
const there = { name: 'there', address: '192.0.2.9', traefik };
const metricsOf = (config: StackConfig): string[] =>
  originsOf(config).map(({ metricsAddress }) => metricsAddress);

test('where casper, Prometheus and the proxies share a machine, nobody else reaches metrics or Prometheus', () => {
  const config = stackOn({ ...here, prometheus }, there);
  expect(metricsOf(config)).toEqual(['127.0.0.1:8100', '127.0.0.1:8101']);
  expect(watcherOf(config)).toMatchObject({ address: '127.0.0.1:9090', url: 'http://127.0.0.1:9090' });
});

test('what is read from another machine is at the host’s address, and that alone', () => {
  const far = stackOn({ ...here, prometheus }, { ...there, ssh });
  expect(metricsOf(far)).toEqual(['127.0.0.1:8100', '192.0.2.9:8101']);
  expect(watcherOf(far)?.address).toBe('127.0.0.1:9090');
  const away = stackOn(here, { ...there, ssh, prometheus });
  expect(metricsOf(away)).toEqual(['192.0.2.8:8100', '192.0.2.9:8101']);
  expect(watcherOf(away)?.address).toBe('192.0.2.9:9090');
  // Somebody else's Prometheus may be anywhere.
  expect(metricsOf(stackOn(here, there))).toEqual(['192.0.2.8:8100', '192.0.2.9:8101']);
});

test('addresses that are given hold, and tls is in the address that is asked', () => {
  const tls = { certificateFile: '/etc/tls.crt', keyFile: '/etc/tls.key' };
  const config = stackOn(
    { ...here, metricsAddress: '10.0.0.8', prometheus: { ...prometheus, address: '10.0.0.8', tls } },
    { ...there, metricsAddress: '10.0.0.9', ssh },
  );
  expect(metricsOf(config)).toEqual(['10.0.0.8:8100', '10.0.0.9:8101']);
  expect(watcherOf(config)?.url).toBe('https://10.0.0.8:9090');
});

test.each([
  [
    'metrics that only another machine reaches',
    [
      { ...here, prometheus },
      { ...there, ssh, metricsAddress: '127.0.0.1' },
    ],
    /casper:hosts\.there\.metricsAddress: 127\.0\.0\.1, which there alone reaches; casper or Prometheus runs elsewhere: give an address that they reach/,
  ],
  [
    'metrics that a Prometheus elsewhere does not reach',
    [
      { ...here, metricsAddress: '127.0.0.2' },
      { ...there, ssh, prometheus },
    ],
    /casper:hosts\.here\.metricsAddress: 127\.0\.0\.2, which here alone reaches/,
  ],
  [
    'a Prometheus that casper does not reach',
    [here, { ...there, ssh, prometheus: { ...prometheus, address: '127.0.0.1' } }],
    /casper:hosts\.there\.prometheus\.address: 127\.0\.0\.1, which there alone reaches; casper, which reads it, runs elsewhere/,
  ],
  [
    'a password without TLS',
    [{ ...here, prometheus: { ...prometheus, login: { user: 'casper' } } }, there],
    /casper:hosts\.here\.prometheus\.login: without tls, by which the password would be sent in clear; give tls, or take login out/,
  ],
  [
    'every address of a host',
    [{ ...here, metricsAddress: '0.0.0.0' }, there],
    /casper:hosts\.0\.metricsAddress: expected one address of the host, as in 127\.0\.0\.1 \(it is "0\.0\.0\.0"\)/,
  ],
  [
    'a user with a colon',
    [{ ...here, prometheus: { ...prometheus, login: { user: 'a:b' } } }, there],
    /casper:hosts\.0\.prometheus\.login\.user: expected letters, digits/,
  ],
  [
    'a password in the file',
    [{ ...here, prometheus: { ...prometheus, login: { user: 'a', password: 'hello' } } }, there],
    /casper:hosts\.0\.prometheus\.login: Unrecognized key: "password"/,
  ],
  [
    'a certificate without its key',
    [{ ...here, prometheus: { ...prometheus, tls: { certificateFile: '/etc/tls.crt' } } }, there],
    /casper:hosts\.0\.prometheus\.tls\.keyFile: /,
  ],
] as const)('%s is refused', (_, hosts, message) => {
  expect(() => stackOn(...(hosts as unknown as Parameters<typeof stackOn>))).toThrow(message);
});
