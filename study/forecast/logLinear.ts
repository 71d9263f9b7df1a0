import { Matrix, solve } from 'ml-matrix';
import { at, sum } from '../../policies/model/matrix';
import { quantileAt } from './errorBand';
import type { Forecaster } from './forecaster';

const day = 24;
const week = 7 * day;
/** Four weeks: older hours belong to another season of the year. */
const usedHours = 4 * week;
/** The first hour that has all that is looked at before it. */
const firstFitted = week + day + 1;
/** Hours of this age count half as much in the fit as the latest. */
const halfLifeHours = week;
/** A logarithm beyond this is cut: an outage, or a crowd, says little of the hour after it. */
const largest = 0.3;
/** Less than this share of what is usual at the time of day is an outage: the next week will not repeat it. */
const outageShare = 0.25;
/** What is added to a feature's sum of squares, as a share of it. */
const ridge = 0.02;

/**
 * Last week's value times a factor. The factor's logarithm is linear in the factors of the last hours and of
 * yesterday's, by least squares for each lead. Requests grow and fall by shares, so that their logarithms fit the past
 * better than they do. The constants were chosen on 2022-09-02 to 2022-09-13 of the reference's requests.
 */
export const logLinear: Forecaster = {
  minHistoryHours: 2 * week,
  forecast({ values }, hours) {
    const logs = withoutOutages(values.slice(-usedHours).map((value) => Math.log(Math.max(1, value))));
    return Array.from({ length: hours }, (_, ahead) => Math.exp(forecastAt(logs, ahead + 1)));
  },
};

function withoutOutages(logs: readonly number[]): number[] {
  const usual = Array.from({ length: day }, (_, time) =>
    quantileAt(
      logs.filter((__, hour) => hour % day === time).sort((one, other) => one - other),
      0.5,
    ),
  );
  return logs.map((value, hour) => Math.max(value, at(usual, hour % day) + Math.log(outageShare)));
}

function forecastAt(logs: readonly number[], lead: number): number {
  const cut = (value: number): number => Math.max(-largest, Math.min(largest, value));
  const aboveLastWeek = (hour: number): number => cut(at(logs, hour) - at(logs, hour - week));
  const lastWeek = (now: number): number => at(logs, now + lead - week);
  const features = (now: number): number[] => {
    const sameTime = now + lead - day * Math.ceil(lead / day);
    return [
      1,
      aboveLastWeek(now),
      aboveLastWeek(now - 1),
      aboveLastWeek(sameTime),
      aboveLastWeek(sameTime - 1),
      cut(at(logs, sameTime) - lastWeek(now)),
      cut(at(logs, now) - at(logs, now - day)),
    ];
  };
  const last = logs.length - 1;
  const size = features(last).length;
  const products = Matrix.zeros(size, size);
  const right = Matrix.zeros(size, 1);
  for (let now = firstFitted; now + lead <= last; now++) {
    const row = features(now);
    const wanted = aboveLastWeek(now + lead);
    const weight = 0.5 ** ((last - now) / halfLifeHours);
    for (const [one, value] of row.entries()) {
      right.set(one, 0, right.get(one, 0) + weight * value * wanted);
      for (const [other, factor] of row.entries()) {
        products.set(one, other, products.get(one, other) + weight * value * factor);
      }
    }
  }
  // A feature that is always 0 would leave its coefficient open.
  for (let one = 0; one < size; one++) products.set(one, one, products.get(one, one) * (1 + ridge) + 1e-9);
  const coefficients = solve(products, right).to1DArray();
  return lastWeek(last) + sum(features(last).map((value, index) => value * at(coefficients, index)));
}
