import fc from 'fast-check';
import { randomSources } from '../../../load/seededRandom';
import { shapedRates, workloadShapes, type WorkloadShape } from '../../../load/workloadShape';

/** Large enough that rounding to whole rates is no part of what is measured. */
const rate = 1_000_000;

function factorsOf(shape: WorkloadShape, steps: number, seed = 1): number[] {
  return shapedRates(shape, { a: rate }, steps, randomSources(seed)).map(({ a = NaN }) => a / rate);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}

/** 30,000 draws: standard errors are under 1 % of what is looked at. */
const steps = 30_000;

test('EXPONENTIAL: mean and deviation 0.5, and the quantiles of an exponential distribution', () => {
  const factors = factorsOf('EXPONENTIAL', steps);
  expect(Math.abs(mean(factors) - 0.5)).toBeLessThan(0.01);
  expect(Math.abs(deviation(factors) - 0.5)).toBeLessThan(0.02);
  const sorted = [...factors].sort((a, b) => a - b);
  expect(Math.abs((sorted[steps / 2] ?? NaN) - Math.LN2 / 2)).toBeLessThan(0.01);
  expect(Math.abs((sorted[steps * 0.9] ?? NaN) - Math.log(10) / 2)).toBeLessThan(0.04);
});

test.each([
  [
    'BIMODAL',
    [
      [0, 1 / 2, 1, 0.12],
      [1 / 2, 1, 1.1, 0.06],
    ],
  ],
  [
    'TRIMODAL',
    [
      [0, 1 / 3, 0.9, 0.07],
      [1 / 3, 2 / 3, 1, 0.07],
      [2 / 3, 1, 1.1, 0.07],
    ],
  ],
] as const)('%s: normal parts with the means and deviations of the reference', (shape, parts) => {
  const factors = factorsOf(shape, steps);
  for (const [from, to, centre, spread] of parts) {
    const part = factors.slice(from * steps, to * steps);
    expect(Math.abs(mean(part) - centre)).toBeLessThan(0.005);
    expect(Math.abs(deviation(part) - spread)).toBeLessThan(0.003);
    const within = part.filter((factor) => Math.abs(factor - centre) < spread).length / part.length;
    expect(Math.abs(within - 0.6827)).toBeLessThan(0.02);
  }
});

test('steps that do not divide: the second mode, and the middle one of three, get what is left', () => {
  const seeds = Array.from({ length: 2000 }, (_, seed) => seed);
  const meanAt = (shape: WorkloadShape, count: number, step: number) =>
    mean(seeds.map((seed) => factorsOf(shape, count, seed)[step] ?? NaN));
  expect(Math.abs(meanAt('BIMODAL', 3, 0) - 1)).toBeLessThan(0.02);
  expect(Math.abs(meanAt('BIMODAL', 3, 1) - 1.1)).toBeLessThan(0.02);
  expect(Math.abs(meanAt('TRIMODAL', 5, 0) - 0.9)).toBeLessThan(0.02);
  expect(Math.abs(meanAt('TRIMODAL', 5, 1) - 1)).toBeLessThan(0.02);
  expect(Math.abs(meanAt('TRIMODAL', 5, 3) - 1)).toBeLessThan(0.02);
  expect(Math.abs(meanAt('TRIMODAL', 5, 4) - 1.1)).toBeLessThan(0.02);
});

test('whole rates of 0 or more for every origin and step; the same for the same seed', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...workloadShapes),
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 0, max: 2000 })),
      fc.integer({ min: 1, max: 20 }),
      fc.integer(),
      (shape, rates, count, seed) => {
        const shaped = shapedRates(shape, rates, count, randomSources(seed));
        expect(shaped).toHaveLength(count);
        for (const step of shaped) {
          expect(Object.keys(step)).toEqual(Object.keys(rates));
          for (const value of Object.values(step)) {
            expect(Number.isInteger(value) && value >= 0).toBe(true);
          }
        }
        expect(shapedRates(shape, rates, count, randomSources(seed))).toEqual(shaped);
      },
    ),
  );
});

test('origins go up and down independently, and another seed gives other rates', () => {
  const [first] = shapedRates('BIMODAL', { a: rate, b: rate }, 1, randomSources(1));
  expect(first?.['a']).not.toBe(first?.['b']);
  expect(factorsOf('BIMODAL', 5, 1)).not.toEqual(factorsOf('BIMODAL', 5, 2));
});
