import { setTimeout as sleep } from 'node:timers/promises';
import {
  observeRequests,
  type Observation,
  type ObservedPair,
  type PairRequests,
} from '../../../observe/observeRequests';
import { isUnknown } from '../../../observe/unknown';
import { MetricsServer } from './metricsServer';
import { patientScrapeIntervalMs as scrapeIntervalMs, PrometheusProcess } from './prometheusProcess';

let paris: MetricsServer;
let sydney: MetricsServer;
let prometheus: PrometheusProcess;

beforeAll(async () => {
  [paris, sydney] = [await MetricsServer.start(), await MetricsServer.start()];
  prometheus = await PrometheusProcess.create(
    { paris: paris.target, sydney: sydney.target },
    scrapeIntervalMs,
  );
  await prometheus.start();
  await quiet();
}, 60_000);

afterAll(async () => {
  await prometheus.remove();
  await Promise.all([paris.stop(), sydney.stop()]);
}, 30_000);

beforeEach(async () => {
  paris.broken = false;
  await quiet();
});

/** Until two more scrapes have seen what the counters say. */
async function quiet(): Promise<void> {
  const [a, b] = [paris.scrapes, sydney.scrapes];
  while (paris.scrapes < a + 2 || sydney.scrapes < b + 2) await sleep(20);
  await sleep(100);
}

const pair = (origin: 'paris' | 'sydney', destination: string): ObservedPair => ({
  origin,
  destination,
  target: { job: 'traefik', instance: (origin === 'paris' ? paris : sydney).target },
  selector: { service: `${destination}@file` },
});

const pairs = () => [pair('paris', 'paris'), pair('paris', 'sydney'), pair('sydney', 'sydney')];

/** Observes what happens during some work. */
async function during(work: () => Promise<void> | void, observed = pairs()): Promise<Observation[]> {
  const fromMs = Date.now();
  await work();
  await quiet();
  return observe(fromMs, Date.now(), observed);
}

function observe(fromMs: number, toMs: number, observed = pairs()): Promise<Observation[]> {
  return observeRequests({ prometheus: prometheus.url, pairs: observed, fromMs, toMs, scrapeIntervalMs });
}

function requestsOf({ requests }: Observation): PairRequests {
  if (isUnknown(requests)) throw new Error(requests.unknown);
  return requests;
}

const served = (observations: readonly Observation[]) =>
  observations.map((observation) => requestsOf(observation).served);

test('counts are exact, an interval after the other, origin by origin', async () => {
  const edges = [Date.now()];
  for (const round of [1, 2, 3]) {
    for (let step = 0; step < 7; step++) {
      paris.count('paris', 200, 11 * round);
      paris.count('sydney', 200, 3);
      sydney.count('sydney', 200, 5);
      await sleep(scrapeIntervalMs / 6);
    }
    await quiet();
    edges.push(Date.now());
  }
  for (const round of [1, 2, 3]) {
    expect(served(await observe(edges[round - 1] ?? NaN, edges[round] ?? NaN))).toEqual([77 * round, 21, 35]);
  }
  expect(served(await observe(edges[0] ?? NaN, edges[3] ?? NaN))).toEqual([462, 63, 105]);
}, 60_000);

test('edges in the middle of traffic lose nothing and count nothing twice', async () => {
  const edges = [Date.now()];
  for (let step = 0; step < 40; step++) {
    paris.count('paris', 200, 7);
    await sleep(scrapeIntervalMs / 8);
    if (step % 8 === 3) edges.push(Date.now());
  }
  await quiet();
  edges.push(Date.now());
  let total = 0;
  for (const [index, toMs] of edges.slice(1).entries()) {
    total += served(await observe(edges[index] ?? NaN, toMs, [pair('paris', 'paris')]))[0] ?? NaN;
  }
  expect(total).toBe(280);
}, 60_000);

test('the interval that has just ended is waited for', async () => {
  const fromMs = Date.now();
  paris.count('paris', 200, 9);
  await quiet();
  paris.count('paris', 200, 1000);
  const toMs = Date.now() - 50;
  const [first] = served(await observe(fromMs, toMs, [pair('paris', 'paris')]));
  const [second] = served(
    await during(quiet, [pair('paris', 'paris')]).then(() =>
      observe(toMs, Date.now(), [pair('paris', 'paris')]),
    ),
  );
  expect([first, (first ?? NaN) + (second ?? NaN)]).toEqual([9, 1009]);
}, 60_000);

test('series that begin in the interval count whole: a new destination, and codes by kind', async () => {
  const observations = await during(() => {
    paris.count('tokyo', 200, 40);
    paris.count('tokyo', 404, 2);
    paris.count('tokyo', 503, 5);
    paris.count('tokyo', 502, 1);
    paris.count('tokyo', 0, 3);
  }, [pair('paris', 'tokyo'), pair('paris', 'nowhere')]);
  expect(observations.map(requestsOf)).toMatchObject([
    { served: 42, serverErrors: 6, clientAborts: 3, resets: 0 },
    { served: 0, serverErrors: 0, clientAborts: 0, resets: 0, serviceTime: { meanMs: null, p99Ms: null } },
  ]);
}, 60_000);

