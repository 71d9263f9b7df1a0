import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Numbers from -1 to 1, all equally likely, the same for the same seed. */
export function uniformErrors(seed: number): () => number {
  const random = xoroshiro128plus(seed);
  return () => 2 * uniformFloat64(random) - 1;
}

/**
 * An error of e percent is a factor from 1 - e/200 to 1 + e/200, all equally likely (EuroSys'24, arXiv 2306.06502:
 * sim_what_ifs/prediction_error of its artefact).
 */
export function errorFactor(percent: number, uniform: () => number): number {
  return 1 + (uniform() * percent) / 200;
}
