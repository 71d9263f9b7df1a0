import {
  DemandError,
  demandSourceOf,
  readDemand,
  readDemandHistory,
  type DemandSource,
} from '../../../observe/demand';
import { parseStackConfig } from '../../../stack/stackConfig';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { closedPort, stopServers } from '../loopbackServer';
import { prometheusServer, steady, type PrometheusServer } from '../prometheusServer';

afterEach(stopServers);

const nowMs = Date.parse('2026-08-13T12:20:00Z');
const window = { windowSeconds: 60, lastKnownMinutes: 10 };

const sourceOf = (url: string): DemandSource => ({
  ...{ url, query: 'x[$window] * $seconds', timeoutMs: 2000, origins: ['paris', 'sydney'] },
  leastWindowSeconds: 4,
});

async function answering(answer: PrometheusServer['answer']): Promise<PrometheusServer> {
  const server = await prometheusServer(answer);
  server.clock = () => nowMs;
  return server;
}

test('requests/s by origin over the window that ends now', async () => {
  const server = await answering(() => [steady('paris', '12.5'), steady('sydney', 0)]);
  expect(Object.fromEntries(await readDemand(sourceOf(server.url), window, nowMs))).toEqual({
    paris: { requestsPerSecond: 12.5, from: 'measured', ageSeconds: 0 },
    sydney: { requestsPerSecond: 0, from: 'measured', ageSeconds: 0 },
  });
  expect(Object.fromEntries(server.asked[0] ?? [])).toEqual({
    query: 'x[60s] * 60',
    ...{ start: String(nowMs / 1000 - 600), end: String(nowMs / 1000), step: '60' },
  });
});

test('a window of fewer than four scrapes is made longer', async () => {
  const server = await answering(() => []);
  await readDemand(sourceOf(server.url), { windowSeconds: 1, lastKnownMinutes: 0 }, nowMs);
  expect(server.asked[0]?.get('query')).toBe('x[4s] * 4');
});

test('a hole is missing and not 0; what was known last stands in within its age', async () => {
  const server = await answering(() => [
    { labels: { origin: 'paris' }, valueAt: (at) => (at > nowMs / 1000 - 150 ? 'NaN' : '7') },
    { labels: { origin: 'sydney' }, valueAt: () => '-1' },
  ]);
  const read = await readDemand(sourceOf(server.url), window, nowMs);
  expect(read.get('paris')).toEqual({ requestsPerSecond: 7, from: 'lastKnown', ageSeconds: 180 });
  expect(read.get('sydney')).toEqual({
    unknown: `Prometheus at ${server.url} has no rate of sydney in the last 10 min`,
  });
});

test('no Prometheus: every origin is missing, with the reason', async () => {
  const url = await closedPort();
  const read = await readDemand(sourceOf(url), window, nowMs);
  expect([...read.values()]).toEqual([
    { unknown: `No Prometheus answers at ${url.slice(0, -1)}: ECONNREFUSED` },
    { unknown: `No Prometheus answers at ${url.slice(0, -1)}: ECONNREFUSED` },
  ]);
});

test('two series for one origin, and one for nobody, are refused', async () => {
  const server = await answering(() => [
    { labels: { origin: 'paris', code: '200' }, valueAt: () => '1' },
    { labels: { origin: 'paris', code: '500' }, valueAt: () => '2' },
  ]);
  const refusal = () => readDemand(sourceOf(server.url), window, nowMs);
  await expect(refusal()).rejects.toThrow(DemandError);
  await expect(refusal()).rejects.toThrow(
    'yields two series for paris: {"origin":"paris","code":"200"} and {"origin":"paris","code":"500"}; expected one: add them up with sum by (origin)',
  );
  server.answer = () => [steady('london', 3)];
  await expect(refusal()).rejects.toThrow(
    '{"origin":"london"}, whose label origin names none of paris, sydney',
  );
  server.answer = () => [{ labels: { region: 'paris' }, valueAt: () => '1' }];
  await expect(refusal()).rejects.toThrow('names none of paris, sydney');
});

test('a clock an hour wrong is said', async () => {
  const server = await answering(() => [steady('paris', 1)]);
  server.clock = () => nowMs - 3600_000;
  await expect(readDemand(sourceOf(server.url), window, nowMs)).rejects.toThrow(
    "says 2026-08-13T11:20:00.000Z, this machine's 2026-08-13T12:20:00.000Z; set the clock that is wrong",
  );
});

test('history by whole hours, with holes as holes', async () => {
  const to = Date.parse('2026-08-13T12:00:00Z') / 1000;
  const server = await answering(() => [
    // Of the hour that ends at 11:00 nothing is known.
    { labels: { origin: 'paris' }, valueAt: (at) => (at === to - 3600 ? undefined : String(to - at)) },
  ]);
  const history = await readDemandHistory(sourceOf(server.url), to - 3 * 3600, to, nowMs);
  expect([...history]).toEqual([
    [to - 3 * 3600, { paris: 7200, sydney: null }],
    [to - 2 * 3600, { paris: null, sydney: null }],
    [to - 3600, { paris: 0, sydney: null }],
  ]);
  expect(server.asked[0]?.get('query')).toBe('x[3600s] * 3600');
});

describe('where it comes from', () => {
  const { config } = parse(readFileSync(path.join(__dirname, '../../../Pulumi.dev.yaml'), 'utf8')) as {
    config: Record<string, unknown>;
  };
  const stack = (more: Record<string, unknown>) =>
    parseStackConfig(
      {
        ...Object.fromEntries(
          Object.entries(config).map(([key, value]) => [key.replace('casper:', ''), value]),
        ),
        ...more,
      },
      'test',
    );

  test('a stack without Prometheus and without proxies says what to set', () => {
    expect(() => demandSourceOf(stack({ hosts: [] }))).toThrow('set casper:demand.url and query');
    expect(() => demandSourceOf(stack({ hosts: [], demand: { url: 'http://192.0.2.1:9090' } }))).toThrow(
      'set casper:demand.query',
    );
  });

  test('a query has a window; an address has no credentials', () => {
    expect(() => stack({ demand: { query: 'rate(x[1m])' } })).toThrow(
      'casper:demand.query: expected $window in it',
    );
    expect(() => stack({ demand: { url: 'http://a:canary@192.0.2.1' } })).toThrow(
      /casper:demand.url: has a user.*not shown/,
    );
    expect(() => stack({ demand: { url: 'http://a:canary@192.0.2.1' } })).not.toThrow('canary');
  });
});
