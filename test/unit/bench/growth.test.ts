import { growthOf, type Sample } from '../../../bench/soak/growth';

const minute = 60_000;
const soak = (value: (index: number) => number): Sample<'memory'>[] =>
  Array.from({ length: 60 }, (_, index) => ({ atMs: index * minute, figures: { memory: value(index) } }));

test('what fills a cache in the beginning, and spikes, are no growth', () => {
  const samples = soak((index) => (index < 15 ? index * 10 : index === 40 ? 900 : 150));
  expect(growthOf(samples, ['memory'])).toEqual({ memory: { first: 150, last: 150, perHour: 0 } });
});

test('what grows by a little each time is', () => {
  const { memory } = growthOf(
    soak((index) => 100 + index + (index % 2)),
    ['memory'],
  );
  const { first, last, perHour } = memory;
  expect(perHour).toBeCloseTo(60, 0);
  expect(last - first).toBeGreaterThan(35);
});
