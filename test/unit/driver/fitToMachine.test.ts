import { calmShare, intervalFor, shareThroughUpdate, type SendProbe } from '../../../driver/fitToMachine';
import type { LoadSummary } from '../../../load/requestLog';

function summary(p99: number, timeouts = 0): LoadSummary {
  return {
    ...{ due: 100, sent: 100, answered: 100 - timeouts, notSent: 0, slow: 0, errorStatuses: {} },
    failed: { status: 0, connection: 0, timeout: timeouts },
    latencyMs: { p50: 1, p95: p99, p99, max: p99 },
    lateMs: null,
  };
}

/** A machine whose latency grows with the share that is sent. */
const machine =
  (p99OfAll: number, timeouts = 0): SendProbe =>
  (share) =>
    Promise.resolve(summary(p99OfAll * share, share === 1 ? timeouts : 0));

test('a machine that stays calm gets all requests', async () => {
  expect(await calmShare(machine(12))).toEqual({ share: 1, p99Ms: 12 });
});

test('the share is halved until the machine is calm', async () => {
  expect(await calmShare(machine(180))).toEqual({ share: 1 / 4, p99Ms: 45 });
});

test('a share of which requests fail is too much, however fast the others are', async () => {
  expect(await calmShare(machine(12, 1))).toEqual({ share: 1 / 2, p99Ms: 6 });
});

test('the smallest share is taken where none leaves the machine calm', async () => {
  expect((await calmShare(machine(10_000))).share).toBe(1 / 16);
});

test('an interval holds a preview, an update and some seconds of comparison', () => {
  expect(intervalFor(4)).toBe(20);
  expect(intervalFor(12.2)).toBe(31);
});

test('requests that do not stay calm in an update are fewer in the run', () => {
  expect(shareThroughUpdate(1 / 2, summary(92))).toBe(1 / 2);
  expect(shareThroughUpdate(1 / 4, summary(116))).toBe(1 / 8);
  expect(shareThroughUpdate(1, summary(342))).toBe(1 / 4);
  expect(shareThroughUpdate(1, summary(50, 3))).toBe(1 / 2);
  expect(shareThroughUpdate(1 / 8, summary(5000))).toBe(1 / 16);
  expect(shareThroughUpdate(1 / 2, { ...summary(0), latencyMs: null })).toBe(1 / 16);
});
