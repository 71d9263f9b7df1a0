/** Requests/s as people read them. */
export function rateText(rate: number): string {
  return rate.toFixed(rate < 10 ? 1 : 0);
}
