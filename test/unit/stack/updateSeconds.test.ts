import { updateSeconds } from '../../../stack/updateSeconds';

const service = { rolloutTimeoutSeconds: 180, resizeTimeoutSeconds: 30 };
const regions = (count: number): null[] => Array<null>(count).fill(null);

test.each([
  [1, 900 + 270],
  [6, 900 + 2 * 270],
  [100, 900 + 25 * 270],
])('an update of %d regions may take %d s', (count, seconds) => {
  expect(updateSeconds({ service, regions: regions(count) })).toBe(seconds);
});

test('what the stack file says goes first', () => {
  expect(updateSeconds({ service: { ...service, updateTimeoutSeconds: 60 }, regions: regions(6) })).toBe(60);
});
