import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { generateLoad } from '../../../load/generateLoad';
import { observeRequests } from '../../../observe/observeRequests';
import { rawSamples } from '../../../observe/prometheus';
import { startServer, stopServers } from '../../unit/loopbackServer';
import { tool } from '../tools';
import { patientScrapeIntervalMs as scrapeIntervalMs, PrometheusProcess } from './prometheusProcess';
import { freeAddress, RunningProgram } from './runningProgram';

const folder = mkdtempSync(path.join(tmpdir(), 'casper-observe-'));
const weights = { east: 3, west: 1 };

let traefik: RunningProgram;
let prometheus: PrometheusProcess;
let entryPoint: string;
let metrics: string;
/** west answers every fifth request with 503. */
const asked = { east: 0, west: 0 };

beforeAll(async () => {
  const [east, west] = [
    await startServer((response) => {
      asked.east++;
      response.end('east');
    }),
    await startServer((response) => {
      response.statusCode = ++asked.west % 5 === 0 ? 503 : 200;
      response.end('west');
    }),
  ];
  const [web, api] = [await freeAddress(), await freeAddress()];
  metrics = await freeAddress();
  entryPoint = `http://${web}/`;
  mkdirSync(path.join(folder, 'dynamic'));
  const servers = (url: string) => ({ loadBalancer: { servers: [{ url }] } });
  writeFileSync(
    path.join(folder, 'dynamic', 'row.yml'),
    JSON.stringify({
      http: {
        routers: { origin: { entryPoints: ['web'], rule: 'PathPrefix(`/`)', service: 'row' } },
        services: {
          row: {
            weighted: { services: Object.entries(weights).map(([name, weight]) => ({ name, weight })) },
          },
          east: servers(east.url),
          west: servers(west.url),
        },
      },
    }),
  );
  writeFileSync(
    path.join(folder, 'traefik.yml'),
    JSON.stringify({
      global: { checkNewVersion: false, sendAnonymousUsage: false },
      entryPoints: { web: { address: web }, metrics: { address: metrics }, traefik: { address: api } },
      api: { insecure: true, dashboard: false },
      ping: { entryPoint: 'traefik' },
      metrics: { prometheus: { entryPoint: 'metrics', buckets: [0.001, 0.01, 0.1, 1, 10] } },
      providers: { file: { directory: path.join(folder, 'dynamic') } },
    }),
  );
  traefik = await RunningProgram.start(
    tool('traefik'),
    [`--configFile=${path.join(folder, 'traefik.yml')}`],
    `http://${api}/api/http/services/row@file`,
  );
  prometheus = await PrometheusProcess.create({ north: metrics }, scrapeIntervalMs);
  await prometheus.start();
  // Prometheus scrapes its first target some seconds after it says that it is ready.
  while ((await rawSamples(prometheus.url, 'up', 60_000)).length === 0) await sleep(100);
}, 60_000);

afterAll(async () => {
  await prometheus.remove();
  await traefik.end('SIGTERM');
  await stopServers();
  rmSync(folder, { recursive: true });
}, 30_000);

test('what was sent, what Traefik counted and what the destinations were asked are the same, to the request', async () => {
  const { intervals } = await generateLoad({
    origins: [{ name: 'north', url: entryPoint }],
    intervals: [
      { seconds: 2, requestsPerSecond: { north: 200 } },
      { seconds: 2, requestsPerSecond: { north: 80 } },
    ],
    seed: 1,
  });
  // The last requests, and one scrape that has seen them.
  await sleep(3 * scrapeIntervalMs);
  const pair = (destination: string) => ({
    origin: 'north',
    destination,
    target: { job: 'traefik', instance: metrics },
    selector: { service: `${destination}@file` },
  });
  const [start, change] = intervals.map(({ startedAtMs }) => startedAtMs);
  const observe = async (fromMs: number | undefined, toMs: number | undefined) => {
    const observations = await observeRequests({
      prometheus: prometheus.url,
      pairs: ['east', 'west'].map(pair),
      fromMs: fromMs ?? NaN,
      toMs: toMs ?? NaN,
      scrapeIntervalMs,
    });
    return observations.map(({ requests }) => {
      if ('unknown' in requests) throw new Error(requests.unknown);
      return requests;
    });
  };
  const whole = await observe(start, Date.now());
  expect(whole).toMatchObject([
    { served: 420, serverErrors: 0, clientAborts: 0, resets: 0 },
    { served: 112, serverErrors: 28, clientAborts: 0, resets: 0 },
  ]);
  expect(asked).toEqual({ east: 420, west: 140 });
  expect(intervals.map(({ total }) => [total.sent, total.answered + total.failed.status])).toEqual([
    [400, 400],
    [160, 160],
  ]);
  // A late request of the first interval may take its turn in the row after one of the second.
  const unavailable = intervals.map(({ total }) => total.errorStatuses['503'] ?? 0);
  expect(unavailable.reduce((sum, count) => sum + count, 0)).toBe(28);
  for (const { serviceTime } of whole) {
    expect(serviceTime.meanMs).toBeGreaterThan(0);
    expect(serviceTime.p99Ms).toBeGreaterThan(0);
    expect(serviceTime.p99Ms).toBeLessThan(10_000);
  }
  const [before, after] = [await observe(start, change), await observe(change, Date.now())];
  for (const [index, requests] of whole.entries()) {
    expect((before[index]?.served ?? NaN) + (after[index]?.served ?? NaN)).toBe(requests.served);
  }
}, 60_000);
