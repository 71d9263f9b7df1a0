import { at, sum } from '../policies/model/matrix';
import type { PlacementProblem } from '../policies/problem';
import type { Trace } from '../traces/trace';

/** What decides, with the latency bound, whether it pays to plan every hour. Each can be worked out by hand. */
export interface Setting {
  /** Requests of the mean hour over what the mean region serves with all its servers. */
  readonly regionsFilled: number;
  /** Carbon intensity of the dirtiest region over that of the cleanest, by geometric means over the hours. */
  readonly regionSpread: number;
  /** The factor by which an hour differs from its region's geometric mean: e to the root of the mean squared logarithm. */
  readonly hourSpread: number;
}

/** @param hours at least one */
export function settingOf(hours: readonly PlacementProblem[]): Setting {
  const { capacity } = at(hours, 0);
  const room = sum(capacity.map(({ maxServers, requestsPerServer }) => maxServers * requestsPerServer));
  const requests = sum(hours.map(({ requestsPerSecond }) => sum(requestsPerSecond))) / hours.length;
  const intensities = hours.map(({ carbonGramsPerKwh }) => carbonGramsPerKwh);
  const means = geometricMeans(intensities);
  const squares = intensities.flatMap((row) =>
    row.map((grams, region) => Math.log(grams / at(means, region)) ** 2),
  );
  return {
    regionsFilled: requests / (room / capacity.length),
    regionSpread: Math.max(...means) / Math.min(...means),
    hourSpread: Math.exp(Math.sqrt(sum(squares) / squares.length)),
  };
}

/** How far intensities lie apart, as exponents: 1 leaves them, 0 makes them equal. */
export interface Spread {
  /** Between regions. */
  readonly regions: number;
  /** Between the hours of a region. */
  readonly hours: number;
}

/**
 * The same trace with intensities further apart or nearer together. With m the geometric mean of all regions, and m_j
 * that of a region, an intensity c becomes m * (m_j / m)^regions * (c / m_j)^hours, which is above 0 always. The two
 * spreads of `settingOf` are raised to the same powers.
 * @param intensities of the hours that means are taken over, [hour][region]
 */
export function withSpread(
  trace: Trace,
  intensities: readonly (readonly number[])[],
  { regions, hours }: Spread,
): Trace {
  if (regions === 1 && hours === 1) return trace;
  const means = geometricMeans(intensities);
  const [mean] = geometricMeans(means.map((value) => [value]));
  return trace.withCarbon((grams, region) => {
    const own = at(means, region);
    return (mean ?? own) * (own / (mean ?? own)) ** regions * (grams / own) ** hours;
  });
}

function geometricMeans(rows: readonly (readonly number[])[]): number[] {
  return at(rows, 0).map((_, region) =>
    Math.exp(sum(rows.map((row) => Math.log(at(row, region)))) / rows.length),
  );
}
