/** A trace that cannot be read, or cannot give what was asked of it; the message names the place and the remedy. */
export class TraceError extends Error {
  override readonly name: string = 'TraceError';
}

/** An hour of the trace lacks a value; the message says which and why. */
export class TraceHoleError extends TraceError {
  override readonly name = 'TraceHoleError';
}
