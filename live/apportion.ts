import { at, sum } from '../policies/model/matrix';

/**
 * Divides whole requests in proportion to shares, by largest remainder: each part is less than one from its exact share,
 * and together they are the whole. All 0 where no share is above 0.
 */
export function apportion(total: number, shares: readonly number[]): number[] {
  const all = sum(shares);
  if (all === 0) return shares.map(() => 0);
  const exact = shares.map((share) => (total * share) / all);
  // A quotient that should be whole may come out a little below.
  const parts = exact.map((value) => Math.floor(value + 1e-9));
  const rest = total - sum(parts);
  const byRemainder = [...exact.keys()].sort(
    (a, b) => at(exact, b) - at(parts, b) - (at(exact, a) - at(parts, a)) || a - b,
  );
  for (const index of byRemainder.slice(0, rest)) parts[index] = at(parts, index) + 1;
  return parts;
}
