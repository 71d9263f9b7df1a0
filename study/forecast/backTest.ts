import { at } from '../../policies/model/matrix';
import { checkedForecast, type Forecaster } from './forecaster';

/** How far forecasts were off, by lead time. */
export interface BackTest {
  /** Mean absolute percentage error as a share, for 1 hour ahead, 2 hours ahead, and so on; hours with the value 0 are left out. */
  readonly mape: readonly number[];
  /** Forecasts that were compared, by lead. */
  readonly count: readonly number[];
}

/**
 * Makes the forecasts that would have been made in every hour of a series from `fromIndex` on, each from the hours
 * before it alone, and compares them with what came.
 * @param what names the series in messages
 * @throws ForecastError
 */
export function backTest(
  forecaster: Forecaster,
  values: readonly number[],
  firstHour: number,
  fromIndex: number,
  leads: number,
  what: string,
): BackTest {
  const total = Array.from({ length: leads }, () => 0);
  const count = Array.from({ length: leads }, () => 0);
  for (let now = fromIndex; now < values.length; now++) {
    const history = { values: values.slice(0, now), firstHour };
    const forecast = checkedForecast(forecaster, history, Math.min(leads, values.length - now), what);
    for (const [lead, expected] of forecast.entries()) {
      const actual = at(values, now + lead);
      if (actual === 0) continue;
      total[lead] = at(total, lead) + Math.abs(expected - actual) / actual;
      count[lead] = at(count, lead) + 1;
    }
  }
  return { mape: total.map((sum, lead) => sum / at(count, lead)), count };
}
