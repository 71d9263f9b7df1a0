import { randomNormal } from 'd3-random';
import { fitLine, type Point } from '../../../calibrate/fitLine';
import { randomSources } from '../../../load/seededRandom';

const even = (x: number, y: number): Point => ({ x, y, weight: 1 });

test('points on a line give that line, whatever their weights', () => {
  const points = [100, 200, 400, 100, 200].map((x) => ({ x, y: 2.5 * x - 12, weight: 1 / x }));
  const line = fitLine(points);
  expect(line?.slope).toBeCloseTo(2.5, 9);
  expect(line?.intercept).toBeCloseTo(-12, 6);
  expect(line?.slopeError).toBeCloseTo(0, 6);
  expect(line?.slopeInterval.low).toBeCloseTo(2.5, 6);
});

test('a worked example: standard errors of slope and intercept', () => {
  // x 1 to 5; Sxx 10, Sxy 6, residual sum of squares 2.4, so s² = 0.8.
  const line = fitLine([even(1, 2), even(2, 4), even(3, 5), even(4, 4), even(5, 5)]);
  expect(line?.slope).toBeCloseTo(0.6, 9);
  expect(line?.intercept).toBeCloseTo(2.2, 9);
  expect(line?.slopeError).toBeCloseTo(Math.sqrt(0.8 / 10), 9);
  expect(line?.interceptError).toBeCloseTo(Math.sqrt(0.8 * (1 / 5 + 9 / 10)), 9);
  // Student's t of 3 degrees of freedom is 3.182.
  expect(((line?.slopeInterval.high ?? NaN) - 0.6) / Math.sqrt(0.08)).toBeCloseTo(3.182, 1);
});

test('a point of twice the weight counts as two', () => {
  const points = [even(1, 2), even(2, 3), even(3, 5), even(4, 4), even(5, 7)];
  const twice = fitLine([...points, even(3, 5)]);
  const weighted = fitLine(points.map((point) => ({ ...point, weight: point.x === 3 ? 2 : 1 })));
  expect(weighted?.slope).toBeCloseTo(twice?.slope ?? NaN, 9);
  expect(weighted?.intercept).toBeCloseTo(twice?.intercept ?? NaN, 9);
});

test('four points, or five of one x, have no line', () => {
  expect(fitLine([even(1, 1), even(2, 2), even(3, 3), even(4, 5)])).toBeNull();
  expect(fitLine([1, 2, 3, 4, 5].map((y) => even(7, y)))).toBeNull();
});

test('the 95 % interval holds the true slope 95 times in 100: errors in proportion to x, two rounds of three limits', () => {
  const newSource = randomSources(11);
  const noise = randomNormal.source(newSource())(0, 0.04);
  const trials = 4000;
  let held = 0;
  for (let trial = 0; trial < trials; trial++) {
    const points = [50, 100, 200, 50, 100, 200].map((x) => ({
      x,
      y: 2.2 * x - 9 + noise() * x,
      weight: 1 / x ** 2,
    }));
    const interval = fitLine(points)?.slopeInterval;
    if (interval && interval.low <= 2.2 && interval.high >= 2.2) held++;
  }
  // Of 4000 trials of 95 %, the share is within 0.9413 and 0.9587 in 99 of 100 series.
  expect(held / trials).toBeGreaterThan(0.941);
  expect(held / trials).toBeLessThan(0.959);
});
