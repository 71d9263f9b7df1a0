import { histogramQuantile } from '../../../observe/histogram';

const buckets = [
  { upperBound: Infinity, count: 100 },
  { upperBound: 10, count: 40 },
  { upperBound: 20, count: 90 },
  { upperBound: 50, count: 98 },
];

test.each([
  [0.2, 5],
  [0.4, 10],
  [0.5, 12],
  [0.9, 20],
  [0.98, 50],
])('the %s quantile lies at %s, by interpolation in its bucket', (quantile, expected) => {
  expect(histogramQuantile(buckets, quantile)).toBeCloseTo(expected, 9);
});

test('what lies beyond the last bound is unknown, and not that bound', () => {
  expect(histogramQuantile(buckets, 0.99)).toEqual({ unknown: 'over 50, the largest bound of the buckets' });
});

test('without observations, or buckets, there is no quantile', () => {
  expect(histogramQuantile([{ upperBound: Infinity, count: 0 }], 0.5)).toBeNull();
  expect(histogramQuantile([], 0.5)).toBeNull();
});
