import { at } from '../../policies/model/matrix';
import { checkedForecast, type Forecaster, type MeasuredHistory } from './forecaster';

export interface ForecastOptions {
  readonly forecaster: Forecaster;
  /**
   * Share of hours, 0 to 1, in which no more requests should come than are planned for. The margin that this takes is
   * found from the errors of earlier forecasts. Null plans for the forecast itself.
   */
  readonly demandQuantile: number | null;
}

/** Hours before the range whose forecasts and errors give the first margin of demand. */
export const calibrationHours = 7 * 24;
/** Four weeks: no forecaster here looks further back. */
export const historyHours = 28 * 24;

/**
 * An origin that sends more than so many times what was forecast has a cause that no history knows: a crowd, or the
 * requests of another region that is down. Chosen on 2022-09-02 to 2022-09-13 of the reference's data, among 1.3, 1.6,
 * 2.2 and 4.
 */
export const surgeRatio = 1.3;

/** Demand as it was measured, hour by hour. */
export interface DemandPast {
  readonly regions: readonly string[];
  readonly intervalSeconds: number;
  /** As `Trace.requestsBefore`. */
  readonly requestsBefore: (seconds: number, hours: number) => readonly (readonly (number | null)[])[];
}

/** Demand that is expected of one interval. */
export interface ExpectedDemand {
  /** Requests/s by origin. */
  readonly requestsPerSecond: readonly number[];
  /** Actual over expected requests by origin, [earlier hour][origin], at the same lead. */
  readonly ratios: readonly (readonly number[])[];
}

/** Forecasts demand hour after hour, and records the errors of the forecasts whose hour has passed. */
export class DemandForecasts {
  /** Actual over expected requests, [lead][hour][origin], in order of time. */
  private readonly ratios: number[][][];
  /** What came of each origin in the hour that was learnt last, where it was a surge; 0 elsewhere. */
  private surge: { readonly hour: number; readonly requestsPerSecond: readonly number[] } | null = null;
  private open: { readonly hour: number; readonly lead: number; readonly expected: readonly number[] }[] = [];
  private calibrated = false;

  /** @param leads hours that are forecast at a time */
  constructor(
    private readonly past: DemandPast,
    private readonly leads: number,
    private readonly options: ForecastOptions,
    private readonly calibration = calibrationHours,
  ) {
    this.ratios = Array.from({ length: leads }, () => []);
  }

  /**
   * What is expected of the hours from a time on, from the history before it alone.
   * @param now Unix seconds; later than the one before
   * @throws ForecastError
   */
  next(now: number): ExpectedDemand[] {
    if (this.options.demandQuantile !== null && !this.calibrated) {
      for (let ago = this.calibration; ago > 0; ago--) this.expect(now - ago * this.past.intervalSeconds);
      this.calibrated = true;
    }
    this.learn(now);
    const demand = this.expect(now);
    return Array.from({ length: this.leads }, (_, lead) => ({
      requestsPerSecond: this.withSurge(
        demand.map((values) => Math.max(0, at(values, lead))),
        now,
        lead,
      ),
      ratios: [...at(this.ratios, lead)],
    }));
  }

  private expect(now: number): number[][] {
    const { past, leads, options } = this;
    const rows = past.requestsBefore(now, historyHours);
    const byOrigin = forecastColumns(past, options.forecaster, rows, now, leads, 'demand');
    for (let lead = 0; lead < leads; lead++) {
      this.open.push({
        hour: now + lead * past.intervalSeconds,
        lead,
        expected: byOrigin.map((values) => at(values, lead)),
      });
    }
    return byOrigin;
  }

  private learn(now: number): void {
    for (const { hour, lead, expected } of this.open.filter((forecast) => forecast.hour < now)) {
      const [actual = []] = this.past.requestsBefore(hour + this.past.intervalSeconds, 1);
      // Hours that nobody measured say nothing of errors.
      const known = actual.filter((value) => value !== null);
      if (known.length < expected.length) continue;
      const planned = this.withSurge(expected, hour, lead);
      const ofLead = at(this.ratios, lead);
      ofLead.push(planned.map((value, origin) => at(known, origin) / Math.max(1, value)));
      if (ofLead.length > calibrationHours) ofLead.shift();
      if (lead === 0) {
        const requestsPerSecond = known.map((value, origin) =>
          value > surgeRatio * Math.max(1, at(expected, origin)) ? value : 0,
        );
        this.surge = { hour, requestsPerSecond };
      }
    }
    this.open = this.open.filter(({ hour }) => hour >= now);
  }

  /**
   * Room for a surge that lasts: as much may come of that origin in the next hour again. A region that is down keeps
   * its own forecast meanwhile, so there is room as well where its requests come back.
   */
  private withSurge(expected: readonly number[], hour: number, lead: number): readonly number[] {
    const { surge, past, options } = this;
    if (lead > 0 || options.demandQuantile === null || surge?.hour !== hour - past.intervalSeconds)
      return expected;
    return expected.map((value, origin) => Math.max(value, at(surge.requestsPerSecond, origin)));
  }
}

/**
 * Forecasts of every region's series, [region][lead].
 * @param rows its history up to now, [hour][region]
 * @throws ForecastError
 */
export function forecastColumns(
  { regions, intervalSeconds }: Pick<DemandPast, 'regions' | 'intervalSeconds'>,
  forecaster: Forecaster,
  rows: readonly (readonly (number | null)[])[],
  now: number,
  leads: number,
  what: string,
): number[][] {
  return regions.map((region, index) => {
    const values = rows.map((row) => at(row, index));
    const history: MeasuredHistory = {
      values,
      firstHour: Math.floor(now / intervalSeconds) - values.length,
    };
    return checkedForecast(forecaster, history, leads, `${what} of ${region}`);
  });
}