test('service times of served requests, from the buckets', async () => {
  const [observation] = await during(() => {
    sydney.count('sydney', 200, 60, 0.005);
    sydney.count('sydney', 200, 38, 0.05);
    sydney.count('sydney', 200, 2, 7);
    sydney.count('sydney', 503, 1000, 0.5);
  }, [pair('sydney', 'sydney')]);
  const { meanMs, p50Ms, p95Ms, p99Ms } = requestsOf(observation ?? fail()).serviceTime;
  expect(meanMs).toBeCloseTo((60 * 5 + 38 * 50 + 2 * 7000) / 100, 6);
  expect(p50Ms).toBeCloseTo((10 * 50) / 60, 6);
  expect(p95Ms).toBeCloseTo(10 + (90 * 35) / 38, 6);
  expect(p99Ms).toEqual({ unknown: 'over 1000, the largest bound of the buckets' });
}, 60_000);

test('a Traefik that began anew: what it counted since, and a mark that it did', async () => {
  const [observation] = await during(async () => {
    paris.count('paris', 200, 30);
    await quiet();
    paris.restart();
    paris.count('paris', 200, 4);
    await quiet();
    paris.count('paris', 200, 2);
  }, [pair('paris', 'paris')]);
  expect(requestsOf(observation ?? fail())).toMatchObject({ served: 36, resets: 1 });
}, 60_000);

describe('unknown, with the reason, and never 0', () => {
  test('a target that is down at an edge; the others are known, and the next interval too', async () => {
    const observations = await during(async () => {
      paris.count('paris', 200, 10);
      sydney.count('sydney', 200, 8);
      await quiet();
      paris.broken = true;
    });
    const reason = `{instance="${paris.target}",job="traefik"}: the target was down at `;
    expect(observations.slice(0, 2).map(({ requests }) => requests)).toEqual([
      { unknown: expect.stringContaining(reason) as unknown },
      { unknown: expect.stringContaining(reason) as unknown },
    ]);
    expect(requestsOf(observations[2] ?? fail()).served).toBe(8);
    paris.broken = false;
    await quiet();
    expect(
      served(
        await during(() => {
          paris.count('paris', 200, 5);
        }),
      ),
    ).toEqual([5, 0, 0]);
  }, 60_000);

  test('down in between: exact where the counters went on, unknown where they began anew', async () => {
    const absence = (restart: boolean) =>
      during(async () => {
        paris.count('paris', 200, 10);
        await quiet();
        paris.broken = true;
        await quiet();
        if (restart) paris.restart();
        paris.count('paris', 200, 3);
        paris.broken = false;
      }, [pair('paris', 'paris')]);
    expect(served(await absence(false))).toEqual([13]);
    const [{ requests } = fail()] = await absence(true);
    expect(requests).toEqual({
      unknown: expect.stringMatching(/away between .*Z and .*Z, and its counters began anew/) as unknown,
    });
  }, 60_000);

  test('a target that Prometheus does not have, and labels that are those of two', async () => {
    const [none, two] = await during(
      () => undefined,
      [
        { ...pair('paris', 'paris'), target: { job: 'traefik', instance: 'nowhere:1' } },
        { ...pair('paris', 'paris'), target: { job: 'traefik' } },
      ],
    );
    expect(none?.requests).toEqual({
      unknown: 'Prometheus has no target {instance="nowhere:1",job="traefik"} at that time',
    });
    expect(two?.requests).toEqual({ unknown: 'Prometheus has 2 targets {job="traefik"} at that time' });
  }, 60_000);

  test('Prometheus killed: unknown while it is away, and for the interval at whose edge it was', async () => {
    const fromMs = Date.now();
    paris.count('paris', 200, 10);
    await prometheus.kill();
    await sleep(3 * scrapeIntervalMs);
    const edgeMs = Date.now();
    const away = await observe(fromMs, edgeMs, [pair('paris', 'paris')]);
    expect(away[0]?.requests).toEqual({
      unknown: `No Prometheus answers at ${prometheus.url}: ECONNREFUSED`,
    });
    await prometheus.start();
    await quiet();
    const [late] = await observe(fromMs, edgeMs, [pair('paris', 'paris')]);
    expect(late?.requests).toEqual({
      unknown: expect.stringMatching(/: no scrape in the 3750 ms up to /) as unknown,
    });
    paris.count('paris', 200, 2);
    // Nothing is lost over both intervals together.
    await quiet();
    expect(served(await observe(fromMs, Date.now(), [pair('paris', 'paris')]))).toEqual([12]);
  }, 60_000);
});

function fail(): never {
  throw new Error('expected an observation');
}
