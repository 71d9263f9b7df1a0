import type { Trace } from '../traces/trace';
import type { LoadInterval } from './arrivals';
import { LoadError } from './loadError';
import { randomSources } from './seededRandom';
import { shapedRates, type WorkloadShape } from './workloadShape';

/** A stretch of load and where it comes from. */
export interface ScheduledInterval extends LoadInterval {
  /** Start of the trace's interval in ISO 8601, or the line of the file of rates. */
  readonly interval: string;
  /** Part of the interval, from 1; intervals without a shape have one part. */
  readonly step: number;
}

/**
 * The requests of a trace's intervals, each squeezed into `seconds` at the rates of its hour.
 * @param from start of the first interval; the trace's first one when absent
 * @throws LoadError for an origin that the trace does not have, and what the trace throws
 */
export function traceSchedule(
  trace: Trace,
  from: string | undefined,
  count: number,
  seconds: number,
  origins: readonly string[],
): ScheduledInterval[] {
  const stranger = origins.find((origin) => !trace.regions.includes(origin));
  if (stranger !== undefined) {
    throw new LoadError(
      `${stranger} has an entry point, but the trace in ${trace.directory} has no such region; it has: ${trace.regions.join(', ')}`,
    );
  }
  const firstMs = Date.parse(trace.at(from ?? trace.firstInterval).start);
  return Array.from({ length: count }, (_, index) => {
    const at = new Date(firstMs + index * trace.intervalSeconds * 1000).toISOString();
    const { start, requestsPerSecond } = trace.at(at);
    const rateOf = (origin: string): number => requestsPerSecond[trace.regions.indexOf(origin)] ?? NaN;
    return {
      interval: start,
      step: 1,
      seconds,
      requestsPerSecond: Object.fromEntries(origins.map((origin) => [origin, rateOf(origin)])),
    };
  });
}

/** Every origin at the rate of a line of a file, one line after the other. */
export function rateSchedule(
  rates: readonly number[],
  seconds: number,
  origins: readonly string[],
): ScheduledInterval[] {
  return rates.map((rate, index) => ({
    interval: `line ${index + 1}`,
    step: 1,
    seconds,
    requestsPerSecond: Object.fromEntries(origins.map((origin) => [origin, rate])),
  }));
}

/** Divides every interval into steps of equal length, whose rates follow a shape. */
export function shapedSchedule(
  schedule: readonly ScheduledInterval[],
  shape: WorkloadShape,
  steps: number,
  seed: number,
): ScheduledInterval[] {
  const newSource = randomSources(seed);
  return schedule.flatMap(({ interval, seconds, requestsPerSecond }) =>
    shapedRates(shape, requestsPerSecond, steps, newSource).map((rates, index) => ({
      interval,
      step: index + 1,
      seconds: seconds / steps,
      requestsPerSecond: rates,
    })),
  );
}
