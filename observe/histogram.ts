import type { Unknown } from './unknown';

/** A cumulative bucket of a Prometheus histogram. */
export interface Bucket {
  /** Upper bound; Infinity for the last. */
  readonly upperBound: number;
  /** Observations up to the bound. */
  readonly count: number;
}

/**
 * A quantile by linear interpolation in the bucket that it falls into, from 0 in the first one, as PromQL's
 * histogram_quantile does; no more exact than the buckets are fine.
 * @param quantile 0 to 1
 * @returns in the unit of the bounds; null without observations
 */
export function histogramQuantile(buckets: readonly Bucket[], quantile: number): number | null | Unknown {
  const sorted = [...buckets].sort((a, b) => a.upperBound - b.upperBound);
  const total = sorted.at(-1)?.count ?? 0;
  if (total === 0) return null;
  const rank = quantile * total;
  const index = sorted.findIndex(({ count }) => count >= rank);
  const bucket = sorted[index];
  const below = sorted[index - 1] ?? { upperBound: 0, count: 0 };
  if (!bucket || bucket.upperBound === Infinity) {
    return { unknown: `over ${below.upperBound}, the largest bound of the buckets` };
  }
  if (bucket.count === below.count) return bucket.upperBound;
  return (
    below.upperBound +
    ((bucket.upperBound - below.upperBound) * (rank - below.count)) / (bucket.count - below.count)
  );
}
