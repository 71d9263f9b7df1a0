import { Matrix, solve } from 'ml-matrix';
import { at, sum } from '../../policies/model/matrix';
import type { Forecaster } from './forecaster';

const day = 24;
const week = 7 * day;
/** Four weeks: older hours belong to another season of the year. */
const usedHours = 4 * week;
/** The last hours of the history, which say how much each method counts. */
const judgedHours = week;
/** As far back as any method looks from the hour that it forecasts at. */
const longestLag = week + day;

/** The series less its mean, and what each hour has more than the same hour of the week before. */
interface Series {
  readonly values: readonly number[];
  readonly aboveLastWeek: readonly number[];
  /** The mean of that over the day up to each hour. */
  readonly aboveLastWeekOfDay: readonly number[];
}

/** A forecast that is linear in values of the past, by coefficients that fit the history best for each lead. */
interface Method {
  /** What is forecast where all coefficients are 0. */
  readonly base: (series: Series, now: number, lead: number) => number;
  readonly features: (series: Series, now: number, lead: number) => number[];
  /** Ridge: what is added to a feature's sum of squares, as a share of it; pulls the forecast to its base. */
  readonly ridge: number;
}

const lastWeek = ({ values }: Series, now: number, lead: number): number => at(values, now + lead - week);
/** The last hour that is known at the time of day of the one that is forecast. */
const sameTime = (now: number, lead: number): number => now + lead - day * Math.ceil(lead / day);

const methods: readonly Method[] = [
  // Seasonal autoregression.
  {
    base: () => 0,
    features: (series, now, lead) => [
      at(series.values, now),
      at(series.values, now - day),
      at(series.values, now - week),
      at(series.values, sameTime(now, lead)),
      lastWeek(series, now, lead),
    ],
    ridge: 0.01,
  },
  // Last week's value, corrected by what was above last week's so far, and drawn to the mean.
  {
    base: lastWeek,
    features: (series, now, lead) => [
      at(series.aboveLastWeek, now),
      at(series.aboveLastWeek, sameTime(now, lead)),
      at(series.aboveLastWeekOfDay, now),
      lastWeek(series, now, lead),
    ],
    ridge: 0.5,
  },
  // Last week's value, and what the last hour was above its own.
  { base: lastWeek, features: ({ aboveLastWeek }, now) => [at(aboveLastWeek, now)], ridge: 0 },
  { base: lastWeek, features: () => [], ridge: 0 },
];

/**
 * The mean of four methods, each weighted by the inverse square of its mean squared error over the history's last week,
 * with coefficients from the weeks before (forecast combination: Bates and Granger 1969). Where every week repeats the
 * last it is last week's value; where the last hours say more, it follows those.
 */
export const combined: Forecaster = {
  minHistoryHours: 3 * week,
  forecast({ values: all }, hours) {
    const used = all.slice(-usedHours);
    const mean = sum(used) / used.length;
    const values = used.map((value) => value - mean);
    const aboveLastWeek = values.map((value, hour) => (hour < week ? 0 : value - at(values, hour - week)));
    const aboveLastWeekOfDay = aboveLastWeek.map((_, hour) =>
      hour < longestLag ? 0 : sum(aboveLastWeek.slice(hour + 1 - day, hour + 1)) / day,
    );
    const series = { values, aboveLastWeek, aboveLastWeekOfDay };
    return Array.from({ length: hours }, (_, ahead) => mean + forecastAt(series, ahead + 1));
  },
};

function forecastAt(series: Series, lead: number): number {
  const count = series.values.length;
  const judgedFrom = count - judgedHours - lead;
  const judged = methods.map((method) => {
    const [before, now] = fits(method, series, lead, [judgedFrom, count - lead]);
    let squares = 0;
    for (let hour = judgedFrom; hour + lead < count; hour++) {
      squares += (before(hour) - at(series.values, hour + lead)) ** 2;
    }
    return { forecast: now(count - 1), squares };
  });
  const least = Math.min(...judged.map(({ squares }) => squares));
  // A method that was never off has all the weight, and 0 / 0 is none.
  const weights = judged.map(({ squares }) => (squares === least ? 1 : (least / squares) ** 2));
  return sum(judged.map(({ forecast }, index) => forecast * at(weights, index))) / sum(weights);
}

type Fitted = (now: number) => number;

/** Least squares over the forecasts made before each of two hours. */
function fits(
  method: Method,
  series: Series,
  lead: number,
  [end, laterEnd]: readonly [number, number],
): readonly [Fitted, Fitted] {
  const size = method.features(series, longestLag, lead).length;
  // The lower triangle of the product of the features with themselves, and their product with what is wanted. Plain
  // loops: this is most of a forecast's time.
  const products = Array.from({ length: size }, () => Array<number>(size).fill(0));
  const right = Array<number>(size).fill(0);
  const addHours = (from: number, to: number): void => {
    for (let now = from; now < to; now++) {
      const row = method.features(series, now, lead);
      const wanted = at(series.values, now + lead) - method.base(series, now, lead);
      for (let one = 0; one < size; one++) {
        const value = row[one] ?? NaN;
        right[one] = (right[one] ?? NaN) + value * wanted;
        const ofOne = products[one] ?? [];
        for (let other = 0; other <= one; other++) {
          ofOne[other] = (ofOne[other] ?? NaN) + value * (row[other] ?? NaN);
        }
      }
    }
  };
  addHours(longestLag, end);
  const early = solved(method, series, lead, products, right);
  addHours(end, laterEnd);
  return [early, solved(method, series, lead, products, right)];
}

function solved(
  { base, features, ridge }: Method,
  series: Series,
  lead: number,
  products: readonly (readonly number[])[],
  right: readonly number[],
): Fitted {
  if (right.length === 0) return (now) => base(series, now, lead);
  const normal = new Matrix(
    products.map((row, one) =>
      products.map((column, other) => {
        const product = one >= other ? at(row, other) : at(column, one);
        // A feature that is always 0 would leave its coefficient open.
        return one === other ? product * (1 + ridge) + 1e-9 : product;
      }),
    ),
  );
  const coefficients = solve(normal, Matrix.columnVector([...right])).to1DArray();
  return (now) =>
    base(series, now, lead) +
    sum(features(series, now, lead).map((value, index) => value * at(coefficients, index)));
}
