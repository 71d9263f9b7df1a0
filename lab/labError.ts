/** The lab cannot do what was asked; the message names the thing and the remedy. */
export class LabError extends Error {
  override readonly name = 'LabError';
}
