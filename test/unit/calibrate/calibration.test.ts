import {
  calibrate,
  type CalibrationOptions,
  type CalibrationStep,
  type RegionParts,
  type Sent,
} from '../../../calibrate/calibration';
import { CalibrationError } from '../../../calibrate/calibrationError';
import { serverCapacity, searchesEnough, shareUsed } from '../../../calibrate/serverCapacity';
import type { Step } from '../../../driver/step';
import type { LoadSummary } from '../../../load/requestLog';
import type { Unknown } from '../../../observe/unknown';
import { referenceCapacity } from '../../../stack/capacity';

const step: Step = (_, work) => work();

function summary(latencyMs: number, lateMs: number, failures: number): LoadSummary {
  const percentiles = (value: number) => ({ p50: value, p95: value, p99: value, max: value });
  return {
    ...{ due: 100, sent: 100, answered: 100 - failures, notSent: 0, slow: 0, errorStatuses: {} },
    failed: { status: 0, connection: failures, timeout: 0 },
    latencyMs: percentiles(latencyMs),
    lateMs: percentiles(lateMs),
  };
}

/** A region whose pods take 0.4 ms of CPU a request and 5 m besides, and of which a reading takes 30 ms. */
class FakeRegion implements RegionParts {
  done: string[] = [];
  limit = 0;
  used = 100;
  lateMs = 0;
  failures = 0;
  unloadedMs = 5;
  cpuFault: Unknown | undefined;
  onSend: () => void = () => undefined;
  resize = (millicores: number): Promise<string> => {
    this.limit = millicores;
    this.done.push(`resize ${millicores}`);
    return Promise.resolve(millicores === 200 ? 'the pods were replaced' : '');
  };
  restore = (): Promise<string> => {
    this.done.push('restore');
    return Promise.resolve('');
  };
  settle = (): Promise<void> => {
    this.done.push('settle');
    // What was queued is answered still.
    this.used += 2;
    return Promise.resolve();
  };
  send = (rate: number, seconds: number): Promise<Sent> => {
    this.onSend();
    const wanted = 5 + 0.4 * rate;
    const overloaded = wanted > this.limit;
    this.used += ((overloaded ? this.limit : wanted) / 1000) * (seconds + 1);
    const counted = summary(overloaded ? 900 : this.unloadedMs, this.lateMs, this.failures);
    return Promise.resolve({ counted, answered: rate * (seconds + 1), seconds: seconds + 1 });
  };
  cpuSeconds = (): Promise<number | Unknown> => {
    this.used += 0.03;
    return Promise.resolve(this.cpuFault ?? this.used);
  };
}

const options = (changed: Partial<CalibrationOptions> = {}): CalibrationOptions => ({
  ...{ region: 'north', millicores: [50, 100, 200], rounds: 2, latencyMs: 100, percentile: '99' },
  ...{ seconds: 10, seed: 1, believed: (millicores) => millicores, signal: new AbortController().signal },
  ...changed,
});

test('what a server carries is found, and the region has its planned CPU in the end', async () => {
  const region = new FakeRegion();
  const steps: CalibrationStep[] = [];
  const calibration = await calibrate(region, options(), step, (taken) => steps.push(taken));
  expect(calibration.knees.map(({ millicores, round }) => [millicores, round])).toEqual([
    ...[50, 100, 200].map((limit) => [limit, 1]),
    ...[50, 100, 200].map((limit) => [limit, 2]),
  ]);
  for (const { millicores, kept, broken } of calibration.knees) {
    expect(kept).toBeLessThanOrEqual((millicores - 5) / 0.4);
    expect(broken).toBeGreaterThan((millicores - 5) / 0.4);
  }
  expect(calibration.steps).toEqual(steps);
  expect(region.done.filter((what) => what !== 'settle')).toEqual([
    ...['resize 50', 'resize 100', 'resize 200', 'resize 50', 'resize 100', 'resize 200', 'restore'],
  ]);
  expect(calibration.notes).toEqual(['the pods were replaced', 'the pods were replaced']);

  const found = serverCapacity(calibration, referenceCapacity);
  // 10m more of a limit carry 10 / 0.4 requests/s more, and rates are found to 5 % below.
  expect(found.requestsPerServer?.estimate).toBeGreaterThan(23);
  expect(found.requestsPerServer?.estimate).toBeLessThan(25.5);
  expect(found.toWrite).toEqual({
    requestsPerServer: Math.floor(found.requestsPerServer?.low ?? NaN),
    epsilonMillicores: Math.ceil(found.idleMillicores ?? NaN),
  });
  expect(found.use?.slope).toBeCloseTo(0.4, 6);
  expect(found.use?.intercept).toBeCloseTo(5, 4);
  expect(found.useMissing).toBeNull();
  expect(found.idleMillicores).toBeGreaterThan(0);
  expect(found.idleMillicores).toBeLessThan(12);
  for (const knee of calibration.knees) {
    expect(shareUsed(knee)).toBeGreaterThan(0.94);
    expect(shareUsed(knee)).toBeLessThanOrEqual(1.001);
  }
});

