import { constants } from 'node:os';

/** Somebody ended the command by a signal; the message says what became of what was under way. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError';
  /** As a shell says it of a program that the signal has ended. */
  readonly exitCode: number;

  constructor(
    readonly signal: NodeJS.Signals,
    message = `ended by ${signal}`,
  ) {
    super(message);
    this.exitCode = 128 + constants.signals[signal];
  }
}
