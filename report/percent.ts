/** Adding 0 turns the -0 of a rounding error into 0. */
export function percent(share: number, digits: number): string {
  return `${(Number((100 * share).toFixed(digits)) + 0).toFixed(digits)} %`;
}
