import { busiestMoment } from '../../../observe/busiestMoment';
import { observeRequests, type ObservedPair } from '../../../observe/observeRequests';
import { timeoutFor } from '../../../observe/prometheus';
import { receivedRequests, type ReceivedRequests } from '../../../observe/receivedRequests';
import { isUnknown } from '../../../observe/unknown';
import { startServer, stopServers } from '../loopbackServer';

jest.setTimeout(120_000);
afterEach(stopServers);

const hourSeconds = 3600;
/** What was scraped ends a minute ago, so that nothing is waited for. */
const lastMs = Math.floor(Date.now() / 1000) * 1000 - 60_000 + 123;
const firstMs = lastMs - hourSeconds * 1000;
const target = { job: 'traefik', instance: '192.0.2.1:8101' };
const regions = ['a', 'b', 'c', 'd', 'e'];
const bounds = ['0.001', '0.01', '0.1', '1', '+Inf'];

interface Stored {
  readonly labels: Record<string, string>;
  readonly valueAt: (scrape: number) => number;
}

/** A scrape a second for an hour; the process began anew before the scrape with this number. */
const restartAt = 1800;

/** Every service serves 7 requests/s, half of them within 10 ms and the others within 1 s. */
function stored(restarts: boolean): Stored[] {
  const since = (scrape: number): number =>
    restarts && scrape >= restartAt ? scrape - restartAt + 1 : scrape;
  const own = (name: string, more: Record<string, string> = {}) => ({ __name__: name, ...target, ...more });
  return [
    { labels: own('up'), valueAt: () => 1 },
    {
      labels: own('process_start_time_seconds'),
      valueAt: (scrape) => (restarts && scrape >= restartAt ? 2000 : 1000),
    },
    ...regions.flatMap((region): Stored[] => {
      const service = { service: `${region}@file`, code: '200' };
      return [
        {
          labels: own('traefik_service_requests_total', service),
          valueAt: (scrape) => 7 * since(scrape),
        },
        {
          labels: own('traefik_service_request_duration_seconds_sum', service),
          valueAt: (scrape) => 7 * since(scrape) * 0.02,
        },
        ...bounds.map((le): Stored => ({
          labels: own('traefik_service_request_duration_seconds_bucket', { ...service, le }),
          valueAt: (scrape) => 7 * since(scrape) * ({ '0.001': 0, '0.01': 0.5, '0.1': 0.5 }[le] ?? 1),
        })),
      ];
    }),
  ];
}

/** Answers raw queries as Prometheus does: names, a window, and the moment that it ends at. */
async function prometheusWith(series: readonly Stored[]) {
  const answered = { samples: 0, largest: 0, queries: 0 };
  const { url } = await startServer((response, request) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const form = new URLSearchParams(text);
      const [, names = '', window = ''] =
        /__name__=~"([^"]*)".*\[(\d+)ms\]$/.exec(form.get('query') ?? '') ?? [];
      const untilMs = form.has('time') ? Number(form.get('time')) * 1000 : Date.now();
      const result = series
        .filter(({ labels }) => names.split('|').includes(labels['__name__'] ?? ''))
        .flatMap(({ labels, valueAt }) => {
          const values: [number, string][] = [];
          for (let scrape = 0; scrape <= hourSeconds; scrape++) {
            const atMs = firstMs + 1000 * scrape;
            if (atMs > untilMs - Number(window) && atMs <= untilMs)
              values.push([atMs / 1000, String(valueAt(scrape))]);
          }
          return values.length === 0 ? [] : [{ metric: labels, values }];
        });
      const samples = result.reduce((sum, { values }) => sum + values.length, 0);
      answered.samples += samples;
      answered.largest = Math.max(answered.largest, samples);
      answered.queries++;
      response.end(JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } }));
    });
  });
  return { url, answered };
}

const pairs = regions.map((destination): ObservedPair => ({
  ...{ origin: 'a', destination, target },
  selector: { service: `${destination}@file` },
}));
const observeHour = (prometheus: string) =>
  observeRequests({ prometheus, pairs, fromMs: firstMs, toMs: lastMs, scrapeIntervalMs: 1000 });

