import { readFileSync } from 'node:fs';
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

/** Numbers of this process' children that send requests. */
function loadProcesses(): number[] {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ');
  return children
    .map(Number)
    .filter((pid) => pid > 0 && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('loadProcess.js'));
}

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

test('a process that is killed is named as what ended', async () => {
  const { url, requests } = await startServer();
  const load = generateLoadApart({
    origins: [{ name: 'a', url }],
    intervals: [{ seconds: 600, requestsPerSecond: { a: 50 } }],
    seed: 1,
  });
  const failed = load.catch((error: unknown) => error);
  while (requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  for (const pid of loadProcesses()) process.kill(pid, 'SIGKILL');
  expect(String(await failed)).toBe('LoadError: the process that sends the requests ended with SIGKILL');
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
