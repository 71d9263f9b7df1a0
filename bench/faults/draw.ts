import type { RandomSource } from '../../load/seededRandom';

/**
 * The order in which kinds of faults happen: all of them in rounds, each round in an order of its own, so that every kind
 * comes as often as the others, give or take one.
 * @param count how many faults
 */
export function drawn<T>(kinds: readonly T[], count: number, random: RandomSource): T[] {
  const drawnSoFar: T[] = [];
  while (drawnSoFar.length < count && kinds.length > 0) drawnSoFar.push(...shuffled(kinds, random));
  return drawnSoFar.slice(0, count);
}

/** One of several. */
export function oneOf<T>(candidates: readonly T[], random: RandomSource): T {
  const one = candidates[Math.floor(random() * candidates.length)];
  if (one === undefined) throw new Error('there is nothing to draw from');
  return one;
}

/** A number from `from` up to `to`. */
export function between(from: number, to: number, random: RandomSource): number {
  return from + random() * (to - from);
}

function shuffled<T>(items: readonly T[], random: RandomSource): T[] {
  const left = [...items];
  return items.map(() => {
    const [one] = left.splice(Math.floor(random() * left.length), 1);
    return one as T;
  });
}
