import { longestTimerMs, longSleep } from '../../../load/longSleep';

test('what no timer of Node can wait is waited for all the same, and ends at the signal', async () => {
  const stop = new AbortController();
  let over = false;
  const slept = longSleep(longestTimerMs + 1000, stop.signal).then(() => (over = true));
  await longSleep(50);
  expect(over).toBe(false);
  stop.abort();
  await slept;
  expect(over).toBe(true);
});

test('nothing is waited for where there is nothing to wait for, or the signal came before', async () => {
  const begun = performance.now();
  await longSleep(-1);
  await longSleep(0);
  await longSleep(60_000, AbortSignal.abort());
  expect(performance.now() - begun).toBeLessThan(10_000);
});

test('a short time is not cut', async () => {
  const begun = performance.now();
  await longSleep(60);
  expect(performance.now() - begun).toBeGreaterThanOrEqual(58);
});
