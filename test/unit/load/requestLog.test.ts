import { RequestLog } from '../../../load/requestLog';

test('percentiles are values that occurred, by nearest rank, also past the first allocation', () => {
  const log = new RequestLog(['a']);
  const count = 10_000;
  for (let index = 0; index < count; index++) {
    const id = log.add('a', index);
    log.sent(id, index + 2);
    // 1..10,000 ms in an order that is not theirs.
    log.ended(id, index + ((index * 7919) % count) + 1, 200);
  }
  expect(log.summary()).toMatchObject({
    due: count,
    sent: count,
    answered: count,
    latencyMs: { p50: 5000, p95: 9500, p99: 9900, max: 10_000 },
    lateMs: { p50: 2, max: 2 },
    slow: 9000,
  });
});

test('what became of requests, and that nothing is counted twice', () => {
  const log = new RequestLog(['a']);
  const outcomes = [200, 304, 404, 503, 503, 'connection', 'timeout', 'timeout', 'notSent'] as const;
  for (const outcome of outcomes) {
    const id = log.add('a', 0);
    if (outcome !== 'notSent') log.sent(id, 1);
    log.ended(id, 10, outcome);
  }
  log.add('a', 0);
  expect(log.summary()).toEqual({
    due: 9,
    sent: 8,
    answered: 2,
    failed: { status: 3, connection: 1, timeout: 2 },
    notSent: 1,
    errorStatuses: { 404: 1, 503: 2 },
    latencyMs: { p50: 10, p95: 10, p99: 10, max: 10 },
    lateMs: { p50: 1, p95: 1, p99: 1, max: 1 },
    slow: 0,
  });
});

test('a window holds what was due from its first moment to before its last', () => {
  const log = new RequestLog(['a', 'b']);
  for (let dueMs = 0; dueMs < 100; dueMs++) {
    const id = log.add(dueMs % 2 === 0 ? 'a' : 'b', dueMs);
    log.sent(id, dueMs);
    log.ended(id, dueMs + (dueMs >= 40 && dueMs < 60 ? 2000 : 5), dueMs === 41 ? 'timeout' : 200);
  }
  expect(log.summary({ fromMs: 40, toMs: 60 })).toMatchObject({
    due: 20,
    latencyMs: { p50: 2000 },
    slow: 20,
  });
  expect(log.summary({ fromMs: 60 })).toMatchObject({ due: 40, latencyMs: { max: 5 }, slow: 0 });
  expect(log.summary({ toMs: 40, origin: 'b' })).toMatchObject({ due: 20, latencyMs: { max: 5 } });
  expect(log.slowRequests({ fromMs: 41 }, 2)).toEqual([
    { origin: 'b', dueAtMs: 41, latencyMs: 2000, outcome: 'timeout' },
    { origin: 'a', dueAtMs: 42, latencyMs: 2000, outcome: 200 },
  ]);
});

test('without answers there are no percentiles, and not zeros', () => {
  expect(new RequestLog(['a']).summary()).toMatchObject({ due: 0, latencyMs: null, lateMs: null });
});
