import { setTimeout as sleep } from 'node:timers/promises';
import type { RunObserver } from './runObserver';

/** Looks at something again and again while a run goes on, and tells who waits when that gives cause. */
export abstract class PollingWatch implements RunObserver {
  private readonly ended = new AbortController();
  private waiting = Promise.withResolvers<null>();
  private watching: Promise<void> | undefined;

  constructor(private readonly pollMs: number) {}

  /** Looks once; whether there is something to tell. */
  protected abstract look(): Promise<boolean>;

  /** Resolves once there is something to tell. */
  changed(): Promise<unknown> {
    return this.waiting.promise;
  }

  onBegin(): void {
    this.watching ??= this.watch();
  }

  async onEnd(): Promise<void> {
    this.ended.abort();
    await this.watching;
  }

  private async watch(): Promise<void> {
    const { signal } = this.ended;
    while (!signal.aborted) {
      if (await this.look()) {
        this.waiting.resolve(null);
        this.waiting = Promise.withResolvers();
      }
      await sleep(this.pollMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
