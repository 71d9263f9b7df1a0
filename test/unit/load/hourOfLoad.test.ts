import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { RequestLog } from '../../../load/requestLog';

jest.setTimeout(300_000);

const requestsPerSecond = 1000;
const seconds = 3600;
const requests = requestsPerSecond * seconds;
/** What a request takes of the log, and what the log's growing by doubling may take besides. */
const bytesARequest = 20;
const mostBytes = 2 * bytesARequest * requests;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes in use, of arrays too: what is let go of and not yet collected would count by chance. */
const inUse = (): number => {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

/** The latency of the request with a number: 0.01 ms to 36 s, all different, in an order that is not theirs. */
const latencyOf = (number: number): number => (((number * 7919) % requests) + 1) / 100;

function addHour(log: RequestLog, fromMs: number): void {
  for (let number = 0; number < requests; number++) {
    const dueMs = fromMs + (number * 1000) / requestsPerSecond;
    const id = log.add(number % 2 === 0 ? 'a' : 'b', dueMs);
    log.sent(id, dueMs + 0.5);
    log.ended(id, dueMs + latencyOf(number), number % 1000 === 0 ? 503 : 200);
  }
}

// Times of now, of whose fractions a double keeps a four-thousandth of a ms.
const begin = 1_764_380_000_000;
const hourMs = seconds * 1000;

test('an hour of 1,000 requests/s: bounded memory, counts exact, percentiles to 24 bits of the nearest rank', () => {
  const before = inUse();
  const log = new RequestLog(['a', 'b']);
  addHour(log, begin);
  const summary = log.summary();
  expect(inUse() - before).toBeLessThan(mostBytes + 64_000_000);
  expect(summary).toMatchObject({
    ...{ due: requests, sent: requests, answered: requests - 3600, notSent: 0 },
    failed: { status: 3600, connection: 0, timeout: 0 },
    errorStatuses: { 503: 3600 },
    // Those over 1 s, of 0.01 ms to 36 s.
    slow: requests - 100_000,
  });
  for (const [percentile, rank] of [
    ['p50', 0.5],
    ['p95', 0.95],
    ['p99', 0.99],
    ['max', 1],
  ] as const) {
    const exact = (rank * requests) / 100;
    const error = Math.abs((summary.latencyMs?.[percentile] ?? NaN) - exact);
    // A sixteen-millionth of it by 24 bits, and 0.0003 ms by the clock's own.
    expect(error).toBeLessThanOrEqual(exact * 2 ** -24 + 0.0003);
  }
  const { due } = log.summary({ fromMs: begin + 1000, toMs: begin + 2000, origin: 'a' });
  expect(due).toBe(500);
});

test('the hours after the first take no more, where what is reported is forgotten; ids go on', () => {
  const log = new RequestLog(['a', 'b']);
  addHour(log, begin);
  const afterFirst = inUse();
  let underWay = -1;
  for (const hour of [1, 2]) {
    // One that is due later is under way while the hour before it is forgotten.
    underWay = log.add('a', begin + hour * hourMs);
    log.forgetBefore(begin + hour * hourMs);
    expect(log.summary()).toMatchObject({ due: 0, latencyMs: null });
    log.sent(underWay, begin + hour * hourMs);
    log.ended(underWay, begin + hour * hourMs + 7, 200);
    expect(log.summary()).toMatchObject({ due: 1, latencyMs: { p50: 7 } });
    addHour(log, begin + hour * hourMs);
    expect(log.summary()).toMatchObject({ due: requests + 1, slow: requests - 100_000 });
  }
  expect(underWay).toBe(2 * requests + 1);
  expect(inUse() - afterFirst).toBeLessThan(mostBytes / 2);
});
