import { at } from '../../policies/model/matrix';
import { ErrorBand, type Band } from './errorBand';
import { checkedForecast, type Forecaster } from './forecaster';

/** How far forecasts were off, by lead time: 1 hour ahead, 2 hours ahead, and so on. */
export interface BackTest {
  /** Mean absolute percentage error as a share; hours with the value 0 are left out. */
  readonly mape: readonly number[];
  /**
   * Mean absolute scaled error (Hyndman and Koehler 2006): mean absolute error over that of last week's value in the
   * same hours, so that below 1 is better than last week's. NaN where no week before is known.
   */
  readonly mase: readonly number[];
  /** Share of values inside of their prediction interval, and how many had one. */
  readonly covered: readonly number[];
  readonly withInterval: readonly number[];
  /** Forecasts that were compared. */
  readonly count: readonly number[];
}

const week = 7 * 24;
/** What is measured of prediction intervals. */
export const intervalShare = 0.9;

/**
 * Makes the forecasts that would have been made in every hour of a series from `fromIndex` on, each from the hours
 * before it alone, and compares them with what came. Hours that nobody measured are compared with nothing. Where there
 * is history enough, forecasts of the week before teach the prediction intervals and count for nothing else.
 * @param what names the series in messages
 * @throws ForecastError
 */
export function backTest(
  forecaster: Forecaster,
  values: readonly (number | null)[],
  firstHour: number,
  fromIndex: number,
  leads: number,
  what: string,
): BackTest {
  const byLead = Array.from({ length: leads }, (_, lead) => new LeadErrors(lead + 1));
  /** By the hour that they are of. */
  const open: { readonly lead: number; readonly expected: number; readonly band: Band | null }[][] = [];
  const judge = (hour: number): void => {
    const actual = values[hour] ?? null;
    if (actual === null) return;
    for (const { lead, expected, band } of open[hour] ?? []) {
      const ofLead = at(byLead, lead);
      if (hour - lead >= fromIndex) ofLead.count(actual, values[hour - week] ?? null, expected, band);
      ofLead.learn(actual, expected, band);
    }
  };
  const first = Math.min(fromIndex, Math.max(forecaster.minHistoryHours, fromIndex - week));
  for (let now = first; now < values.length; now++) {
    judge(now - 1);
    const history = { values: values.slice(0, now), firstHour };
    const forecast = checkedForecast(forecaster, history, Math.min(leads, values.length - now), what);
    for (const [lead, expected] of forecast.entries()) {
      (open[now + lead] ??= []).push({ lead, expected, band: at(byLead, lead).band.now() });
    }
  }
  judge(values.length - 1);
  return {
    mape: byLead.map(({ shares, shared }) => shares / shared),
    mase: byLead.map(({ scaled, lastWeek }) => scaled / lastWeek),
    covered: byLead.map(({ inside, judged }) => inside / judged),
    withInterval: byLead.map(({ judged }) => judged),
    count: byLead.map(({ counted }) => counted),
  };
}

/** Sums of errors at one lead. */
class LeadErrors {
  readonly band: ErrorBand;
  counted = 0;
  shares = 0;
  shared = 0;
  scaled = 0;
  lastWeek = 0;
  inside = 0;
  judged = 0;

  constructor(leadHours: number) {
    this.band = new ErrorBand(intervalShare, leadHours);
  }

  count(actual: number, aWeekBefore: number | null, expected: number, band: Band | null): void {
    const error = Math.abs(expected - actual);
    this.counted++;
    if (actual !== 0) {
      this.shares += error / actual;
      this.shared++;
    }
    if (aWeekBefore !== null) {
      this.scaled += error;
      this.lastWeek += Math.abs(aWeekBefore - actual);
    }
    if (band) {
      const ratio = ratioOf(actual, expected);
      this.judged++;
      if (ratio >= band.low && ratio <= band.high) this.inside++;
    }
  }

  learn(actual: number, expected: number, band: Band | null): void {
    this.band.learn(ratioOf(actual, expected), band);
  }
}

/** A forecast of nothing has no ratio: it counts as one. */
const ratioOf = (actual: number, expected: number): number => actual / Math.max(1, expected);
