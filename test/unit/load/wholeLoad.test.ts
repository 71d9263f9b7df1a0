import { RequestLog } from '../../../load/requestLog';
import { randomSources } from '../../../load/seededRandom';
import type { Outcome } from '../../../load/tally';
import { WholeLoad } from '../../../load/wholeLoad';

test('sums up what a log of every request does: counts and maxima exactly, percentiles nearly', () => {
  const random = randomSources(7)();
  const [log, whole] = [new RequestLog(['a', 'b']), new WholeLoad(['a', 'b'])];
  const outcomes: readonly Outcome[] = [200, 200, 200, 404, 503, 'connection', 'timeout', 'notSent'];
  for (let number = 0; number < 200_000; number++) {
    const origin = random() < 0.3 ? 'a' : 'b';
    const outcome = outcomes[Math.floor(random() * outcomes.length)] ?? 200;
    // From a hundredth of a ms to 100 s.
    const [latencyMs, lateMs] = [10 ** (7 * random() - 2), outcome === 'notSent' ? NaN : random()];
    const id = log.add(origin, number);
    if (outcome !== 'notSent') log.sent(id, number + lateMs);
    log.ended(id, number + latencyMs, outcome);
    whole.add({ origin, dueAtMs: number, latencyMs, outcome }, lateMs);
  }
  const { total, byOrigin, slowRequests } = whole.summary();
  for (const [found, exact] of [
    [total, log.summary()],
    [byOrigin['a'], log.summary({ origin: 'a' })],
    [byOrigin['b'], log.summary({ origin: 'b' })],
  ] as const) {
    expect({ ...found, latencyMs: null, lateMs: null }).toEqual({ ...exact, latencyMs: null, lateMs: null });
    for (const percentile of ['p50', 'p95', 'p99', 'max'] as const) {
      for (const what of ['latencyMs', 'lateMs'] as const) {
        const [own, other] = [found?.[what]?.[percentile] ?? NaN, exact[what]?.[percentile] ?? NaN];
        expect(Math.abs(own - other)).toBeLessThanOrEqual(other / 500 + 0.001);
      }
    }
  }
  expect(slowRequests).toHaveLength(10);
  expect(slowRequests.map(({ dueAtMs }) => dueAtMs)).toEqual(
    log.slowRequests({}, 10).map(({ dueAtMs }) => dueAtMs),
  );
});

test('of nothing there is no percentile', () => {
  const { total, byOrigin } = new WholeLoad(['a']).summary();
  expect([total, byOrigin['a']]).toEqual([
    expect.objectContaining({ due: 0, latencyMs: null, lateMs: null }),
    expect.objectContaining({ due: 0, latencyMs: null, lateMs: null }),
  ]);
});
