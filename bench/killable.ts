import { setTimeout as sleep } from 'node:timers/promises';
import type { Options } from 'execa';
import { casper } from './stackInLab';

/** A casper that came to its end. */
export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
}

/**
 * Runs casper to its end, or kills it before.
 * @returns null where it was killed
 */
export async function casperOrKill(
  args: readonly string[],
  killAfterMs: number | null,
  options: Options = {},
): Promise<Ended | null> {
  const child = casper(args, { stderr: 'inherit', ...options, reject: false });
  const over = new AbortController();
  if (killAfterMs !== null) {
    const kill = (): boolean => child.kill('SIGKILL');
    sleep(killAfterMs, undefined, { signal: over.signal }).then(kill, () => undefined);
  }
  const { signal, exitCode = NaN, stdout } = await child;
  over.abort();
  return signal === 'SIGKILL' ? null : { exitCode, stdout: String(stdout) };
}
