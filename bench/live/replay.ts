/** A trace that goes by on the wall clock, an interval of the trace in every live interval. */
export interface Replay {
  /** When the first interval begins by the wall clock, Unix ms. */
  readonly beginsAtMs: number;
  /** Length of a live interval. */
  readonly intervalSeconds: number;
  /** Start of the first interval in the trace, Unix ms. */
  readonly traceMs: number;
  readonly traceIntervalSeconds: number;
}

/** Position of the interval that a moment of the wall clock lies in, from 0; negative before the first. */
export function positionAt({ beginsAtMs, intervalSeconds }: Replay, wallMs: number): number {
  return Math.floor((wallMs - beginsAtMs) / (intervalSeconds * 1000));
}

/** When an interval begins and ends by the wall clock, Unix ms. */
export function spanOf(
  { beginsAtMs, intervalSeconds }: Replay,
  position: number,
): { readonly startedAtMs: number; readonly endedAtMs: number } {
  const startedAtMs = beginsAtMs + position * intervalSeconds * 1000;
  return { startedAtMs, endedAtMs: startedAtMs + intervalSeconds * 1000 };
}

/** What time it is in the trace, Unix ms. */
export function traceTimeAt(replay: Replay, wallMs: number): number {
  const { beginsAtMs, intervalSeconds, traceMs, traceIntervalSeconds } = replay;
  // Multiplied first: at an interval's beginning nothing is lost to rounding.
  return traceMs + Math.floor(((wallMs - beginsAtMs) * traceIntervalSeconds) / intervalSeconds);
}
