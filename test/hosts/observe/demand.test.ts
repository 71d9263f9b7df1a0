import { setTimeout as sleep } from 'node:timers/promises';
import { demandSourceOf, readDemand, readDemandHistory } from '../../../observe/demand';
import { parseStackConfig } from '../../../stack/stackConfig';
import { MetricsServer } from './metricsServer';
import { PrometheusProcess } from './prometheusProcess';

let paris: MetricsServer;
let sydney: MetricsServer;
let prometheus: PrometheusProcess;

beforeAll(async () => {
  [paris, sydney] = [await MetricsServer.start(), await MetricsServer.start()];
  prometheus = await PrometheusProcess.create({ paris: paris.target, sydney: sydney.target }, 1000);
  await prometheus.start();
}, 60_000);

afterAll(async () => {
  await prometheus.remove();
  await Promise.all([paris.stop(), sydney.stop()]);
}, 30_000);

/** A stack whose own query is asked of the Prometheus of this test. */
function source() {
  const region = (name: string, index: number) => ({
    name,
    loadBalancer: { address: `192.0.2.${index}`, port: 80 },
    traefik: { host: 'here', entryPointPort: 8000 + index, metricsPort: 8100 + index, apiPort: 8200 + index },
  });
  const regions = { paris: { servers: 0, cpuMillicores: 0 }, sydney: { servers: 0, cpuMillicores: 0 } };
  return demandSourceOf(
    parseStackConfig(
      {
        cluster: { context: 'none' },
        regions: [region('paris', 1), region('sydney', 2)],
        hosts: [
          {
            ...{ name: 'here', address: '127.0.0.1', traefik: '/usr/bin/traefik' },
            prometheus: { program: '/usr/bin/prometheus' },
          },
        ],
        service: { image: 'none' },
        demand: { url: prometheus.url },
        plan: { interval: '2026-01-05T00:00:00Z', policy: 'none', regions, weights: {} },
      },
      'test',
      true,
    ),
  );
}

const window = { windowSeconds: 6, lastKnownMinutes: 0 };

test('what the proxies count is demand: 0 of one that counts nothing, missing of one that nobody scrapes', async () => {
  // A series that is new says nothing of what was before its first sample.
  paris.count('sydney', 200, 1);
  paris.count('paris', 200, 1);
  await sleep(2000);
  for (let second = 0; second < 9; second++) {
    paris.count('sydney', 200, 12);
    paris.count('paris', 503, 8);
    // Traefik's own services are nobody's demand.
    paris.count('weighted_row', 200, 50);
    await sleep(1000);
  }
  const read = await readDemand(source(), window, Date.now());
  const rate = read.get('paris');
  // Scrapes and counts have clocks of their own.
  expect(rate).toEqual({ requestsPerSecond: expect.any(Number) as number, from: 'measured', ageSeconds: 0 });
  expect((rate as { requestsPerSecond: number }).requestsPerSecond).toBeGreaterThan(14);
  expect((rate as { requestsPerSecond: number }).requestsPerSecond).toBeLessThan(26);
  expect(read.get('sydney')).toEqual({ requestsPerSecond: 0, from: 'measured', ageSeconds: 0 });

  paris.broken = true;
  await sleep(8000);
  const later = await readDemand(source(), window, Date.now());
  expect(later.get('paris')).toEqual({
    unknown: expect.stringContaining('has no rate of paris in the last 6 s') as string,
  });
  expect(later.get('sydney')).toMatchObject({ requestsPerSecond: 0 });
  // A few seconds of an hour make no rate of the hour.
  const hour = Math.floor(Date.now() / 3600_000) * 3600;
  const history = await readDemandHistory(source(), hour - 7200, hour, Date.now());
  expect([...history.values()]).toEqual([
    { paris: null, sydney: null },
    { paris: null, sydney: null },
  ]);
}, 90_000);
