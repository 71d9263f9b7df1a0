import { referenceCapacity } from '../../../../stack/capacity';
import { freeSwitching } from '../../../../planning/decide';
import { problemOf } from '../../../../planning/planOptions';
import { backTest } from '../../../../study/forecast/backTest';
import { checkedForecast, type Forecaster } from '../../../../study/forecast/forecaster';
import { forecasterNamed, forecasters } from '../../../../study/forecast/forecasters';
import { forecastOutlook, forecastsFor, quantile } from '../../../../study/forecast/outlook';
import { simulate, type Simulated } from '../../../../study/simulation';
import { carbon } from '../../../../policies/carbon';
import { readTrace } from '../../../../traces/readTrace';
import { isoOf, secondsOf } from '../../../../traces/time';
import { wikiTraces } from '../../wikiTraces';

const hour = (at: string): number => secondsOf(at) / 3600;
/** A day's shape, more at weekends, five weeks from a Wednesday. */
const weekly = (index: number): number => {
  const day = Math.floor((hour('2025-01-01T00:00:00Z') + index) / 24 + 3) % 7;
  return 100 + 30 * Math.sin((2 * Math.PI * index) / 24) + (day >= 5 ? 50 : 0);
};
const fiveWeeks = Array.from({ length: 35 * 24 }, (_, index) => weekly(index));
const history = { values: fiveWeeks, firstHour: hour('2025-01-01T00:00:00Z') };

describe('forecasters', () => {
  test('what repeats every week is foretold by the ones that know weeks', () => {
    const expected = Array.from({ length: 48 }, (_, ahead) => weekly(fiveWeeks.length + ahead));
    for (const name of ['naive-week', 'regression']) {
      const forecast = forecasterNamed(name).forecast(history, 48);
      for (const [ahead, value] of forecast.entries()) expect(value).toBeCloseTo(expected[ahead] ?? NaN, 6);
    }
  });

  test('what repeats every day and grows is foretold by Holt-Winters', () => {
    const growing = Array.from(
      { length: 21 * 24 },
      (_, index) => 100 + index / 10 + 20 * Math.cos((index / 12) * Math.PI),
    );
    const forecast = forecasterNamed('holt-winters').forecast({ values: growing, firstHour: 0 }, 24);
    for (const [ahead, value] of forecast.entries()) {
      const actual = 100 + (504 + ahead) / 10 + 20 * Math.cos(((504 + ahead) / 12) * Math.PI);
      expect(Math.abs(value / actual - 1)).toBeLessThan(0.03);
    }
  });

  test('a shock of the last hour fades in the regression', () => {
    const shocked = fiveWeeks.map(
      (value, index) => value + (index % 200 < 5 ? 40 * 0.8 ** (index % 200) : 0),
    );
    const cut = shocked.slice(0, 4 * 200 + 1);
    const forecast = forecasterNamed('regression').forecast({ ...history, values: cut }, 5);
    const above = forecast.map((value, ahead) => value - weekly(cut.length + ahead));
    expect(above[0]).toBeGreaterThan(5);
    expect(above).toEqual([...above].sort((a, b) => b - a));
  });

  test.each(Object.keys(forecasters))('%s: a history too short is refused with what it needs', (name) => {
    const short = { values: fiveWeeks.slice(0, 20), firstHour: 0 };
    expect(() => checkedForecast(forecasterNamed(name), short, 1, 'demand of north')).toThrow(
      /demand of north has 20 hours of history, the forecast needs \d+; begin later/,
    );
  });

  test('a forecast that is no number is refused with its lead', () => {
    const broken: Forecaster = { minHistoryHours: 1, forecast: () => [5, NaN] };
    expect(() => checkedForecast(broken, history, 2, 'carbon of north')).toThrow(
      /the forecast of carbon of north 2 hours ahead is NaN, and nothing is planned from it; take another forecast$/,
    );
  });

  test('an unknown name is refused with the known ones', () => {
    expect(() => forecasterNamed('crystal-ball')).toThrow(
      /expected one of: naive-day, naive-week, holt-winters/,
    );
  });
});