test('an hour is counted exactly, and of the durations the two scrapes at its edges are enough', async () => {
  const { url, answered } = await prometheusWith(stored(false));
  for (const { requests } of await observeHour(url)) {
    if (isUnknown(requests)) throw new Error(requests.unknown);
    expect(requests).toMatchObject({ served: 7 * hourSeconds, serverErrors: 0, resets: 0 });
    expect(requests.serviceTime.meanMs).toBeCloseTo(20, 6);
    expect(requests.serviceTime.p50Ms).toBeCloseTo(10, 6);
    expect(requests.serviceTime.p95Ms).toBeCloseTo(910, 6);
  }
  // All samples of the hour would be 37 series of 3,601.
  expect(answered.largest).toBe(7 * (hourSeconds + 1));
  expect(answered.queries).toBe(4);
});

test('a restart in the hour, which the counters alone may not show, is known to both, and the count is its parts', async () => {
  const { url } = await prometheusWith(stored(true));
  const observed = await observeHour(url);
  for (const { requests } of observed) {
    if (isUnknown(requests)) throw new Error(requests.unknown);
    // Up to the scrape before, and from 0 on: with what was lost between the two.
    expect(requests).toMatchObject({ served: 7 * hourSeconds, resets: 1 });
    expect(requests.serviceTime.meanMs).toBeCloseTo(20, 6);
    expect(requests.serviceTime.p95Ms).toBeCloseTo(910, 6);
  }
});

test('a pair that has no series yet has the restarts of its Traefik too', async () => {
  const { url } = await prometheusWith(stored(true));
  const [observed] = await observeRequests({
    ...{ prometheus: url, fromMs: firstMs, toMs: lastMs, scrapeIntervalMs: 1000 },
    pairs: [{ origin: 'a', destination: 'new', target, selector: { service: 'new@file' } }],
  });
  expect(observed?.requests).toMatchObject({ served: 0, resets: 1 });
});

test('5, anew, 7: what was received is those 7 and not the difference of 2', async () => {
  const values = [0, 5, 7, 9];
  const own = (name: string) => ({ __name__: name, ...target, service: 'a@file' });
  const valueAt = (of: readonly number[]) => (scrape: number) => of[scrape - hourSeconds + 3] ?? 0;
  const series = (starts: readonly number[]): Stored[] => [
    { labels: own('traefik_service_requests_total'), valueAt: valueAt(values) },
    { labels: own('process_start_time_seconds'), valueAt: valueAt(starts) },
  ];
  const requestsOf = async (starts: readonly number[]): Promise<number[]> => {
    const { url } = await prometheusWith(series(starts));
    const received = await receivedRequests(url, pairs.slice(0, 1), Date.now() - lastMs + 3500);
    return received.map(({ requests }) => requests);
  };
  expect(await requestsOf([1, 1, 1, 1])).toEqual([5, 2, 2]);
  expect(await requestsOf([1, 1, 2, 2])).toEqual([5, 7, 2]);
});

describe('the busiest three seconds of five origins and destinations', () => {
  const busySecond = 600;
  const busiestOf = (seconds: number) => {
    const received = regions.flatMap((origin) =>
      regions.flatMap((destination) =>
        Array.from({ length: seconds }, (_, second): ReceivedRequests => ({
          ...{ origin, destination, fromMs: 1000 * second, toMs: 1000 * second + 1000 },
          requests: destination === 'd' && second >= busySecond && second < busySecond + 3 ? 30 : 10,
        })),
      ),
    );
    const ready = Array.from({ length: 2 * seconds + 10 }, (_, half) => ({
      atMs: 500 * half,
      servers: Object.fromEntries(regions.map((region) => [region, 20])),
    }));
    const before = process.cpuUsage();
    const busiest = busiestMoment(received, ready, () => 10);
    const { user, system } = process.cpuUsage(before);
    return { busiest, cpuMs: (user + system) / 1000 };
  };

  test('are found in an hour', () => {
    expect(busiestOf(hourSeconds).busiest).toEqual({
      ...{ destination: 'd', atMs: 1000 * busySecond, requestsPerSecond: 150 },
      ...{ capacityRequestsPerSecond: 200, load: 0.75 },
    });
  });

  test('and the work grows as the hour does: were each window to look at all spans, four times the time took sixteen', () => {
    const fastest = (seconds: number): number =>
      Math.min(...Array.from({ length: 3 }, () => busiestOf(seconds).cpuMs));
    const quarter = fastest(hourSeconds / 4);
    expect(fastest(hourSeconds) / quarter).toBeLessThan(9);
  });
});

test('the longer the window, the longer its answer may take', () => {
  expect([timeoutFor(20_000), timeoutFor(hourSeconds * 1000)]).toEqual([5334, 65_000]);
});
