/** A region that cannot be calibrated, or not so; the message names the region, what was found and the remedy. */
export class CalibrationError extends Error {
  override readonly name = 'CalibrationError';
}