test('a back-test gives the error by lead, from the hours before alone', () => {
  const values = [10, 10, 10, 20, 20, 20];
  const last: Forecaster = {
    minHistoryHours: 1,
    forecast: ({ values: known }, hours) => Array.from({ length: hours }, () => known.at(-1) ?? NaN),
  };
  const { mape, mase, count } = backTest(last, values, 0, 2, 2, 'demand');
  // One ahead: 10 for 10, 10 for 20, 20 for 20, 20 for 20. Two ahead: 10 for 20, 10 for 20, 20 for 20.
  expect(mape[0]).toBeCloseTo(0.5 / 4, 12);
  expect(mape[1]).toBeCloseTo((0.5 + 0.5) / 3, 12);
  expect(count).toEqual([4, 3]);
  // No week before is known.
  expect(mase).toEqual([NaN, NaN]);
});

test('quantile: the smallest value that enough values do not exceed', () => {
  const values = [5, 1, 4, 2, 3];
  expect([0, 0.2, 0.21, 0.8, 1].map((share) => quantile(values, share))).toEqual([1, 1, 2, 4, 5]);
  expect(quantile([], 0.9)).toBe(1);
});

describe('planning from forecasts, on the reference’s data', () => {
  const trace = readTrace(wikiTraces());
  const options = {
    policies: ['carbon', 'replay', 'oracle'],
    alpha: 0.9,
    keepWarm: false,
    capacity: () => referenceCapacity,
    switching: freeSwitching,
    horizonIntervals: 6,
    forecast: { forecaster: forecasterNamed('regression'), demandQuantile: 0.98 },
  };

  test('nothing is known of the hour that is planned, nor of those after it', () => {
    const starts = ['2022-09-10T00:00:00Z', '2022-09-10T01:00:00Z'];
    const expectation = (from: typeof trace) => forecastsFor(from, starts, options.forecast)(1, 3);
    // A trace that ends where the second interval begins gives the same forecast for it.
    const now = secondsOf('2022-09-10T01:00:00Z');
    const past = Object.create(trace, {
      requestsBefore: {
        value: (seconds: number, hours: number) => {
          if (seconds > now) throw new Error(`${isoOf(seconds)} is not over yet`);
          return trace.requestsBefore(seconds, hours);
        },
      },
      carbonBefore: {
        value: (seconds: number, hours: number) => {
          if (seconds > now) throw new Error(`${isoOf(seconds)} is not over yet`);
          return trace.carbonBefore(seconds, hours);
        },
      },
    }) as typeof trace;
    const expected = expectation(trace);
    expect(expectation(past)).toEqual(expected);
    expect(expected[0]?.ratios).toHaveLength(168);
  });

  test('a higher quantile plans for more requests', async () => {
    const starts = ['2022-09-10T00:00:00Z'];
    const truth = starts.map((start) => problemOf(trace, trace.at(start), { ...options, maxLatencyMs: 500 }));
    const forecasts = forecastsFor(trace, starts, options.forecast);
    const servers = async (share: number | null): Promise<number> => {
      const [expected] = forecastOutlook(truth, forecasts, share).expect(0, 1);
      const placement = expected && (await carbon({ alpha: 0.9 }).place(expected));
      if (placement?.kind !== 'placement') throw new Error('no placement');
      return placement.servers.reduce((a, b) => a + b, 0);
    };
    const counts = [await servers(null), await servers(0.8), await servers(0.98)];
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(counts[2]).toBeGreaterThan(counts[0] ?? 0);
  });

  test('on hours that no parameter was chosen on: 1 % of region-intervals overloaded, 5 points lost', async () => {
    const { results } = await simulate(trace, {
      ...options,
      maxLatenciesMs: [500, 150, 100, 50],
      from: '2022-09-20T00:00:00Z',
      to: '2022-09-25T00:00:00Z',
    });
    for (const maxLatencyMs of [500, 150, 100, 50]) {
      const [planned, , oracle] = results.filter(
        (result) => result.maxLatencyMs === maxLatencyMs,
      ) as Simulated[];
      if (!planned || !oracle) throw new Error('not simulated');
      const regionMinutes = planned.outcome.intervals * trace.regions.length * 60;
      expect(planned.outcome.overloadMinutes / regionMinutes).toBeLessThanOrEqual(0.01);
      const lost = (oracle.savedAgainst['replay'] ?? NaN) - (planned.savedAgainst['replay'] ?? NaN);
      expect(lost).toBeLessThanOrEqual(0.05);
      expect(planned.overOracle).toBeGreaterThan(0);
    }
  });

  test('a range that begins before there is enough history is refused', async () => {
    await expect(
      simulate(trace, {
        ...options,
        maxLatenciesMs: [500],
        from: '2022-08-20T00:00:00Z',
        to: '2022-08-21T00:00:00Z',
      }),
    ).rejects.toThrow(/hours of history, the forecast needs 336; begin later/);
  });
});
