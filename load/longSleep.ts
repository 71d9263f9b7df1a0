import { setTimeout as sleep } from 'node:timers/promises';

/** The longest that Node's timers can wait, in ms; they fire at once where they are asked for more. */
export const longestTimerMs = 2 ** 31 - 1;

/** Sleeps as long as that is, however long; ends early, without an error, at the signal. */
export async function longSleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  const endMs = performance.now() + milliseconds;
  for (let leftMs = milliseconds; leftMs > 0 && !signal?.aborted; leftMs = endMs - performance.now()) {
    await sleep(Math.min(leftMs, longestTimerMs), undefined, signal && { signal }).catch((error: unknown) => {
      if (!signal?.aborted) throw error;
    });
  }
}
