import { DemandForecasts } from '../../../../study/forecast/demandForecasts';
import { forecasterNamed } from '../../../../study/forecast/forecasters';

const hourSeconds = 3600;
const usual = [100, 40];

/** Two origins that always send the same, but in the hours that `came` says otherwise. Hour 0 is in the fifth week. */
function pastWith(came: Readonly<Record<number, readonly (number | null)[]>>) {
  return {
    regions: ['north', 'south'],
    intervalSeconds: hourSeconds,
    requestsBefore: (seconds: number, hours: number) =>
      Array.from({ length: hours }, (_, index) => came[seconds / hourSeconds - hours + index] ?? usual),
  };
}

function expectedAt(
  hour: number,
  came: Readonly<Record<number, readonly (number | null)[]>>,
  demandQuantile: number | null = 0.98,
) {
  const options = { forecaster: forecasterNamed('naive-week'), demandQuantile };
  return new DemandForecasts(pastWith(came), 2, options).next(hour * hourSeconds);
}

const week = 7 * 24;
const start = 4 * week;

test('an origin that takes over what another sent is expected to send as much again, and the other what is usual', () => {
  const came = { [start]: [0, 140], [start + 1]: [0, 145] };
  expect(expectedAt(start + 1, came)[0]?.requestsPerSecond).toEqual([100, 140]);
  expect(expectedAt(start + 2, came)[0]?.requestsPerSecond).toEqual([100, 145]);
});

test('it is over when no more came than usual', () => {
  const came = { [start]: [0, 140] };
  expect(expectedAt(start + 2, came)[0]?.requestsPerSecond).toEqual(usual);
});

test('what comes within the errors of forecasts is no surge', () => {
  expect(expectedAt(start + 1, { [start]: [129, 30] })[0]?.requestsPerSecond).toEqual(usual);
});

test('the hours after the next, plans without a margin, and an hour that nobody measured have none', () => {
  const came = { [start]: [0, 140] };
  expect(expectedAt(start + 1, came)[1]?.requestsPerSecond).toEqual(usual);
  expect(expectedAt(start + 1, came, null)[0]?.requestsPerSecond).toEqual(usual);
  expect(expectedAt(start + 2, { ...came, [start + 1]: [null, null] })[0]?.requestsPerSecond).toEqual(usual);
});

test('errors are those of what was planned for: a surge that lasts teaches one', () => {
  const came = { [start]: [0, 140], [start + 1]: [0, 140] };
  const ratios = expectedAt(start + 2, came)[0]?.ratios ?? [];
  expect(ratios.slice(-2).map(([, south]) => south)).toEqual([3.5, 1]);
});
