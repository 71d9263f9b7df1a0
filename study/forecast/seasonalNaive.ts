import type { Forecaster } from './forecaster';

/** What was at the same time a season ago. */
export function seasonalNaive(seasonHours: number): Forecaster {
  return {
    minHistoryHours: seasonHours,
    forecast: ({ values }, hours) =>
      Array.from(
        { length: hours },
        (_, ahead) => values[values.length - seasonHours + (ahead % seasonHours)] ?? NaN,
      ),
  };
}
