import { BackOff } from '../../../driver/backOff';

test('pauses double up to a minute, half of each by chance, and begin anew after a success', () => {
  let nowMs = 0;
  const pauses = (random: number): number[] => {
    const backOff = new BackOff(
      () => nowMs,
      () => random,
    );
    return Array.from({ length: 6 }, () => backOff.failed());
  };
  expect(pauses(0)).toEqual([2500, 5000, 10_000, 20_000, 30_000, 30_000]);
  expect(pauses(1)).toEqual([5000, 10_000, 20_000, 40_000, 60_000, 60_000]);

  const backOff = new BackOff(
    () => nowMs,
    () => 0,
  );
  expect([backOff.waiting, backOff.remainingMs]).toEqual([false, Infinity]);
  backOff.failed();
  nowMs += 1000;
  expect([backOff.waiting, backOff.remainingMs]).toEqual([true, 1500]);
  nowMs += 5000;
  expect(backOff.remainingMs).toBe(0);
  backOff.givenUp();
  expect([backOff.waiting, backOff.failed()]).toEqual([false, 5000]);
  backOff.succeeded();
  expect([backOff.waiting, backOff.failed()]).toEqual([false, 2500]);
});
