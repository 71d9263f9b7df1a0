import {
  busiestDestination,
  movedTowards,
  overloadedShare,
  replansIn,
  secondsUntilCalm,
} from '../../../../bench/live/figures';
import { trebleFigures, watchedSeconds } from '../../../../bench/live/trebled';
import { RequestLog } from '../../../../load/requestLog';
import type { BusiestMoment } from '../../../../observe/busiestMoment';
import { applied, failed } from '../../metrics/tickRecords';

const moment = (destination: string, load: number): BusiestMoment => ({
  ...{ destination, load, atMs: 0, requestsPerSecond: 100 * load, capacityRequestsPerSecond: 100 },
});

test('a region-interval is overloaded where more came than what was ready carries', () => {
  const intervals = [
    [moment('paris', 0.9), moment('sydney', 1)],
    [moment('paris', 1.01), moment('sydney', Infinity)],
    [moment('paris', 0.5)],
  ];
  expect(overloadedShare(intervals, 4)).toBe(2 / 12);
  expect(overloadedShare([...intervals, null], 4)).toBeNull();
  expect(overloadedShare([], 4)).toBeNull();
});

test('plans after the first of an interval are replans; what failed is none', () => {
  const at = (interval: string) => ({ ...applied, interval });
  expect(replansIn([at('1'), at('1'), at('2'), { ...failed, interval: '2' }, at('2'), at('3')])).toBe(2);
  expect(replansIn([])).toBe(0);
});

/** Twenty requests a second, with latencies by the second that they were due in. */
function logOf(seconds: number, latencyMs: (second: number) => number, outcome: 200 | 503 = 200): RequestLog {
  const log = new RequestLog(['paris']);
  for (let index = 0; index < 20 * seconds; index++) {
    const dueMs = index * 50;
    const id = log.add('paris', dueMs);
    log.sent(id, dueMs);
    log.ended(id, dueMs + latencyMs(Math.floor(dueMs / 1000)), outcome);
  }
  return log;
}

const window = { origin: 'paris', fromMs: 10_000, toMs: 40_000, boundMs: 40 };

test('requests are calm from the last window on that is over the bound', () => {
  expect(
    secondsUntilCalm(
      logOf(40, () => 20),
      window,
    ),
  ).toBe(0);
  expect(
    secondsUntilCalm(
      logOf(40, (second) => (second >= 12 && second < 22 ? 300 : 20)),
      window,
    ),
  ).toBe(12);
  expect(
    secondsUntilCalm(
      logOf(40, (second) => (second >= 12 ? 300 : 20)),
      window,
    ),
  ).toBeNull();
});

test('requests that fail, or of which there are none, are not calm', () => {
  expect(
    secondsUntilCalm(
      logOf(40, () => 20, 503),
      window,
    ),
  ).toBeNull();
  expect(
    secondsUntilCalm(
      logOf(5, () => 20),
      window,
    ),
  ).toBeNull();
});

test('trebled requests: steady before, calm after, and the changes until then', () => {
  const log = logOf(8 + watchedSeconds, (second) => (second >= 10 && second < 20 ? 300 : 20));
  const trebled = { origin: 'paris', steadyFromMs: 0, fromMs: 8000, extra: new RequestLog(['paris']) };
  const ticks = [
    { tick: applied, endedAtMs: 7000 },
    { tick: applied, endedAtMs: 18_000 },
    { tick: { ...applied, outcome: 'unchanged' as const }, endedAtMs: 19_000 },
    { tick: applied, endedAtMs: 40_000 },
  ];
  expect(trebleFigures(trebled, log, ticks)).toEqual({
    ...{ trebleSteadyP99Ms: 20, trebleCalmSeconds: 12, trebleChanges: 1 },
  });
});

const before = {
  weights: { paris: { paris: 1 }, london: { paris: 1, london: 1 } },
  requestsPerSecond: { paris: 40, london: 40 },
};

test('the region that is to serve most', () => {
  expect(busiestDestination(before)).toBe('paris');
  expect(() => busiestDestination({ weights: {} })).toThrow('serves nobody');
});

test('a share that goes to a region, or an origin that begins to, has moved towards it', () => {
  const after = (weights: (typeof before)['weights'], requestsPerSecond = before.requestsPerSecond) =>
    movedTowards('paris', before, { weights, requestsPerSecond }, 10);
  expect(after(before.weights)).toBeNull();
  expect(after({ paris: { paris: 1 }, london: { paris: 0, london: 1 } })).toBeNull();
  expect(after({ paris: { paris: 1 }, london: { paris: 3, london: 1 } })).toBe(
    'paris gets 70.0 requests/s, by the weights before 60.0',
  );
  // More requests in the same shares are no move, and neither is a server that is not full yet.
  expect(after(before.weights, { paris: 80, london: 80 })).toBeNull();
  expect(
    after({ paris: { paris: 1 }, london: { paris: 55, london: 45 } }, { paris: 36, london: 40 }),
  ).toBeNull();
  const stranger = { weights: { ...before.weights, rome: { paris: 1 } }, requestsPerSecond: { rome: 1 } };
  expect(movedTowards('paris', before, stranger, 10)).toBe('rome sent nothing to paris before');
});
