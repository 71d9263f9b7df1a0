import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../cli/log';
import { messageOf } from '../../driver/messageOf';
import type { TickRecord } from '../../live/tickRecord';
import { recordFiles } from '../../report/records';
import { plainStep } from '../plainStep';

/** A tick, and when it had ended, Unix ms. */
export interface EndedTick {
  readonly tick: TickRecord;
  readonly endedAtMs: number;
}

/** Prints what a live run says of itself, and keeps its ticks. */
export class TickLog implements Log {
  readonly ticks: EndedTick[] = [];
  /** Where the run's metrics are; undefined until it has said so. */
  metricsUrl: string | undefined;

  readonly step = plainStep;
  readonly note = (message: string): void => {
    this.metricsUrl ??= /^metrics are at (http\S+)$/.exec(message)?.[1];
    console.log(`note: ${message}`);
  };
  readonly fault = this.note;
  readonly tick = (tick: TickRecord): void => {
    this.ticks.push({ tick, endedAtMs: Date.now() });
    const { interval, outcome, why, reasons, applied } = tick;
    const update = applied ? `, ${applied.changes} changes in ${applied.seconds.toFixed(1)} s` : '';
    console.log(`${interval}: ${outcome}: ${[why, ...reasons].join('; ')}${update}`);
  };
  readonly ended = (): void => undefined;
  readonly failed = (error: unknown): void => {
    console.log(`note: ${messageOf(error)}`);
  };

  /** Waits until an interval has a plan in force, or until a moment. */
  async planOf(interval: string, untilMs: number, signal: AbortSignal): Promise<void> {
    const isThere = (): boolean =>
      this.ticks.some(({ tick }) => tick.interval === interval && tick.applied !== null);
    while (!isThere() && Date.now() < untilMs) await sleep(100, undefined, { signal });
  }
}

/** The ticks that live runs have recorded in a folder of runs, in order. */
export function recordedTicks(runs: string): TickRecord[] {
  return readdirSync(runs)
    .sort()
    .flatMap((folder) =>
      readFileSync(path.join(runs, folder, recordFiles.ticks), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as TickRecord),
    );
}
