import type { Forecaster } from './forecaster';

const seasonHours = 24;

/** Smoothing of level, trend and season: tried in all combinations, the best one hour ahead in the history is taken. */
const candidates = { level: [0.1, 0.3, 0.6, 0.9], trend: [0, 0.02], season: [0.05, 0.2, 0.4] };

/** Hours whose errors are not counted: the start values are a guess. */
const warmUpHours = seasonHours;

/**
 * Additive Holt-Winters with a season of a day (Holt 1957, Winters 1960; in the form of Hyndman and Athanasopoulos,
 * Forecasting: Principles and Practice, section 8.3).
 */
export const holtWinters: Forecaster = {
  minHistoryHours: 3 * seasonHours,
  forecast({ values }, hours) {
    let best = smooth(values, 0.3, 0, 0.2);
    for (const level of candidates.level) {
      for (const trend of candidates.trend) {
        for (const season of candidates.season) {
          const state = smooth(values, level, trend, season);
          if (state.squaredError < best.squaredError) best = state;
        }
      }
    }
    return Array.from(
      { length: hours },
      (_, ahead) =>
        best.level + (ahead + 1) * best.trend + (best.seasons[(values.length + ahead) % seasonHours] ?? NaN),
    );
  },
};

interface State {
  readonly level: number;
  readonly trend: number;
  /** By hour of the season, counted from the first value. */
  readonly seasons: readonly number[];
  readonly squaredError: number;
}

function smooth(
  values: readonly number[],
  levelWeight: number,
  trendWeight: number,
  seasonWeight: number,
): State {
  const first = values.slice(0, seasonHours);
  let level = first.reduce((sum, value) => sum + value, 0) / seasonHours;
  let trend = 0;
  let squaredError = 0;
  const seasons = first.map((value) => value - level);
  for (let hour = seasonHours; hour < values.length; hour++) {
    const value = values[hour] ?? NaN;
    const season = seasons[hour % seasonHours] ?? NaN;
    const error = value - (level + trend + season);
    if (hour >= seasonHours + warmUpHours) squaredError += error * error;
    const before = level;
    level = levelWeight * (value - season) + (1 - levelWeight) * (level + trend);
    seasons[hour % seasonHours] = seasonWeight * (value - before - trend) + (1 - seasonWeight) * season;
    trend = trendWeight * (level - before) + (1 - trendWeight) * trend;
  }
  return { level, trend, seasons, squaredError };
}
