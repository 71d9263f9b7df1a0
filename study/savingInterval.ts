import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { at, sum } from '../policies/model/matrix';

/** A share with its 95 % confidence interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  /** Blocks of days that there are: few blocks make a wide interval. */
  readonly blocks: number;
}

const resamples = 1000;
/** With fewer, no spread is known. */
const minBlocks = 4;

/**
 * The 95 % confidence interval of the share that one policy saves against another, over days like those measured.
 * Circular block bootstrap (Politis and Romano 1992): blocks of days that follow each other are drawn with
 * replacement, of both policies together. From its standard error s and the saving S, the interval is S -+ t s with
 * Student's t of one degree of freedom less than there are blocks; s is divided by sqrt(1 - 1 / blocks), because blocks
 * are set against their own mean. Percentiles of the draws would hold the truth too seldom where blocks are few.
 * test/unit/study/savingInterval.test.ts simulates how often this does.
 * @param grams by day, in order, of the policy
 * @param baseline the same days
 * @param blockDays days whose grams depend on each other: 1 where days do not, 7 for weeks
 * @returns null with fewer than 4 blocks
 */
export function savingInterval(
  grams: readonly number[],
  baseline: readonly number[],
  blockDays: number,
  seed: number,
): Interval | null {
  const days = grams.length;
  const blocks = Math.floor(days / blockDays);
  if (blocks < minBlocks) return null;
  const starting = grams.map((_, start) => {
    let [own, other] = [0, 0];
    for (let offset = 0; offset < blockDays; offset++) {
      own += at(grams, (start + offset) % days);
      other += at(baseline, (start + offset) % days);
    }
    return { own, other };
  });
  const random = xoroshiro128plus(seed);
  const savings = Array.from({ length: resamples }, () => {
    let [own, other] = [0, 0];
    for (let block = 0; block < blocks; block++) {
      const drawn = at(starting, uniformInt(random, 0, days - 1));
      own += drawn.own;
      other += drawn.other;
    }
    return 1 - own / other;
  });
  const mean = sum(savings) / resamples;
  const variance = sum(savings.map((saving) => (saving - mean) ** 2)) / (resamples - 1);
  // Days that do not fill a block were measured, too.
  const drawnShare = (blocks * blockDays) / days;
  const error = Math.sqrt((variance * drawnShare) / (1 - 1 / blocks));
  const saving = 1 - sum(grams) / sum(baseline);
  const reach = studentT975(blocks - 1) * error;
  return { low: saving - reach, high: saving + reach, blocks };
}

/**
 * The 97.5 % quantile of Student's t, to half a percent from 3 degrees of freedom on (Abramowitz and Stegun, Handbook
 * of Mathematical Functions, 26.7.5).
 */
export function studentT975(freedom: number): number {
  const z = 1.959964;
  return (
    z +
    (z ** 3 + z) / (4 * freedom) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * freedom ** 3)
  );
}
