import type { CpuThrottling } from '../../../driver/verify/cpuThrottling';
import { ThrottleVerdicts, ThrottleWatch } from '../../../live/throttleWatch';
import { cleanUp } from '../signals/carbonServer';
import { liveStack, removeStacks } from './liveStack';

afterEach(async () => {
  await cleanUp();
  removeStacks();
});

/** A pod `uptimeSeconds` after its node booted, in which it was throttled so many times in periods of 100 ms. */
const podOf = (
  region: string,
  uptimeSeconds: number,
  throttledPeriods: number,
  pod = region,
): CpuThrottling => ({ ...{ region, pod, throttledPeriods, uptimeSeconds }, periodMicros: 100_000 });

test('a region counts as throttled by the share of all periods that passed, and once', () => {
  const verdicts = new ThrottleVerdicts();
  expect(verdicts.observe([podOf('paris', 100, 5000)], 95)).toBe(false);
  expect(verdicts.observe([podOf('paris', 110, 5094)], 95)).toBe(false);
  expect(verdicts.observe([podOf('paris', 120, 5190)], 95)).toBe(true);
  expect(verdicts.throttled).toEqual([{ region: 'paris', percent: 96 }]);
  expect(verdicts.observe([podOf('paris', 130, 5290)], 95)).toBe(false);
  expect(verdicts.throttled).toEqual([]);
  verdicts.observe([podOf('paris', 140, 5290)], 95);
  expect(verdicts.observe([podOf('paris', 150, 5390)], 95)).toBe(true);
});

test('it is the mean of its pods; one that is new or began anew tells nothing', () => {
  const verdicts = new ThrottleVerdicts();
  verdicts.observe([podOf('paris', 100, 0, 'a'), podOf('paris', 100, 900, 'b')], 80);
  const now = [podOf('paris', 110, 100, 'a'), podOf('paris', 110, 30, 'b'), podOf('paris', 110, 100, 'c')];
  expect(verdicts.observe(now, 80)).toBe(true);
  const calm = [podOf('paris', 120, 200, 'a'), podOf('paris', 120, 50, 'b'), podOf('paris', 120, 200, 'c')];
  expect(verdicts.observe(calm, 80)).toBe(false);
  expect(verdicts.observe([], 80)).toBe(false);
});

test('what was seen before a plan says nothing of it', () => {
  const verdicts = new ThrottleVerdicts();
  verdicts.observe([podOf('paris', 100, 0)], 95);
  verdicts.observe([podOf('paris', 110, 100)], 95);
  verdicts.planInForce();
  expect(verdicts.throttled).toEqual([]);
  expect(verdicts.observe([podOf('paris', 120, 200)], 95)).toBe(false);
});

test('looks while a run goes on, unless it is told not to; what cannot be read is no evidence', async () => {
  const stack = await liveStack();
  stack.set(['casper:live'], { throttledPercent: 0 });
  let looks = 0;
  const read = (): Promise<CpuThrottling[]> => {
    looks += 1;
    return Promise.reject(new Error('the API server is away'));
  };
  const lookOnce = async (): Promise<void> => {
    const watch = new ThrottleWatch(stack.configFile, read);
    watch.onBegin();
    await watch.onEnd();
    expect(watch.throttled).toEqual([]);
  };
  await lookOnce();
  expect(looks).toBe(0);
  stack.set(['casper:live'], { throttledPercent: 95 });
  await lookOnce();
  expect(looks).toBe(1);
});
