/** The pause after a failure is twice the one before, up to the longest, and half of it by chance, in ms. */
const firstPauseMs = 5000;
const longestPauseMs = 60_000;

/**
 * When something that failed is tried again: later each time, and partly by chance, so that those who failed together do
 * not come back together.
 */
export class BackOff {
  private failures = 0;
  private dueAtMs: number | null = null;

  /**
   * @param nowMs a clock that nobody sets, in ms
   * @param random uniform from 0 to 1
   * @param firstMs the longest that the first pause may be
   */
  constructor(
    private readonly nowMs: () => number = () => performance.now(),
    private readonly random: () => number = Math.random,
    private readonly firstMs = firstPauseMs,
  ) {}

  /** Whether something failed that is to be tried again. */
  get waiting(): boolean {
    return this.dueAtMs !== null;
  }

  /** How long until it is, in ms; Infinity where nothing waits. */
  get remainingMs(): number {
    return this.dueAtMs === null ? Infinity : Math.max(0, this.dueAtMs - this.nowMs());
  }

  /**
   * Notes a failure.
   * @returns the pause before the next try, in ms
   */
  failed(): number {
    const mostMs = Math.min(longestPauseMs, this.firstMs * 2 ** this.failures);
    const pauseMs = (mostMs / 2) * (1 + this.random());
    this.failures += 1;
    this.dueAtMs = this.nowMs() + pauseMs;
    return pauseMs;
  }

  /** Nothing is tried again; pauses go on growing from what they were. */
  givenUp(): void {
    this.dueAtMs = null;
  }

  succeeded(): void {
    this.dueAtMs = null;
    this.failures = 0;
  }
}
