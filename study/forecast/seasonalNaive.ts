import type { Forecaster } from './forecaster';

/** The value of the same time one season ago. */
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
