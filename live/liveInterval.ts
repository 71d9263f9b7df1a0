import { isoOf } from '../traces/time';

/** An interval of the wall clock. */
export interface LiveInterval {
  /** ISO 8601 in UTC. */
  readonly start: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** The interval that a moment lies in: they begin at whole multiples of their length since 1970-01-01T00:00Z. */
export function intervalAt(nowMs: number, seconds: number): LiveInterval {
  const lengthMs = seconds * 1000;
  const startedAtMs = Math.floor(nowMs / lengthMs) * lengthMs;
  return { start: isoOf(startedAtMs / 1000), startedAtMs, endedAtMs: startedAtMs + lengthMs };
}
