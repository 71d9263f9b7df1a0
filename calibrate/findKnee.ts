import { rateText } from './rateText';

/**
 * What became of a rate: `kept` where the latency target was, without a failure; `broken` where it was not; `late`
 * where it was not and the requests had left late, so that nothing is known of the service.
 */
export type Verdict = 'kept' | 'broken' | 'late';

/** Rates in requests/s. */
export interface KneeSearch {
  /** Where to begin. */
  readonly start: number;
  /** What a rate is multiplied with, or divided by, until one is kept and one is broken. */
  readonly growth: number;
  /** Below it nothing is tried, above `most` neither. */
  readonly least: number;
  readonly most: number;
  /** How far above the rate that is kept the one that is broken may stay, as a share of it. */
  readonly resolution: number;
}

/** Between which rates the target breaks. */
export interface Knee {
  /** The highest rate that was kept. */
  readonly kept: number;
  /** The lowest one that was broken. */
  readonly broken: number;
}

/** A search without a result; the message says why, and what to change. */
export class KneeError extends Error {
  override readonly name = 'KneeError';
}

/**
 * Finds the highest rate that keeps a target: in steps of `growth` up or down, then by bisection in equal ratios. A
 * rate that is not kept is tried once more: on a busy machine a moment's delay breaks any rate.
 * @throws KneeError where even the least rate is broken, where even the most is kept, and where requests left late twice
 */
export async function findKnee(
  measure: (rate: number) => Promise<Verdict>,
  { start, growth, least, most, resolution }: KneeSearch,
): Promise<Knee> {
  let [kept, broken] = [0, Infinity];
  let rate = Math.min(Math.max(start, least), most);
  while (broken / kept > 1 + resolution) {
    if (await keeps(measure, rate)) kept = rate;
    else broken = rate;
    if (kept >= most) {
      throw new KneeError(
        `the target is kept at ${rateText(kept)} requests/s, the most that is tried; take smaller limits (--cpu) or a lower target (--latency)`,
      );
    }
    if (broken <= least) {
      throw new KneeError(
        `the target is broken at ${rateText(broken)} requests/s already, where nothing waits for anything; take a higher target (--latency) or larger limits (--cpu)`,
      );
    }
    if (broken === Infinity) rate = Math.min(kept * growth, most);
    else if (kept === 0) rate = Math.max(broken / growth, least);
    else rate = Math.sqrt(kept * broken);
  }
  return { kept, broken };
}

async function keeps(measure: (rate: number) => Promise<Verdict>, rate: number): Promise<boolean> {
  const first = await measure(rate);
  if (first === 'kept') return true;
  const second = await measure(rate);
  if (first === 'late' && second === 'late') {
    throw new KneeError(
      `at ${rateText(rate)} requests/s the requests leave late, twice: this machine, which sends them, is at its limit and not the region; send from another machine, or take smaller limits (--cpu)`,
    );
  }
  return second === 'kept';
}
