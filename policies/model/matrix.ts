export function sum(values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** The value at an index that is known to exist. */
export function at<T>(values: readonly T[], index: number): T {
  if (index < 0 || index >= values.length) throw new RangeError(`index ${index} of ${values.length} values`);
  return values[index] as T;
}

/** The column sums of [origin][destination]: what every destination serves. */
export function loadsOf(requests: readonly (readonly number[])[]): number[] {
  const loads = (requests[0] ?? []).map(() => 0);
  for (const row of requests) {
    for (const [destination, count] of row.entries()) loads[destination] = at(loads, destination) + count;
  }
  return loads;
}
