import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { freeSwitching } from '../../../planning/decide';
import { planRange } from '../../../planning/planRange';
import { sum } from '../../../policies/model/matrix';
import { referenceCapacity } from '../../../stack/capacity';
import { simulate } from '../../../study/simulation';
import { generateSample } from '../../../traces/generateSample';
import { readTrace } from '../../../traces/readTrace';

const folder = path.resolve(__dirname, '../../../traces/sample');

test('the committed sample is what the generator makes, to the byte', () => {
  const sample = generateSample();
  expect(readdirSync(folder).sort()).toEqual(['SYNTHETIC.md', ...sample.keys()].sort());
  for (const [name, text] of sample) expect(readFileSync(path.join(folder, name), 'utf8')).toBe(text);
});

test('a longer one begins as the sample does', () => {
  const [sample, longer] = [generateSample(), generateSample(2)];
  for (const [name, text] of sample) {
    const longerText = longer.get(name) ?? '';
    expect(longerText.startsWith(text)).toBe(true);
    expect(longerText.split('\n').length > text.split('\n').length).toBe(name !== 'latency.csv');
  }
});

describe('the sample', () => {
  const trace = readTrace(folder);
  const days = Array.from({ length: 7 }, (_, day) => Date.UTC(2026, 0, 5 + day));
  const intervals = days.flatMap((start) =>
    Array.from({ length: 24 }, (_, hour) => trace.at(new Date(start + hour * 3_600_000).toISOString())),
  );
  const meanOf = (values: readonly number[]): number => sum(values) / values.length;

  test('is marked synthetic and has six regions and a week without a hole', () => {
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
    expect(trace.lastInterval).toBe('2026-01-11T23:00:00Z');
    expect(intervals).toHaveLength(168);
  });

  test('sends about 1,000 requests/s in the mean, never more than six regions can serve', () => {
    const totals = intervals.map(({ requestsPerSecond }) => sum(requestsPerSecond));
    expect(Math.abs(meanOf(totals) - 1000)).toBeLessThan(20);
    expect(Math.max(...totals)).toBeLessThan(6 * 1000);
  });

  test('has carbon intensities of real grids, none of them always the cleanest', () => {
    for (const [region, highest] of [700, 500, 200, 450, 550, 450].entries()) {
      const series = intervals.map(({ carbonGramsPerKwh }) => carbonGramsPerKwh[region] ?? NaN);
      expect(Math.min(...series)).toBeGreaterThan(10);
      expect(Math.max(...series)).toBeLessThan(highest);
    }
    for (const day of days.keys()) {
      const cleanest = intervals
        .slice(24 * day, 24 * (day + 1))
        .map(
          ({ carbonGramsPerKwh }) => trace.regions[carbonGramsPerKwh.indexOf(Math.min(...carbonGramsPerKwh))],
        );
      expect(new Set(cleanest)).toEqual(new Set(['eu-west-3', 'us-west-1']));
    }
  });

  test('has requests that rise and fall by the region’s own clock', () => {
    const hoursFromUtc = [11, 1, 1, -5, -5, -8];
    for (const [region, offset] of hoursFromUtc.entries()) {
      const byHour = Array.from({ length: 24 }, (_, hour) =>
        meanOf(days.map((_day, day) => intervals[day * 24 + hour]?.requestsPerSecond[region] ?? NaN)),
      );
      const least = byHour.indexOf(Math.min(...byHour));
      expect([7, 8, 9]).toContain((least + offset + 24) % 24);
    }
  });

  test('rewards planning every hour: within 150 ms, 5 points more than the best static placement saves', async () => {
    const { results } = await simulate(trace, {
      from: '2026-01-05T00:00:00Z',
      to: '2026-01-06T00:00:00Z',
      policies: ['carbon', 'static', 'latency', 'replay'],
      maxLatenciesMs: [150],
      alpha: 0.9,
      keepWarm: false,
      capacity: () => referenceCapacity,
      switching: freeSwitching,
      horizonIntervals: 1,
    });
    for (const baseline of ['latency', 'replay']) {
      const [planned = NaN, fixed = NaN] = ['carbon', 'static'].map((policy) => {
        const result = results.find((candidate) => candidate.policy === policy);
        return result && 'savedAgainst' in result ? result.savedAgainst[baseline] : NaN;
      });
      expect(planned - fixed).toBeGreaterThan(0.05);
    }
  });

  test('has hours in which the cleanest region is full', async () => {
    const options = { policy: 'carbon', maxLatencyMs: 150, alpha: 0.9, keepWarm: false };
    const evening = await planRange(trace, '2026-01-05T18:00:00Z', 4, {
      ...options,
      capacity: () => referenceCapacity,
      switching: freeSwitching,
      horizonIntervals: 1,
    });
    for (const { servers } of evening) expect(servers['us-west-1']).toBe(referenceCapacity.maxServers);
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
