/** The middle one; the upper of two. NaN, which JSON writes as null, where there is none. */
export function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[values.length >> 1] ?? NaN;
}
