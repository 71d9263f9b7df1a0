import { Matrix, solve } from 'ml-matrix';
import type { Forecaster } from './forecaster';

const hoursOfDay = 24;
const daysOfWeek = 7;
/** One effect for each hour of the day and each day of the week but Monday: with Monday's they would not be unique. */
const effects = hoursOfDay + daysOfWeek - 1;
/** Four weeks: older hours belong to another season of the year. */
const usedHours = 28 * hoursOfDay;

/**
 * Least squares on hour of the day and day of the week, in UTC. The last hour's residual fades as residuals did before
 * (autoregression of order 1).
 */
export const regression: Forecaster = {
  minHistoryHours: 2 * daysOfWeek * hoursOfDay,
  forecast({ values, firstHour }, hours) {
    const skipped = Math.max(0, values.length - usedHours);
    const used = values.slice(skipped);
    const start = firstHour + skipped;
    const fitted = fit(used, start);
    const residuals = used.map((value, index) => value - fitted(start + index));
    const fading = autocorrelation(residuals);
    const last = residuals.at(-1) ?? 0;
    return Array.from(
      { length: hours },
      (_, ahead) => fitted(start + used.length + ahead) + last * fading ** (ahead + 1),
    );
  },
};

function fit(values: readonly number[], firstHour: number): (hour: number) => number {
  // Every row of the design has one hour and at most one weekday, so its product with itself is a count.
  const normal = Matrix.zeros(effects, effects);
  const right = Matrix.zeros(effects, 1);
  for (const [index, value] of values.entries()) {
    const columns = columnsOf(firstHour + index);
    for (const row of columns) {
      right.set(row, 0, right.get(row, 0) + value);
      for (const column of columns) normal.set(row, column, normal.get(row, column) + 1);
    }
  }
  const solution = solve(normal, right).to1DArray();
  return (hour) => columnsOf(hour).reduce((sum, column) => sum + (solution[column] ?? NaN), 0);
}

function columnsOf(hour: number): number[] {
  // 1970-01-01 was a Thursday.
  const weekday = (Math.floor(hour / hoursOfDay) + 3) % daysOfWeek;
  return weekday === 0 ? [hour % hoursOfDay] : [hour % hoursOfDay, hoursOfDay + weekday - 1];
}

/** Of order 1, at most 0.99 so that a residual fades. */
function autocorrelation(residuals: readonly number[]): number {
  let [product, square] = [0, 0];
  for (const [index, residual] of residuals.entries()) {
    square += residual * residual;
    if (index > 0) product += residual * (residuals[index - 1] ?? 0);
  }
  return square === 0 ? 0 : Math.min(0.99, Math.max(0, product / square));
}
