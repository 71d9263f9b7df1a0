import { createRequire } from 'node:module';
import path from 'node:path';
import type * as apart from '../../../load/generateLoadApart';
import type { IntervalLoad } from '../../../load/generateLoad';
import { startServer, stopServers } from '../loopbackServer';

// As it is built: it starts a process from a file.
const { generateLoadApart } = createRequire(__filename)(
  path.join(__dirname, '../../../dist/load/generateLoadApart.js'),
) as typeof apart;

afterEach(stopServers);

test('sends the same as in this process, and brings back every request', async () => {
  const { url, requests } = await startServer();
  const reported: IntervalLoad[] = [];
  const { intervals, log, endedBySignal } = await generateLoadApart({
    origins: [{ name: 'a', url }],
    intervals: [
      { seconds: 1, requestsPerSecond: { a: 100 } },
      { seconds: 0.5, requestsPerSecond: { a: 40 } },
    ],
    seed: 1,
    onInterval: (interval) => reported.push(interval),
  });
  expect(requests).toHaveLength(120);
  expect(reported).toEqual(intervals);
  expect(intervals.map(({ total }) => total.answered)).toEqual([100, 20]);
  expect(log.summary({ toMs: intervals[1]?.startedAtMs ?? NaN }).answered).toBe(100);
  expect(endedBySignal).toBe(false);
});

test('ends when it is told to', async () => {
  const { url } = await startServer();
  const stop = new AbortController();
  setTimeout(() => {
    stop.abort();
  }, 1000);
  const { endedBySignal } = await generateLoadApart({
    origins: [{ name: 'a', url }],
    intervals: [{ seconds: 600, requestsPerSecond: { a: 10 } }],
    seed: 1,
    signal: stop.signal,
  });
  expect(endedBySignal).toBe(true);
});

test('says why it cannot', async () => {
  await expect(
    generateLoadApart({
      origins: [],
      intervals: [{ seconds: 1, requestsPerSecond: { b: 1 } }],
      seed: 1,
    }),
  ).rejects.toThrow('b has a rate but no entry point');
});
