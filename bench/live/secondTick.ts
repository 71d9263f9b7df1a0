import { mkdtempSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { setStackValue } from '../../stack/stackFile';
import { casper } from '../stackInLab';
import { credentials } from './carbonReplay';

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

/** By default an interval is an hour. */
const hourMs = 3600_000;
/** For two ticks on a slow machine. */
const longestMs = 120_000;

/**
 * Runs `casper tick` twice in an hour that has no plan yet, as cron would, where intervals were shorter before.
 * @param args of `casper tick`
 */
export async function secondTick(configFile: string, args: readonly string[]): Promise<SecondTick> {
  const leftMs = hourMs - (Date.now() % hourMs);
  if (leftMs < longestMs) await sleep(leftMs);
  setStackValue(configFile, { keys: ['casper:live', 'intervalSeconds'], value: hourMs / 1000 });
  // A cache of their own: what the source says now is not of the time that it replayed.
  const cache = mkdtempSync(path.join(tmpdir(), 'casper-bench-live-'));
  const env = { ...credentials, CASPER_CACHE: cache };
  const tick = async () => {
    const { stdout } = await casper(['tick', '--config-file', configFile, ...args, '--json'], {
      env,
      reject: false,
    });
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
