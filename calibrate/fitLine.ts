import { studentT975 } from '../study/savingInterval';

/** One measurement. */
export interface Point {
  readonly x: number;
  readonly y: number;
  /** Inverse of the variance of y, in any unit: 1 / y² where errors are in proportion to what is measured. */
  readonly weight: number;
}

/** A 95 % confidence interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** y = slope * x + intercept. */
export interface Line {
  readonly slope: number;
  readonly intercept: number;
  readonly slopeError: number;
  readonly interceptError: number;
  readonly slopeInterval: Interval;
  readonly points: number;
}

/** From 3 degrees of freedom on the quantile of Student's t is good to half a percent. */
export const fewestPoints = 5;

/**
 * The line of weighted least squares (Draper and Smith, Applied Regression Analysis, 3rd ed., sections 1.2 to 1.4 and
 * 9.2): slope = sum w (x - mx)(y - my) / Sxx with weighted means and Sxx = sum w (x - mx)²; the variance s² is the
 * weighted sum of squared residuals over n - 2; the slope's standard error is s / sqrt(Sxx), the intercept's
 * s sqrt(1 / sum w + mx² / Sxx). The interval is the slope -+ t standard errors, with Student's t of n - 2 degrees of
 * freedom. test/unit/calibrate/fitLine.test.ts simulates how often it holds the truth.
 * @returns null with fewer than `fewestPoints` points, or where all have one x
 */
export function fitLine(points: readonly Point[]): Line | null {
  if (points.length < fewestPoints) return null;
  const sum = (of: (point: Point) => number): number => points.reduce((total, point) => total + of(point), 0);
  const weights = sum(({ weight }) => weight);
  const meanX = sum(({ x, weight }) => weight * x) / weights;
  const meanY = sum(({ y, weight }) => weight * y) / weights;
  const spread = sum(({ x, weight }) => weight * (x - meanX) ** 2);
  if (spread === 0) return null;
  const slope = sum(({ x, y, weight }) => weight * (x - meanX) * (y - meanY)) / spread;
  const intercept = meanY - slope * meanX;
  const freedom = points.length - 2;
  const deviation = Math.sqrt(sum(({ x, y, weight }) => weight * (y - slope * x - intercept) ** 2) / freedom);
  const slopeError = deviation / Math.sqrt(spread);
  const reach = studentT975(freedom) * slopeError;
  return {
    slope,
    intercept,
    slopeError,
    interceptError: deviation * Math.sqrt(1 / weights + meanX ** 2 / spread),
    slopeInterval: { low: slope - reach, high: slope + reach },
    points: points.length,
  };
}
