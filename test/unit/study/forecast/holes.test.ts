import { backTest } from '../../../../study/forecast/backTest';
import { ErrorBand, quantileAt } from '../../../../study/forecast/errorBand';
import { checkedForecast } from '../../../../study/forecast/forecaster';
import { forecasterNamed, forecasters } from '../../../../study/forecast/forecasters';
import { withoutHoles } from '../../../../study/forecast/withoutHoles';
import { normal } from '../normal';

const wave = (hour: number): number => 100 + 30 * Math.sin((2 * Math.PI * hour) / 24);
const month = Array.from({ length: 28 * 24 }, (_, hour) => wave(hour));

describe('holes in a history', () => {
  test('short ones are bridged by a line, longer ones filled from the nearest days at the same time', () => {
    const days = [1, 5, 9].flatMap((value) => Array.from({ length: 24 }, () => value as number | null));
    days[23] = null;
    for (let hour = 28; hour < 34; hour++) days[hour] = null;
    for (let hour = 68; hour < 72; hour++) days[hour] = null;
    const filled = withoutHoles(days);
    expect(filled[23]).toBe(3);
    expect(filled.slice(28, 34)).toEqual([5, 5, 5, 5, 5, 5]);
    expect(filled.slice(68)).toEqual([5, 5, 5, 5]);
  });

  test('where no day has a value at that time, what lies next to the gap is taken', () => {
    const days = Array.from({ length: 72 }, (_, hour) => (hour % 24 < 6 ? null : hour < 24 ? 1 : 3));
    const filled = withoutHoles(days);
    expect([filled[0], filled[24], filled[48]]).toEqual([1, 2, 3]);
    expect(withoutHoles([null, null])).toEqual([NaN, NaN]);
  });

  test.each(Object.keys(forecasters))('%s forecasts with a third of the hours missing', (name) => {
    const torn = month.map((value, hour) => (hour % 3 === 1 ? null : value));
    const forecast = checkedForecast(forecasterNamed(name), { values: torn, firstHour: 0 }, 6, 'demand');
    // A line cuts a wave's crest, so a method may be off by a little.
    for (const [ahead, value] of forecast.entries()) {
      expect(Math.abs(value / wave(month.length + ahead) - 1)).toBeLessThan(0.2);
    }
  });

  test('are too many where most hours are missing', () => {
    const torn = month.map((value, hour) => (hour % 3 === 1 ? value : null));
    expect(() =>
      checkedForecast(forecasterNamed('combined'), { values: torn, firstHour: 0 }, 1, 'demand'),
    ).toThrow(/demand is known in 224 of 672 hours of history, a forecast needs half of them/);
  });

  test('are compared with nothing in a back-test', () => {
    const torn = month.map((value, hour) => (hour === 650 ? null : value));
    const { count } = backTest(forecasterNamed('naive-week'), torn, 0, 648, 1, 'demand');
    expect(count).toEqual([23]);
  });
});

describe('combined', () => {
  test('foretells what repeats every day, and what repeats every week', () => {
    const weekly = month.map((value, hour) => value + (Math.floor(hour / 24) % 7 > 4 ? 50 : 0));
    for (const values of [month, weekly]) {
      const forecast = forecasterNamed('combined').forecast({ values, firstHour: 0 }, 24);
      for (const [ahead, value] of forecast.entries()) {
        expect(Math.abs(value - (values[values.length - 168 + ahead] ?? NaN))).toBeLessThan(0.5);
      }
    }
  });

  test('a constant is forecast as it is', () => {
    const forecast = forecasterNamed('combined').forecast({ values: month.map(() => 7), firstHour: 0 }, 3);
    for (const value of forecast) expect(value).toBeCloseTo(7, 9);
  });

  test('beats last week’s where the last hours say more', () => {
    const random = normal(3);
    let above = 0;
    const values = Array.from({ length: 35 * 24 }, (_, hour) => {
      above = 0.95 * above + 3 * random();
      return wave(hour) + above;
    });
    const { mase } = backTest(forecasterNamed('combined'), values, 0, 28 * 24, 4, 'demand');
    expect(Math.max(...mase)).toBeLessThan(0.9);
    expect(mase[0]).toBeLessThan(mase[3] ?? NaN);
  });
});

test('prediction intervals hold the wanted share, also where errors grow', () => {
  const random = normal(5);
  const band = new ErrorBand(0.9, 1);
  let [inside, judged] = [0, 0];
  for (let hour = 0; hour < 3000; hour++) {
    const ratio = Math.exp((hour < 1500 ? 0.1 : 0.3) * random());
    const now = band.now();
    if (now) {
      judged++;
      if (ratio >= now.low && ratio <= now.high) inside++;
    }
    band.learn(ratio, now);
  }
  expect(judged).toBe(3000 - 168);
  expect(inside / judged).toBeGreaterThan(0.88);
  expect(inside / judged).toBeLessThan(0.92);
});

test('a quantile between two values lies between them', () => {
  expect([0, 0.5, 0.75, 1].map((share) => quantileAt([1, 2, 4], share))).toEqual([1, 2, 3, 4]);
});
