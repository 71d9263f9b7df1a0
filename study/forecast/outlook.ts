import { at, sum } from '../../policies/model/matrix';
import type { PlacementProblem } from '../../policies/problem';
import { secondsOf } from '../../traces/time';
import type { Trace } from '../../traces/trace';
import type { Outlook } from '../../planning/decide';
import {
  DemandForecasts,
  forecastColumns,
  historyHours,
  surgeRatio,
  type ForecastOptions,
} from './demandForecasts';

export { calibrationHours, type ForecastOptions } from './demandForecasts';

/** What is expected of one interval, by region. */
export interface Expected {
  /** Requests/s by origin. */
  readonly requestsPerSecond: readonly number[];
  readonly carbonGramsPerKwh: readonly number[];
  /** Actual over expected requests by origin, [earlier hour][origin], at the same lead. */
  readonly ratios: readonly (readonly number[])[];
}

/** What was expected of the next hours when the hour at a position was about to begin. */
export type Forecasts = (interval: number, hours: number) => readonly Expected[];

/**
 * Forecasts for every interval of a range, from the trace's hours before it alone. Each is made once and kept.
 * @param starts of the intervals, ISO 8601, in order
 * @throws ForecastError
 */
export function forecastsFor(trace: Trace, starts: readonly string[], options: ForecastOptions): Forecasts {
  const made = new Map<number, { next: (now: number) => Expected[]; expected: Expected[][] }>();
  return (interval, hours) => {
    const ofHours = made.get(hours) ?? { next: forecastingFrom(trace, hours, options), expected: [] };
    made.set(hours, ofHours);
    while (ofHours.expected.length <= interval) {
      ofHours.expected.push(ofHours.next(secondsOf(at(starts, ofHours.expected.length))));
    }
    return at(ofHours.expected, interval);
  };
}

/**
 * Problems of the intervals to come, with forecasts in place of the truth, and a margin of demand for forecast errors.
 * A first plan has a margin for every origin. A region that serves several origins needs less than the sum of their
 * margins, because forecasts of different origins are not too low at the same time; so the interval is planned again,
 * with margins by region, taken from the errors of the past.
 */
export function forecastOutlook(
  truth: readonly PlacementProblem[],
  forecasts: Forecasts,
  demandQuantile: number | null,
): Outlook {
  const problems = (
    interval: number,
    count: number,
    marginOf: (expected: Expected, origin: number, lead: number) => number,
  ): PlacementProblem[] =>
    forecasts(interval, count)
      .slice(0, truth.length - interval)
      .map((expected, lead) => ({
        ...at(truth, interval + lead),
        carbonGramsPerKwh: expected.carbonGramsPerKwh,
        requestsPerSecond: expected.requestsPerSecond.map((value, origin) =>
          Math.max(0, Math.ceil(value * marginOf(expected, origin, lead))),
        ),
      }));
  if (demandQuantile === null) return { expect: (interval, count) => problems(interval, count, () => 1) };
  const ownMargin = ({ ratios }: Expected, origin: number): number =>
    quantile(
      ratios.map((row) => at(row, origin)),
      demandQuantile,
    );
  return {
    expect: (interval, count) => problems(interval, count, ownMargin),
    expectGiven: (interval, count, { requests }) =>
      problems(interval, count, (expected, origin, lead) => {
        const row = at(requests, origin);
        const sent = sum(row);
        if (lead > 0 || sent === 0) return ownMargin(expected, origin);
        return (
          sum(
            row.map((value, to) =>
              value === 0 ? 0 : value * sharedMargin(expected, requests, to, demandQuantile),
            ),
          ) / sent
        );
      }),
  };
}

/**
 * Problems of the intervals to come as they are expected, with the errors of the past: for a policy that makes room for
 * errors itself. Past a quantile of errors that fall off exponentially, the mean is e times as seldom passed: with that
 * share of the worst cases in mind, about as many hours have more requests than room as the quantile leaves.
 */
export function errorsOutlook(
  truth: readonly PlacementProblem[],
  forecasts: Forecasts,
  demandQuantile: number,
): Outlook {
  const worstShare = Math.min(1, Math.E * (1 - demandQuantile));
  return {
    expect: (interval, count) =>
      forecasts(interval, count)
        .slice(0, truth.length - interval)
        .map(({ requestsPerSecond, carbonGramsPerKwh, ratios }, lead) => ({
          ...at(truth, interval + lead),
          carbonGramsPerKwh,
          requestsPerSecond: requestsPerSecond.map(Math.ceil),
          ...(ratios.length > 0 && {
            demandErrors: {
              // A surge would widen the margin of every hour for a week.
              ratios: ratios.map((row) => row.map((ratio) => Math.min(surgeRatio, ratio))),
              worstShare,
            },
          }),
        })),
  };
}

/** The margin of a destination: the quantile of its actual over its expected load, with the errors of the past. */
function sharedMargin(
  { ratios, requestsPerSecond }: Expected,
  requests: readonly (readonly number[])[],
  destination: number,
  demandQuantile: number,
): number {
  const expectedFrom = requests.map((row, origin) => {
    const sent = sum(row);
    return sent === 0 ? 0 : (at(row, destination) / sent) * at(requestsPerSecond, origin);
  });
  const expected = sum(expectedFrom);
  if (expected === 0) return 1;
  return quantile(
    ratios.map((row) => sum(expectedFrom.map((value, origin) => value * at(row, origin))) / expected),
    demandQuantile,
  );
}

/** Forecasts hour after hour, and records the errors of the forecasts whose hour has passed. */
function forecastingFrom(trace: Trace, leads: number, options: ForecastOptions): (now: number) => Expected[] {
  const demandFrom = new DemandForecasts(trace, leads, options);
  return (now) => {
    const demand = demandFrom.next(now);
    const carbonRows = trace.carbonBefore(now, historyHours);
    const carbon = forecastColumns(trace, options.forecaster, carbonRows, now, leads, 'carbon');
    // A forecast below every past value is an artefact of the method, and a minimiser would send everything there.
    const lowest = trace.regions.map((_, index) =>
      carbonRows.reduce((least, row) => Math.min(least, row[index] ?? Infinity), Infinity),
    );
    return demand.map((ofLead, lead) => ({
      ...ofLead,
      carbonGramsPerKwh: carbon.map((values, index) => Math.max(at(lowest, index), at(values, lead))),
    }));
  };
}

/** The smallest value that at least the given share of the values does not exceed; 1 without values. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) return 1;
  const sorted = [...values].sort((a, b) => a - b);
  return at(sorted, Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1)));
}
