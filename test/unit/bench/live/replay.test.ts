import { gradually } from '../../../../bench/live/gradualLoad';
import { positionAt, spanOf, traceTimeAt } from '../../../../bench/live/replay';
import { phasesOf } from '../../../../bench/live/scenario';

const traceMs = Date.parse('2022-08-13T00:00:00Z');
const beginsAtMs = Date.parse('2026-08-13T12:00:00Z');
const replay = { beginsAtMs, intervalSeconds: 41, traceMs, traceIntervalSeconds: 3600 };

test('an interval of the trace goes by in each live interval, and begins to the millisecond with it', () => {
  for (const position of [0, 1, 7, 19]) {
    const { startedAtMs, endedAtMs } = spanOf(replay, position);
    expect(endedAtMs - startedAtMs).toBe(41_000);
    expect(traceTimeAt(replay, startedAtMs)).toBe(traceMs + position * 3600_000);
    expect(positionAt(replay, startedAtMs)).toBe(position);
    expect(positionAt(replay, endedAtMs - 1)).toBe(position);
  }
  expect(positionAt(replay, beginsAtMs - 1)).toBe(-1);
  expect(traceTimeAt(replay, beginsAtMs + 20_500)).toBe(traceMs + 1800_000);
});

const stretch = (paris: number) => ({ seconds: 60, requestsPerSecond: { paris } });

test('requests go from the middle of one interval to that of the next, and stay as they are before and after', () => {
  const steps = gradually([stretch(60), stretch(120)], 0.5);
  expect(steps).toHaveLength(12);
  expect(new Set(steps.map(({ seconds }) => seconds))).toEqual(new Set([10]));
  const rates = steps.map(({ requestsPerSecond }) => Number((requestsPerSecond['paris'] ?? NaN).toFixed(3)));
  expect(rates).toEqual([30, 30, 30, 32.5, 37.5, 42.5, 47.5, 52.5, 57.5, 60, 60, 60]);
});

test('requests that are the same in every interval stay the same', () => {
  const steps = gradually([stretch(60), stretch(60), stretch(60)], 1);
  expect(new Set(steps.map(({ requestsPerSecond }) => requestsPerSecond['paris']))).toEqual(new Set([60]));
});

test('a scenario has its own intervals, and one before them for a steady state', () => {
  const kinds = (...of: Parameters<typeof phasesOf>): string =>
    phasesOf(...of)
      .map((phase) => (phase.kind === 'faults' ? phase.answer : phase.kind))
      .join(' ');
  expect(kinds('follow', 3, 2)).toBe('follow follow follow');
  expect(kinds('treble', 3, 2)).toBe('follow treble treble');
  expect(kinds('faults', 3, 2)).toBe('follow null zero rateLimited nothing nothing value');
  expect(kinds('all', 2, 1)).toBe('follow follow treble null zero rateLimited nothing nothing value');
});
