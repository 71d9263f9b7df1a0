import { withoutHoles } from './withoutHoles';

/** The hourly values of one series, up to now. */
export interface History {
  readonly values: readonly number[];
  /** Hours since 1970-01-01T00:00Z at the first value. */
  readonly firstHour: number;
}

/** The same as it was measured: what is missing is null. */
export interface MeasuredHistory {
  readonly values: readonly (number | null)[];
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

/** What helps against a forecast that cannot be made or used, in the words of whoever asked. */
export interface ForecastRemedies {
  readonly short: string;
  readonly holes: string;
  readonly notFinite: string;
}

/** For commands, whose flags differ. */
const commandRemedies: ForecastRemedies = {
  short: 'begin later (--from), or take another forecast',
  holes: 'fill holes, or choose another range',
  notFinite: 'take another forecast',
};

/** A forecast that cannot be made, or cannot be used. */
export class ForecastError extends Error {
  override readonly name = 'ForecastError';
  constructor(
    private readonly fault: string,
    private readonly kind?: keyof ForecastRemedies,
  ) {
    super(kind === undefined ? fault : `${fault}; ${commandRemedies[kind]}`);
  }

  /** The message for somebody who has no flags. */
  with(remedies: ForecastRemedies): string {
    return this.kind === undefined ? this.fault : `${this.fault}; ${remedies[this.kind]}`;
  }
}

/** Of a history's hours, so many at least must be known: what fills the others is a guess from these. */
const minKnownShare = 0.5;

/**
 * Makes a forecast and checks it. Holes of the history are filled for it, and for it alone.
 * @param what names the series in messages
 * @throws ForecastError for a history that is too short or has too many holes, and for a forecast that is not finite
 */
export function checkedForecast(
  forecaster: Forecaster,
  history: MeasuredHistory,
  hours: number,
  what: string,
): number[] {
  if (history.values.length < forecaster.minHistoryHours) {
    throw new ForecastError(
      `${what} has ${history.values.length} hours of history, the forecast needs ${forecaster.minHistoryHours}`,
      'short',
    );
  }
  const known = history.values.filter((value) => value !== null).length;
  if (known < minKnownShare * history.values.length) {
    throw new ForecastError(
      `${what} is known in ${known} of ${history.values.length} hours of history, a forecast needs half of them`,
      'holes',
    );
  }
  const values = forecaster.forecast({ ...history, values: withoutHoles(history.values) }, hours);
  for (const [index, value] of values.entries()) {
    if (Number.isFinite(value)) continue;
    throw new ForecastError(
      `the forecast of ${what} ${index + 1} hours ahead is ${value}, and nothing is planned from it`,
      'notFinite',
    );
  }
  return values;
}
