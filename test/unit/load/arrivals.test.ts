import fc from 'fast-check';
import { arrivalsOf, type Arrival, type LoadInterval, type Spacing } from '../../../load/arrivals';
import { randomSources, type RandomSource } from '../../../load/seededRandom';

function draw(interval: LoadInterval, spacing: Spacing, seed: number): Arrival[] {
  const next = randomSources(seed);
  const sources = new Map<string, RandomSource>();
  return [
    ...arrivalsOf(interval, spacing, (origin) => {
      const source = sources.get(origin) ?? next();
      sources.set(origin, source);
      return source;
    }),
  ];
}

const intervals = fc.record({
  seconds: fc.integer({ min: 1, max: 5 }),
  requestsPerSecond: fc.dictionary(
    fc.constantFrom('a', 'b', 'c', 'd'),
    fc.oneof(fc.integer({ min: 0, max: 30 }), fc.double({ min: 0, max: 30, noNaN: true })),
  ),
});

test.each<Spacing>(['even', 'poisson'])(
  '%s: within the interval, in the order of time, and the same for the same seed',
  (spacing) => {
    fc.assert(
      fc.property(intervals, fc.integer(), (interval, seed) => {
        const arrivals = draw(interval, spacing, seed);
        const times = arrivals.map(({ dueMs }) => dueMs);
        expect(times).toEqual([...times].sort((a, b) => a - b));
        for (const dueMs of times) {
          expect(dueMs).toBeGreaterThanOrEqual(0);
          expect(dueMs).toBeLessThan(interval.seconds * 1000);
        }
        expect(draw(interval, spacing, seed)).toEqual(arrivals);
      }),
    );
  },
);

test('even: each origin gets its rate times the seconds, at equal distances', () => {
  fc.assert(
    fc.property(intervals, fc.integer(), (interval, seed) => {
      const arrivals = draw(interval, 'even', seed);
      for (const [origin, rate] of Object.entries(interval.requestsPerSecond)) {
        const times = arrivals.filter((arrival) => arrival.origin === origin).map(({ dueMs }) => dueMs);
        const expected = rate * interval.seconds;
        if (Number.isInteger(expected)) expect(times).toHaveLength(expected);
        else expect(Math.abs(times.length - expected)).toBeLessThan(1);
        for (const [index, dueMs] of times.slice(1).entries()) {
          expect(dueMs - (times[index] ?? NaN)).toBeCloseTo(1000 / rate, 6);
        }
      }
    }),
  );
});

test('even: origins with one rate do not send at the same moments', () => {
  const arrivals = draw({ seconds: 1, requestsPerSecond: { a: 100, b: 100 } }, 'even', 1);
  const [a, b] = ['a', 'b'].map((name) => arrivals.find(({ origin }) => origin === name)?.dueMs ?? NaN);
  expect(Math.abs((a ?? NaN) - (b ?? NaN))).toBeGreaterThan(0.01);
});

test('poisson: gaps have the mean 1/rate and as large a deviation', () => {
  const rate = 200;
  const times = draw({ seconds: 100, requestsPerSecond: { a: rate } }, 'poisson', 7).map(
    ({ dueMs }) => dueMs / 1000,
  );
  const gaps = times.slice(1).map((at, index) => at - (times[index] ?? NaN));
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
  // 20,000 draws: the mean's standard error is 0.7 %.
  expect(mean * rate).toBeCloseTo(1, 1);
  expect(deviation / mean).toBeCloseTo(1, 1);
});

test('another seed gives other times', () => {
  const interval = { seconds: 1, requestsPerSecond: { a: 10 } };
  expect(draw(interval, 'even', 1)).not.toEqual(draw(interval, 'even', 2));
  expect(draw(interval, 'poisson', 1)).not.toEqual(draw(interval, 'poisson', 2));
});
