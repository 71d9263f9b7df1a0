import { generateLoad, type LoadOptions } from '../../../load/generateLoad';
import { LoadError } from '../../../load/loadError';
import type { LoadSummary } from '../../../load/requestLog';
import { closedPort, startServer, stopServers } from '../loopbackServer';

afterEach(stopServers);

const load = (options: Partial<LoadOptions> & Pick<LoadOptions, 'origins' | 'intervals'>) =>
  generateLoad({ seed: 1, ...options });

test('every origin gets its rate, exactly, over connections that outlive the change of rates', async () => {
  const [a, b] = [await startServer(), await startServer()];
  const seen: number[] = [];
  const { intervals, endedBySignal } = await load({
    origins: [
      { name: 'a', url: a.url },
      { name: 'b', url: `${b.url}content/page?x=1` },
    ],
    intervals: [
      { seconds: 1, requestsPerSecond: { a: 200, b: 30 } },
      { seconds: 0.5, requestsPerSecond: { a: 40, b: 100 } },
    ],
    onInterval: ({ total }) => seen.push(total.answered),
  });
  expect(intervals.map(({ byOrigin }) => [byOrigin['a']?.answered, byOrigin['b']?.answered])).toEqual([
    [200, 30],
    [20, 50],
  ]);
  expect(seen).toEqual([230, 70]);
  expect(endedBySignal).toBe(false);
  expect([a.requests.length, b.requests.length]).toEqual([220, 80]);
  expect(b.requests[0]?.path).toBe('/content/page?x=1');
  expect(a.connections).toBeLessThan(150);
  const [first, second] = intervals;
  expect((first?.endedAtMs ?? NaN) - (first?.startedAtMs ?? NaN)).toBeCloseTo(1000, 3);
  expect(second?.startedAtMs).toBe(first?.endedAtMs);
});

test('the whole is summed up where the log keeps nothing', async () => {
  const { url } = await startServer();
  const { intervals, whole, log } = await load({
    origins: [{ name: 'a', url }],
    intervals: [0, 1].map(() => ({ seconds: 0.3, requestsPerSecond: { a: 100 } })),
    keepLog: false,
  });
  expect(log.summary().due).toBe(0);
  expect([whole.total.due, whole.byOrigin['a']?.answered]).toEqual([60, 60]);
  const max = (summary: LoadSummary | undefined): number => summary?.latencyMs?.max ?? NaN;
  expect(max(whole.total)).toBeCloseTo(Math.max(...intervals.map(({ total }) => max(total))), 3);
});

test('the loop is open: a stall holds no request back, and its whole length is in the latency', async () => {
  let stalledUntilMs: number | undefined;
  const server = await startServer((response) => {
    stalledUntilMs ??= Date.now() + 1000;
    setTimeout(() => response.end(), Math.max(0, stalledUntilMs - Date.now()));
  });
  const { intervals } = await load({
    origins: [{ name: 'a', url: server.url }],
    intervals: [{ seconds: 1.5, requestsPerSecond: { a: 100 } }],
  });
  const firstMs = server.requests[0]?.atMs ?? NaN;
  // A closed loop would send one request a connection and then wait.
  expect(server.requests.filter(({ atMs }) => atMs < firstMs + 900).length).toBeGreaterThan(60);
  const latencyMs = intervals[0]?.total.latencyMs;
  expect(latencyMs?.max).toBeGreaterThan(950);
  // Two thirds of the requests fell into the stall, and waited half a second in the mean.
  expect(latencyMs?.p50).toBeGreaterThan(150);
});

test('where no more may be under way, waiting counts as latency', async () => {
  const server = await startServer((response) => setTimeout(() => response.end(), 50));
  const { intervals } = await load({
    origins: [{ name: 'a', url: server.url }],
    intervals: [{ seconds: 0.5, requestsPerSecond: { a: 40 } }],
    maxConcurrency: 1,
  });
  expect(intervals[0]?.total).toMatchObject({ sent: 20, answered: 20, notSent: 0 });
  expect(server.connections).toBe(1);
  // 20 answers of 50 ms one after the other take a second; the last one was due after half of it.
  expect(intervals[0]?.total.latencyMs?.max).toBeGreaterThan(400);
  expect(intervals[0]?.total.lateMs?.max).toBeGreaterThan(350);
});

