import { regionCapacity } from '../planning/regionCapacity';
import type { PlacementProblem } from '../policies/problem';
import { referenceCapacity } from '../stack/capacity';
import type { Trace } from '../traces/trace';
import { isoOf, secondsOf } from '../traces/time';

export function problemAt(trace: Trace, seconds: number, maxLatencyMs: number): PlacementProblem {
  const { requestsPerSecond, carbonGramsPerKwh } = trace.at(isoOf(seconds));
  return {
    regions: trace.regions,
    requestsPerSecond,
    carbonGramsPerKwh,
    latencyMs: trace.latencyMs,
    capacity: regionCapacity(trace.regions, () => referenceCapacity, new Map()),
    maxLatencyMs,
  };
}

export function hoursOf(trace: Trace, from: string, count: number): number[] {
  const first = secondsOf(from);
  return Array.from({ length: count }, (_, hour) => first + hour * trace.intervalSeconds);
}

/** The day that the reference's figures are about; the first day of a trace without it. */
export function dayIn(trace: Trace): string {
  const day = '2022-08-13T00:00:00Z';
  const isIn =
    secondsOf(trace.firstInterval) <= secondsOf(day) && secondsOf(day) < secondsOf(trace.lastInterval);
  return isIn ? day : trace.firstInterval;
}

export function hourCount({ firstInterval, lastInterval, intervalSeconds }: Trace): number {
  return (secondsOf(lastInterval) - secondsOf(firstInterval)) / intervalSeconds + 1;
}

/** Every hour that has a carbon intensity; the requests, of which there are fewer, over and over. */
export function yearOf(trace: Trace): PlacementProblem[] {
  const requests = hoursOf(trace, trace.firstInterval, hourCount(trace)).map(
    (hour) => trace.at(isoOf(hour)).requestsPerSecond,
  );
  return trace.carbonHours().map(({ carbonGramsPerKwh }, hour) => ({
    ...problemAt(trace, secondsOf(trace.firstInterval), 500),
    carbonGramsPerKwh,
    requestsPerSecond: requests[hour % requests.length] ?? [],
  }));
}
