import { mkdtempSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { casper } from '../stackInLab';

/** What `casper tick --json` prints, as far as it is looked at here. */
const printed = z.object({
  interval: z.string(),
  outcome: z.string(),
  applied: z.object({ changes: z.int() }).nullable(),
});

export interface SecondTick {
  readonly firstTick: string;
  readonly secondTick: string;
  /** Resources that the second tick of an interval changed. */
  readonly secondTickChanges: number | null;
}

/**
 * Runs `casper tick` twice in an interval that has no plan yet, as cron would.
 * @param args of `casper tick`
 * @param endsAtMs when the interval under way ends, Unix ms
 */
export async function secondTick(args: readonly string[], endsAtMs: number): Promise<SecondTick> {
  await sleep(Math.max(0, endsAtMs - Date.now()));
  // A cache of their own: what the source says now is not of the time that it replayed.
  const cache = mkdtempSync(path.join(tmpdir(), 'casper-bench-live-'));
  const env = { CASPER_CACHE: cache, ELECTRICITY_MAPS_TOKEN: 'of the bench' };
  const tick = async () => {
    const { stdout } = await casper(['tick', ...args, '--json'], { env, reject: false });
    const parsed = printed.safeParse(JSON.parse(String(stdout) || 'null'));
    if (!parsed.success)
      throw new Error(`casper tick printed what is no record of a tick: ${String(stdout)}`);
    return parsed.data;
  };
  try {
    const [first, second] = [await tick(), await tick()];
    if (first.interval !== second.interval) {
      throw new Error(`two ticks do not fit into one interval: ${first.interval}, ${second.interval}`);
    }
    return {
      firstTick: first.outcome,
      secondTick: second.outcome,
      secondTickChanges: second.applied && second.applied.changes,
    };
  } finally {
    rmSync(cache, { recursive: true });
  }
}
