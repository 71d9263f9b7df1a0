/** Weights as whole numbers that a format can hold. */
export interface WholeShares {
  readonly parts: Readonly<Record<string, number>>;
  /** How far the share furthest from the plan's is, in percent of the origin's requests; 0 where all are exact. */
  readonly worstPercent: number;
}

/**
 * Shares of a whole, by largest remainder: each is at most one part from the plan's, and together they are the whole. Of
 * equal remainders the first by name has the part. Pure.
 */
export function sharesOf(weights: Readonly<Record<string, number>>, whole: number): WholeShares {
  const sum = Object.values(weights).reduce((total, weight) => total + weight, 0);
  const shares = Object.entries(weights).map(([name, weight]) => {
    const exact = (weight * whole) / sum;
    return { name, part: Math.floor(exact), remainder: exact - Math.floor(exact) };
  });
  const left = whole - shares.reduce((total, { part }) => total + part, 0);
  const inOrder = [...shares].sort((a, b) => b.remainder - a.remainder || (a.name < b.name ? -1 : 1));
  const more = new Set(inOrder.slice(0, left).map(({ name }) => name));
  const parts = Object.fromEntries(shares.map(({ name, part }) => [name, part + (more.has(name) ? 1 : 0)]));
  return { parts, worstPercent: worstOf(weights, parts) };
}

/** Weights of which none is above a largest one: as they are where they fit, else scaled down, none to 0. Pure. */
export function weightsUpTo(weights: Readonly<Record<string, number>>, largest: number): WholeShares {
  const most = Math.max(...Object.values(weights));
  if (most <= largest) return { parts: weights, worstPercent: 0 };
  const parts = Object.fromEntries(
    Object.entries(weights).map(([name, weight]) => [
      name,
      Math.max(1, Math.round((weight * largest) / most)),
    ]),
  );
  return { parts, worstPercent: worstOf(weights, parts) };
}

function worstOf(planned: Readonly<Record<string, number>>, parts: Readonly<Record<string, number>>): number {
  const total = (row: Readonly<Record<string, number>>): number =>
    Object.values(row).reduce((sum, weight) => sum + weight, 0);
  const [ofPlan, ofParts] = [total(planned), total(parts)];
  return Math.max(
    ...Object.entries(planned).map(([name, weight]) =>
      Math.abs((100 * weight) / ofPlan - (100 * (parts[name] ?? 0)) / ofParts),
    ),
  );
}
