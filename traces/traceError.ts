/** A trace that cannot be read, or cannot give what was asked of it; the message names the place and the remedy. */
export class TraceError extends Error {
  override readonly name = 'TraceError';
}
