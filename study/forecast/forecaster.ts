/** The hourly values of one series, up to now. */
export interface History {
  readonly values: readonly number[];
  /** Hours since 1970-01-01T00:00Z at the first value. */
  readonly firstHour: number;
}

/** Forecasts a series from its history alone. */
export interface Forecaster {
  /** Hours of history that it needs at least. */
  readonly minHistoryHours: number;
  /**
   * The next values, one an hour, the first for the hour after the history.
   * @param history at least minHistoryHours long
   */
  readonly forecast: (history: History, hours: number) => number[];
}

/** A forecast that cannot be made, or cannot be used. */
export class ForecastError extends Error {
  override readonly name = 'ForecastError';
}

/**
 * Makes a forecast and checks it.
 * @param what names the series in messages
 * @throws ForecastError for a history that is too short and for a forecast that is not finite
 */
export function checkedForecast(
  forecaster: Forecaster,
  history: History,
  hours: number,
  what: string,
): number[] {
  if (history.values.length < forecaster.minHistoryHours) {
    throw new ForecastError(
      `${what} has ${history.values.length} hours of history, the forecast needs ${forecaster.minHistoryHours}; ` +
        'begin later, or take another --forecast',
    );
  }
  const values = forecaster.forecast(history, hours);
  for (const [index, value] of values.entries()) {
    if (Number.isFinite(value)) continue;
    throw new ForecastError(
      `the forecast of ${what} ${index + 1} hours ahead is ${value}; nothing is planned from it: take another --forecast`,
    );
  }
  return values;
}
