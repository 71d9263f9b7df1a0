import { LoadError } from '../../../load/loadError';
import { rateSchedule, shapedSchedule, traceSchedule } from '../../../load/loadSchedule';
import { readTrace } from '../../../traces/readTrace';
import { TraceError } from '../../../traces/traceError';
import { goodFiles, removeTraceFolders, traceFolder } from '../traces/traceFolder';

afterEach(removeTraceFolders);

const trace = () => readTrace(traceFolder(goodFiles));

test('hours of the trace, squeezed, with the origins that were asked for', () => {
  expect(traceSchedule(trace(), '2025-06-01T01:00:00Z', 2, 20, ['west', 'north'])).toEqual([
    { interval: '2025-06-01T01:00:00Z', step: 1, seconds: 20, requestsPerSecond: { west: 31, north: 11 } },
    { interval: '2025-06-01T02:00:00Z', step: 1, seconds: 20, requestsPerSecond: { west: 32, north: 12 } },
  ]);
  expect(traceSchedule(trace(), undefined, 1, 20, ['south'])[0]?.interval).toBe('2025-06-01T00:00:00Z');
});

test('an origin that the trace does not have, and more hours than it has', () => {
  expect(() => traceSchedule(trace(), undefined, 1, 20, ['north', 'east'])).toThrow(LoadError);
  expect(() => traceSchedule(trace(), undefined, 1, 20, ['north', 'east'])).toThrow(
    /east has an entry point, but the trace in .* has no such region; it has: north, south, west/,
  );
  expect(() => traceSchedule(trace(), undefined, 5, 20, ['north'])).toThrow(TraceError);
});

test('a shape divides every interval anew, and keeps its length', () => {
  const schedule = rateSchedule([1000, 2000], 30, ['a', 'b']);
  expect(schedule).toEqual([
    { interval: 'line 1', step: 1, seconds: 30, requestsPerSecond: { a: 1000, b: 1000 } },
    { interval: 'line 2', step: 1, seconds: 30, requestsPerSecond: { a: 2000, b: 2000 } },
  ]);
  const shaped = shapedSchedule(schedule, 'TRIMODAL', 3, 1);
  expect(shaped.map(({ interval, step, seconds }) => [interval, step, seconds])).toEqual([
    ['line 1', 1, 10],
    ['line 1', 2, 10],
    ['line 1', 3, 10],
    ['line 2', 1, 10],
    ['line 2', 2, 10],
    ['line 2', 3, 10],
  ]);
  const factors = shaped.map(
    ({ requestsPerSecond }, index) => (requestsPerSecond['a'] ?? NaN) / (index < 3 ? 1000 : 2000),
  );
  expect(new Set(factors).size).toBe(6);
  expect(shapedSchedule(schedule, 'TRIMODAL', 3, 1)).toEqual(shaped);
});
