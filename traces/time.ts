import { z } from 'zod';
import { TraceError } from './traceError';

const time = z.iso.datetime({ offset: true });

/**
 * Unix seconds of a time in ISO 8601. A zone must be given: an hour that is off moves traffic to the wrong place.
 * @throws TraceError
 */
export function secondsOf(text: string): number {
  if (!time.safeParse(text).success) {
    throw new TraceError(`"${text}" is no time in ISO 8601 with a zone; write it as in 2022-08-13T00:00:00Z`);
  }
  return Date.parse(text) / 1000;
}

/** ISO 8601 in UTC, to the second. */
export function isoOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}
