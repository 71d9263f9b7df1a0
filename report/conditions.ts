import { secondsOf } from '../traces/time';
import type { Trace } from '../traces/trace';

/** Carbon intensity in gCO2e/kWh by region, of the interval that starts then; a region that lacks it is not there. */
export function carbonByRegion(trace: Trace, interval: string): Record<string, number> {
  const [row = []] = trace.carbonBefore(secondsOf(interval) + trace.intervalSeconds, 1);
  return Object.fromEntries(
    trace.regions.flatMap((region, index) => {
      const value = row[index] ?? null;
      return value === null ? [] : [[region, value]];
    }),
  );
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
