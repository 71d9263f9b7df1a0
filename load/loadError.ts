/** Load that cannot be generated as it was asked for; the message names the thing and the remedy. */
export class LoadError extends Error {
  override readonly name = 'LoadError';
}
