/**
 * Ends what is under way when somebody asks for it, and after some time in any case. The SDK never stops listening to the
 * signal that it is given: there is one for each piece of work, and it is let go of in the end.
 */
export class Ending {
  private readonly end = new AbortController();
  private readonly timer: NodeJS.Timeout | undefined;
  private readonly cancel = (): void => {
    this.end.abort();
  };

  constructor(
    readonly seconds: number,
    private readonly asked?: AbortSignal,
  ) {
    if (asked?.aborted) this.cancel();
    asked?.addEventListener('abort', this.cancel);
    if (Number.isFinite(seconds)) this.timer = setTimeout(this.cancel, seconds * 1000);
  }

  get signal(): AbortSignal {
    return this.end.signal;
  }

  /** Whether it was ended, and nobody had asked for it. */
  get isLate(): boolean {
    return this.end.signal.aborted && !this.asked?.aborted;
  }

  letGo(): void {
    clearTimeout(this.timer);
    this.asked?.removeEventListener('abort', this.cancel);
  }
}
