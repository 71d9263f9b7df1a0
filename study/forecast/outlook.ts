import { at, sum } from '../../policies/model/matrix';
import type { PlacementProblem } from '../../policies/problem';
import { secondsOf } from '../../traces/time';
import type { Trace } from '../../traces/trace';
import type { Outlook } from '../../planning/decide';
import { checkedForecast, type Forecaster, type History } from './forecaster';

export interface ForecastOptions {
  readonly forecaster: Forecaster;
  /**
   * Share of hours in which no more requests should come than are planned for, 0 to 1; null plans for the forecast
   * itself. How much is added for it comes from the errors of the forecasts for the hours before.
   */
  readonly demandQuantile: number | null;
}

/** Hours of errors that the demand's margin is taken from; the forecasts for them are made first. */
export const calibrationHours = 7 * 24;
/** A year is more than any forecaster here looks back. */
const historyHours = 28 * 24;

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
 * Forecasts for every interval of a range, from the trace's hours before it alone. Each is made once, whoever asks.
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
 * Problems of the intervals to come, with what is expected in place of what will be, and a margin of demand for errors
 * like the earlier ones. At first every origin has a margin of its own. A region that serves several origins needs
 * less than all of theirs, since they do not err together: so a plan is made, and made again with the margin that
 * errors of the past would have asked of its regions.
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

/** What the load of a destination would have been over what was expected of it, had its origins erred as before. */
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

/** Forecasts hour after hour, and learns from the errors of those whose hour has come. */
function forecastingFrom(
  trace: Trace,
  leads: number,
  { forecaster, demandQuantile }: ForecastOptions,
): (now: number) => Expected[] {
  const stepSeconds = trace.intervalSeconds;
  /** Actual over expected requests, [lead][hour][origin], in order of time. */
  const ratios = Array.from({ length: leads }, (): number[][] => []);
  let open: { readonly hour: number; readonly lead: number; readonly expected: readonly number[] }[] = [];
  let calibrated = false;

  const forecastColumns = (rows: readonly (readonly number[])[], now: number, what: string): number[][] =>
    trace.regions.map((region, index) => {
      const values = rows.map((row) => at(row, index));
      const history: History = { values, firstHour: Math.floor(now / stepSeconds) - values.length };
      return checkedForecast(forecaster, history, leads, `${what} of ${region}`);
    });
  const expectDemand = (now: number): number[][] => {
    const byOrigin = forecastColumns(trace.requestsBefore(now, historyHours), now, 'demand');
    for (let lead = 0; lead < leads; lead++) {
      open.push({
        hour: now + lead * stepSeconds,
        lead,
        expected: byOrigin.map((values) => at(values, lead)),
      });
    }
    return byOrigin;
  };
  const learn = (now: number): void => {
    for (const { hour, lead, expected } of open.filter((forecast) => forecast.hour < now)) {
      const [actual = []] = trace.requestsBefore(hour + stepSeconds, 1);
      const ofLead = at(ratios, lead);
      ofLead.push(expected.map((value, origin) => at(actual, origin) / Math.max(1, value)));
      if (ofLead.length > calibrationHours) ofLead.shift();
    }
    open = open.filter(({ hour }) => hour >= now);
  };

  return (now) => {
    if (demandQuantile !== null && !calibrated) {
      for (let ago = calibrationHours; ago > 0; ago--) expectDemand(now - ago * stepSeconds);
      calibrated = true;
    }
    learn(now);
    const demand = expectDemand(now);
    const carbonRows = trace.carbonBefore(now, historyHours);
    const carbon = forecastColumns(carbonRows, now, 'carbon');
    // Below what was ever seen lies an artefact, and a minimiser would send everything there.
    const lowest = trace.regions.map((_, index) => Math.min(...carbonRows.map((row) => at(row, index))));
    return Array.from({ length: leads }, (_, lead) => ({
      requestsPerSecond: demand.map((values) => Math.max(0, at(values, lead))),
      ratios: [...at(ratios, lead)],
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
