function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/**
 * The traffic weights of one origin: its planned requests divided by their greatest common divisor, so that the shares are
 * exact and the numbers small. Destinations that get nothing are left out.
 * @param requests requests/s by destination, non-negative integers
 */
export function trafficWeightsOf(requests: Readonly<Record<string, number>>): Record<string, number> {
  const served = Object.entries(requests).filter(([, count]) => count > 0);
  const divisor = served.reduce((gcd, [, count]) => greatestCommonDivisor(count, gcd), 0);
  return Object.fromEntries(served.map(([destination, count]) => [destination, count / divisor]));
}
