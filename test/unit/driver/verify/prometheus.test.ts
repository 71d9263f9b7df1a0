import { faultOfPrometheus } from '../../../../driver/verify/prometheus';
import { closedPort, startServer, stopServers } from '../../loopbackServer';

afterEach(stopServers);

const hostsAt = (url: string) => [
  {
    ...{ name: 'watcher', address: '127.0.0.1', folder: '/var/lib/casper' },
    prometheus: { program: '/usr/bin/prometheus', port: Number(new URL(url).port), scrapeIntervalSeconds: 1 },
  },
];

test('a Prometheus that refuses connections has died; one that is starting has not', async () => {
  const closed = await closedPort();
  expect(await faultOfPrometheus({ hosts: hostsAt(closed) })).toBe(
    `it does not answer at ${closed}-/ready: ECONNREFUSED`,
  );
  const { url, requests } = await startServer((response) => {
    response.statusCode = 503;
    response.end();
  });
  expect(await faultOfPrometheus({ hosts: hostsAt(url) })).toBeNull();
  expect(requests.map(({ path }) => path)).toEqual(['/-/ready']);
  expect(await faultOfPrometheus({ hosts: [] })).toBeNull();
});
