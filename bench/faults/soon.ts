import { setTimeout as sleep } from 'node:timers/promises';

const lookEveryMs = 50;

/**
 * Waits until something is so.
 * @param what it is, for the error
 * @throws Error when it is not within its time
 */
export async function soon(
  what: string,
  withinMs: number,
  isSo: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${withinMs / 1000} s`);
    await sleep(lookEveryMs);
  }
}
