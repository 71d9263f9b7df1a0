import type { Trace } from '../traces/trace';

/** Carbon intensity in gCO2e/kWh by region, of the interval that starts then. */
export function carbonByRegion(trace: Trace, interval: string): Record<string, number> {
  return named(trace.regions, trace.at(interval).carbonGramsPerKwh);
}

/** Network latency in ms, by origin and destination. */
export function latencyByPair({
  regions,
  latencyMs,
}: Pick<Trace, 'regions' | 'latencyMs'>): Record<string, Record<string, number>> {
  return Object.fromEntries(regions.map((origin, index) => [origin, named(regions, latencyMs[index] ?? [])]));
}

function named(regions: readonly string[], values: readonly number[]): Record<string, number> {
  return Object.fromEntries(regions.map((region, index) => [region, values[index] ?? NaN]));
}
