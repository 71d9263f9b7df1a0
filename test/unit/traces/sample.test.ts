import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { sum } from '../../../policies/model/matrix';
import { generateSample } from '../../../traces/generateSample';
import { readTrace } from '../../../traces/readTrace';

const folder = path.resolve(__dirname, '../../../traces/sample');

test('the committed sample is what the generator makes, to the byte', () => {
  const sample = generateSample();
  expect(readdirSync(folder).sort()).toEqual(['SYNTHETIC.md', ...sample.keys()].sort());
  for (const [name, text] of sample) expect(readFileSync(path.join(folder, name), 'utf8')).toBe(text);
});

describe('the sample', () => {
  const trace = readTrace(folder);
  const days = Array.from({ length: 14 }, (_, day) => Date.UTC(2026, 0, 5 + day));
  const intervals = days.flatMap((start) =>
    Array.from({ length: 24 }, (_, hour) => trace.at(new Date(start + hour * 3_600_000).toISOString())),
  );
  const meanOf = (values: readonly number[]): number => sum(values) / values.length;

  test('is marked synthetic and has six regions and 14 days without a hole', () => {
    expect(trace.synthetic).toBe(true);
    expect(trace.regions).toEqual([
      'ap-southeast-2',
      'eu-central-1',
      'eu-west-3',
      'us-east-1',
      'us-east-2',
      'us-west-1',
    ]);
    expect(trace.droppedRegions).toEqual([]);
    expect(trace.firstInterval).toBe('2026-01-05T00:00:00Z');
    expect(trace.lastInterval).toBe('2026-01-18T23:00:00Z');
    expect(intervals).toHaveLength(336);
  });

  test('sends about 1,000 requests/s in the mean, never more than six regions can serve', () => {
    const totals = intervals.map(({ requestsPerSecond }) => sum(requestsPerSecond));
    expect(Math.abs(meanOf(totals) - 1000)).toBeLessThan(20);
    expect(Math.max(...totals)).toBeLessThan(6 * 1000);
  });

  test('has the countries’ mean carbon, with France the cleanest in every hour', () => {
    // Yearly means of AUS, DEU, FRA and three times USA in @tgwf/co2 0.19.0.
    const means = [553.76, 342.06, 44.18, 383.55, 383.55, 383.55];
    for (const [region, mean] of means.entries()) {
      const series = intervals.map(({ carbonGramsPerKwh }) => carbonGramsPerKwh[region] ?? NaN);
      expect(Math.abs(meanOf(series) / mean - 1)).toBeLessThan(0.03);
    }
    for (const { carbonGramsPerKwh } of intervals) {
      expect(Math.min(...carbonGramsPerKwh)).toBe(carbonGramsPerKwh[2]);
    }
  });

  test('has carbon and requests that rise and fall by the region’s own clock', () => {
    const hourOfLeast = (pick: (index: number) => number): number => {
      const byHour = Array.from({ length: 24 }, (_, hour) =>
        meanOf(days.map((_day, day) => pick(day * 24 + hour))),
      );
      return byHour.indexOf(Math.min(...byHour));
    };
    for (const [region, offset] of trace.utcOffsetHours.entries()) {
      const local = (hour: number): number => (hour + (offset ?? NaN) + 24) % 24;
      const carbon = local(hourOfLeast((index) => intervals[index]?.carbonGramsPerKwh[region] ?? NaN));
      const requests = local(hourOfLeast((index) => intervals[index]?.requestsPerSecond[region] ?? NaN));
      expect([12, 13, 14, 15]).toContain(carbon);
      expect([7, 8, 9]).toContain(requests);
    }
  });

  test('has latencies of an internet that follows the great circle', () => {
    // Measured between the same AWS regions: 11.7, 62 and 248 ms.
    expect(trace.latencyMs[1]?.[2]).toBe(10.02);
    expect(trace.latencyMs[3]?.[5]).toBe(59.97);
    expect(trace.latencyMs[0]?.[1]).toBe(245.17);
    for (const [origin, row] of trace.latencyMs.entries()) {
      expect(row[origin]).toBe(3);
      expect(row).toEqual(trace.latencyMs.map((other) => other[origin]));
    }
  });
});
