import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Uniform numbers from 0 to 1, without 1. */
export type RandomSource = () => number;

/** Sources that are independent of each other; the same seed gives the same ones, in the same order. */
export function randomSources(seed: number): () => RandomSource {
  const generator = xoroshiro128plus(seed);
  return () => {
    // Before its first jump the generator draws nearly the same number for every small seed.
    generator.jump();
    const own = generator.clone();
    return () => uniformFloat64(own);
  };
}
