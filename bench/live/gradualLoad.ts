import type { LoadInterval } from '../../load/arrivals';

const stepsPerInterval = 6;

/**
 * Requests as a trace's means leave them open: they go in small steps from the middle of one interval to the middle of
 * the next, and do not jump where an interval begins. Pure.
 * @param schedule means of intervals, one after the other
 * @param share of the requests that is sent
 */
export function gradually(schedule: readonly LoadInterval[], share: number): LoadInterval[] {
  return schedule.flatMap((interval, index) =>
    Array.from({ length: stepsPerInterval }, (_, step) => {
      const sinceMiddle = (step + 0.5) / stepsPerInterval - 0.5;
      const neighbour = schedule[index + Math.sign(sinceMiddle)] ?? interval;
      return {
        seconds: interval.seconds / stepsPerInterval,
        requestsPerSecond: Object.fromEntries(
          Object.entries(interval.requestsPerSecond).map(([origin, rate]) => [
            origin,
            share * (rate + Math.abs(sinceMiddle) * ((neighbour.requestsPerSecond[origin] ?? rate) - rate)),
          ]),
        ),
      };
    }),
  );
}
