import { readTrace } from '../traces/readTrace';
import { isoOf, secondsOf } from '../traces/time';
import { writeTraceFolder } from './traceFolder';
import { dayIn, hoursOf } from './traceProblems';

/** The hours of a day, over and over: the plans of one day are those of the next. */
const hoursOfDay = 24;

/**
 * Writes a trace of one day over and over, with so many requests/s in the mean that a small machine carries them.
 * @returns its first interval, ISO 8601
 */
export function writeDays(
  traces: string,
  folder: string,
  intervals: number,
  requestsPerSecond: number,
): string {
  const trace = readTrace(traces);
  const day = hoursOf(trace, dayIn(trace), hoursOfDay).map((seconds) => trace.at(isoOf(seconds)));
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const mean = sum(day.map((hour) => sum(hour.requestsPerSecond))) / day.length;
  const hours = Array.from({ length: intervals }, (_, index) => {
    const { requestsPerSecond: all = [], carbonGramsPerKwh = [] } = day[index % day.length] ?? {};
    return {
      carbonGramsPerKwh,
      requestsPerSecond: all.map((value) => Math.max(1, Math.round((value * requestsPerSecond) / mean))),
    };
  });
  writeTraceFolder(folder, trace, secondsOf(trace.firstInterval), hours);
  return trace.firstInterval;
}
