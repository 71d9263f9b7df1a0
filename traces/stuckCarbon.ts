import { secondsOf, isoOf } from './time';
import type { Trace } from './trace';

/** A grid's demand has a day's rhythm: a value that is the same to the last digit for that long is no longer measured. */
const leastHours = 24;

/** Hours in which a region's carbon intensity stands still. */
export interface StuckCarbon {
  readonly region: string;
  readonly gramsPerKwh: number;
  /** Start of the first of them, ISO 8601 in UTC. */
  readonly start: string;
  readonly hours: number;
}

/**
 * Of each region the longest time for which its carbon intensity does not move, where that is a day or more. A missing
 * hour ends it. It is told and not refused: it may be so, as of a grid that has one source.
 */
export function stuckCarbon(trace: Trace): StuckCarbon[] {
  const endSeconds = secondsOf(trace.lastInterval) + trace.intervalSeconds;
  const hours = (endSeconds - secondsOf(trace.firstInterval)) / trace.intervalSeconds;
  const rows = trace.carbonBefore(endSeconds, hours);
  const firstSeconds = endSeconds - rows.length * trace.intervalSeconds;
  return trace.regions.flatMap((region, column) => {
    let longest = { from: 0, hours: 0 };
    let from = 0;
    rows.forEach((row, hour) => {
      const value = row[column];
      if (value === null || value !== rows[from]?.[column]) from = hour;
      const length = value === null ? 0 : hour - from + 1;
      if (length > longest.hours) longest = { from, hours: length };
    });
    const gramsPerKwh = rows[longest.from]?.[column];
    if (longest.hours < leastHours || gramsPerKwh == null) return [];
    const start = isoOf(firstSeconds + longest.from * trace.intervalSeconds);
    return [{ region, gramsPerKwh, start, hours: longest.hours }];
  });
}