describe('failures, by kind', () => {
  const fails = async (url: string, options: Partial<LoadOptions> = {}) => {
    const { intervals } = await load({
      origins: [{ name: 'a', url }],
      intervals: [{ seconds: 0.2, requestsPerSecond: { a: 50 } }],
      timeoutMs: 300,
      ...options,
    });
    return intervals[0]?.total;
  };

  test('a status from 400 on', async () => {
    let count = 0;
    const server = await startServer((response) => {
      response.statusCode = [200, 302, 404, 503, 503][count++ % 5] ?? 0;
      response.end();
    });
    expect(await fails(server.url)).toMatchObject({
      sent: 10,
      answered: 4,
      failed: { status: 6, connection: 0, timeout: 0 },
      errorStatuses: { 404: 2, 503: 4 },
    });
  });

  test('nobody listens', async () => {
    expect(await fails(await closedPort())).toMatchObject({
      sent: 10,
      answered: 0,
      failed: { status: 0, connection: 10, timeout: 0 },
      latencyMs: null,
    });
  });

  test('a connection that breaks in the middle of an answer', async () => {
    const server = await startServer((response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
      setTimeout(() => response.destroy(), 5);
    });
    expect(await fails(server.url)).toMatchObject({
      answered: 0,
      failed: { status: 0, connection: 10, timeout: 0 },
    });
  });

  test('no answer in time', async () => {
    const server = await startServer(() => undefined);
    expect(await fails(server.url)).toMatchObject({
      sent: 10,
      answered: 0,
      failed: { status: 0, connection: 0, timeout: 10 },
    });
  });

  test('no place free in time: not sent, and said to be so', async () => {
    const server = await startServer(() => undefined);
    const total = await fails(server.url, { maxConcurrency: 1, timeoutMs: 250 });
    expect(total?.due).toBe(10);
    expect(total?.notSent).toBeGreaterThan(0);
    expect(total).toMatchObject({ answered: 0, sent: 10 - (total?.notSent ?? NaN) });
    expect(server.requests).toHaveLength(total?.sent ?? NaN);
  });
});

test('a server that closes after every answer is asked over new connections; nothing fails', async () => {
  const server = await startServer((response) => {
    response.setHeader('connection', 'close');
    response.end('x');
  });
  const { intervals } = await load({
    origins: [{ name: 'a', url: server.url }],
    intervals: [{ seconds: 1, requestsPerSecond: { a: 200 } }],
  });
  expect(intervals[0]?.total).toMatchObject({ sent: 200, answered: 200 });
  expect(server.connections).toBe(200);
});

test('requests leave from the address that was asked for', async () => {
  const server = await startServer();
  await load({
    origins: [{ name: 'a', url: server.url, localAddress: '127.0.0.77' }],
    intervals: [{ seconds: 0.1, requestsPerSecond: { a: 50 } }],
  });
  expect(new Set(server.requests.map(({ from }) => from))).toEqual(new Set(['127.0.0.77']));
});

test('a signal ends the load; what is under way is waited for and counted', async () => {
  const server = await startServer((response) => setTimeout(() => response.end(), 100));
  const controller = new AbortController();
  setTimeout(() => {
    controller.abort();
  }, 300);
  const begunMs = Date.now();
  const { intervals, endedBySignal } = await load({
    origins: [{ name: 'a', url: server.url }],
    intervals: Array.from({ length: 3 }, () => ({ seconds: 60, requestsPerSecond: { a: 50 } })),
    signal: controller.signal,
  });
  expect(Date.now() - begunMs).toBeLessThan(30_000);
  expect(endedBySignal).toBe(true);
  expect(intervals).toHaveLength(1);
  expect(intervals[0]?.total.answered).toBe(server.requests.length);
  expect(server.requests.length).toBeGreaterThan(5);
});

test('the seconds around a moment can be summed up apart from the rest', async () => {
  let changeMs = NaN;
  const server = await startServer((response) => {
    const slow = Math.abs(Date.now() - changeMs) < 250;
    setTimeout(() => response.end(), slow ? 200 : 0);
  });
  changeMs = Date.now() + 1000;
  const { log } = await load({
    origins: [{ name: 'a', url: server.url }],
    intervals: [
      { seconds: 1, requestsPerSecond: { a: 60 } },
      { seconds: 1, requestsPerSecond: { a: 60 } },
    ],
  });
  const around = log.summary({ fromMs: changeMs - 200, toMs: changeMs + 200 });
  expect(around.due).toBeGreaterThan(20);
  expect(around.latencyMs?.p50).toBeGreaterThan(190);
  // Beside those of the slow seconds and not in ms: what the machine adds, it adds to both.
  const fasterThan = around.latencyMs?.p50 ?? NaN;
  expect(log.summary({ toMs: changeMs - 300 }).latencyMs?.p50).toBeLessThan(fasterThan);
  expect(log.summary({ fromMs: changeMs + 300 }).latencyMs?.p50).toBeLessThan(fasterThan);
});

test('a rate without an entry point is refused before anything is sent', async () => {
  const server = await startServer();
  const refused = load({
    origins: [{ name: 'a', url: server.url }],
    intervals: [
      { seconds: 1, requestsPerSecond: { a: 10 } },
      { seconds: 1, requestsPerSecond: { b: 10 } },
    ],
  });
  await expect(refused).rejects.toThrow(LoadError);
  await expect(refused).rejects.toThrow('b has a rate but no entry point; entry points: a');
  expect(server.requests).toHaveLength(0);
});