test('without the kernel’s account the rates are found all the same, and what is missing is said', async () => {
  const region = new FakeRegion();
  region.cpuFault = { unknown: 'no cat' };
  const calibration = await calibrate(region, options(), step, () => undefined);
  const found = serverCapacity(calibration, referenceCapacity);
  expect(found.requestsPerServer?.estimate).toBeGreaterThan(23);
  expect(found.use).toBeNull();
  expect(found.useMissing).toMatch(/the CPU of \d+ of \d+ steps is unknown: no cat/);
  expect(calibration.knees.map(shareUsed)).toEqual(Array(6).fill(null));
});

test('pods that were started anew have no figure, and never a negative one', async () => {
  const region = new FakeRegion();
  let sent = 0;
  region.onSend = () => {
    if (++sent === 2) region.used = 0;
  };
  const { steps } = await calibrate(region, options(), step, () => undefined);
  expect(steps[1]?.cpuMillicores).toEqual({ unknown: 'its pods were started anew' });
});

test('a target below what an unloaded region takes: said, and the region has its planned CPU', async () => {
  const region = new FakeRegion();
  region.unloadedMs = 120;
  await expect(calibrate(region, options(), step, () => undefined)).rejects.toThrow(
    /^north at 50m: the target is broken at 2\.0 requests\/s already/,
  );
  expect(region.done.at(-1)).toBe('restore');
});

test('one failed request breaks a rate, however fast the others are', async () => {
  const region = new FakeRegion();
  region.failures = 1;
  await expect(calibrate(region, options(), step, () => undefined)).rejects.toThrow(/broken at 2\.0/);
});

test('a generator that is late: this machine is the limit, and nothing is concluded', async () => {
  const region = new FakeRegion();
  region.unloadedMs = 120;
  region.lateMs = 60;
  await expect(calibrate(region, options(), step, () => undefined)).rejects.toThrow(
    /^north at 50m: at 50 requests\/s the requests leave late, twice: this machine/,
  );
  expect(region.done.at(-1)).toBe('restore');
});

test('late requests of a rate that is kept all the same do no harm', async () => {
  const region = new FakeRegion();
  region.lateMs = 60;
  region.unloadedMs = 70;
  // 50 and 100 requests/s are kept; what breaks is late too, so the first broken rate ends it.
  await expect(calibrate(region, options(), step, () => undefined)).rejects.toThrow(
    'at 200 requests/s the requests leave late',
  );
});

test('a signal ends it, with the region’s planned CPU', async () => {
  const region = new FakeRegion();
  const stop = new AbortController();
  region.onSend = () => {
    stop.abort();
  };
  const ended = calibrate(region, options({ signal: stop.signal }), step, () => undefined);
  await expect(ended).rejects.toThrow(CalibrationError);
  await expect(ended).rejects.toThrow('ended by a signal');
  expect(region.done).toEqual(['resize 50', 'restore']);
});

test('an error of any kind leaves the region with its planned CPU; where that fails too, both are said', async () => {
  const region = new FakeRegion();
  region.onSend = () => {
    throw new Error('the process that sends the requests ended');
  };
  await expect(calibrate(region, options(), step, () => undefined)).rejects.toThrow('ended');
  expect(region.done).toEqual(['resize 50', 'restore']);
  region.restore = () => Promise.reject(new Error('no API server'));
  await expect(calibrate(region, options(), step, () => undefined)).rejects.toThrow(
    /the process that sends the requests ended\nand north does not have its planned CPU: no API server; `casper verify --fix`/,
  );
});

test('too few searches have no interval, and a figure below one request/s is not written', () => {
  expect(searchesEnough(3, 1)).toBe(false);
  expect(searchesEnough(3, 2)).toBe(true);
  const knee = (millicores: number, kept: number) => ({
    ...{ millicores, kept, broken: kept * 1.05, round: 1 },
    cpuMillicores: millicores,
  });
  const few = serverCapacity({ knees: [knee(50, 1), knee(100, 2)], steps: [] }, referenceCapacity);
  expect(few).toMatchObject({ line: null, requestsPerServer: null, toWrite: null });
  const slow = [50, 100, 200, 50, 100, 200].map((limit) => knee(limit, limit / 20));
  expect(serverCapacity({ knees: slow, steps: [] }, referenceCapacity)).toMatchObject({ toWrite: null });
  const onServers = { ...referenceCapacity, cpuMillicoresPerServer: 100 };
  // All of the limit carries: epsilon stays as it is.
  expect(serverCapacity({ knees: slow, steps: [] }, onServers).toWrite).toEqual({ requestsPerServer: 5 });
});
