import { randomNormal } from 'd3-random';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Draws of the standard normal distribution, the same for the same seed. */
export function normal(seed: number): () => number {
  const random = xoroshiro128plus(seed);
  return randomNormal.source(() => uniformFloat64(random))();
}
