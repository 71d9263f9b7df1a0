import { between, drawn, oneOf } from '../../../../bench/faults/draw';
import { randomSources } from '../../../../load/seededRandom';

const source = (seed: number) => randomSources(seed)();

test('every kind comes as often as the others, give or take one', () => {
  const order = drawn(['a', 'b', 'c'], 200, source(1));
  const counts = ['a', 'b', 'c'].map((kind) => order.filter((one) => one === kind).length);
  expect(order).toHaveLength(200);
  expect(counts.every((count) => count === 66 || count === 67)).toBe(true);
});

test('the same seed draws the same order, another one another', () => {
  const kinds = Array.from({ length: 30 }, (_, index) => index);
  expect(drawn(kinds, 60, source(7))).toEqual(drawn(kinds, 60, source(7)));
  expect(drawn(kinds, 60, source(7))).not.toEqual(drawn(kinds, 60, source(8)));
});

test('of nothing nothing is drawn', () => {
  expect(drawn([], 5, source(1))).toEqual([]);
  expect(() => oneOf([], source(1))).toThrow('there is nothing to draw from');
});

test('a number between two', () => {
  expect(between(2, 4, () => 0)).toBe(2);
  expect(between(2, 4, () => 0.5)).toBe(3);
});
