import { compareRows } from '../../../../driver/verify/servedWeights';

test('rows of weights are compared destination by destination; 0 may be left out', () => {
  expect(compareRows({ a: 4, b: 1 }, { a: 4, b: 1, c: 0 })).toBeNull();
  expect(compareRows({ a: 4, b: 1 }, { b: 2, c: 3 })).toBe(
    'a has the weight 0, expected 4; b has the weight 2, expected 1; c has the weight 3, expected 0',
  );
});
