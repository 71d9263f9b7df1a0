import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { IntervalRecord, RunObserver } from '../driver/runObserver';
import type { TickRecord } from '../live/tickRecord';
import type { UsedValues } from '../live/usedValues';
import type { Latencies } from '../traces/readLatencies';
import { appendDurably } from './appendDurably';
import { Backlog } from './backlog';
import { RunRecorder } from './recorder';
import { latencyByPair } from './conditions';
import { recordFiles, type RunRecord } from './records';

/**
 * Writes down what ticks do, in a folder for each day (UTC) that further ticks of that day add to: a run's records, and
 * a line of ticks.jsonl for each tick, whatever became of it.
 */
export class LiveRecorder implements RunObserver {
  private readonly run: Pick<RunRecord, 'stack' | 'regions' | 'latencyMs'>;
  private carbon: Record<string, number> = {};
  private readonly backlog: Backlog;
  private recorder: { readonly directory: string; readonly of: RunRecorder } | undefined;

  /**
   * @param runs folder that the days' folders are made in
   * @param tell is told of a disk that refuses a record
   */
  constructor(
    private readonly runs: string,
    { stack, regions, latencyMs }: Pick<RunRecord, 'stack'> & Pick<Latencies, 'regions' | 'latencyMs'>,
    tell: (note: string) => void,
  ) {
    this.run = { stack, regions: [...regions], latencyMs: latencyByPair({ regions, latencyMs }) };
    this.backlog = new Backlog(tell);
  }

  /** Told of a tick before the record of the interval that it changed. */
  onTick(tick: TickRecord): void {
    if (tick.values) this.carbon = carbonUsed(tick.values);
    const directory = this.directoryOf(tick.at);
    this.backlog.add(() => {
      mkdirSync(directory, { recursive: true });
      appendDurably(path.join(directory, recordFiles.ticks), `${JSON.stringify(tick)}\n`);
    });
  }

  onRecord(record: IntervalRecord): void {
    const directory = this.directoryOf(new Date(record.inForceAtMs).toISOString());
    if (this.recorder?.directory !== directory) {
      const run = {
        ...this.run,
        intervals: [],
        loadShare: 1,
        // What other policies would have done is not known of what is not over.
        comparison: { baselines: [], synthetic: false, policies: [] },
      };
      this.recorder = { directory, of: new RunRecorder(directory, run, () => this.carbon, this.backlog) };
    }
    this.recorder.of.onRecord(record);
  }

  /** When ticks between two Unix times in ms, less than a day apart, made changes for demand alone; also in ms. */
  changesForDemand(fromMs: number, toMs: number): number[] {
    const directories = new Set([fromMs, toMs].map((ms) => this.directoryOf(new Date(ms).toISOString())));
    return [...directories].flatMap((directory) => {
      const file = path.join(directory, recordFiles.ticks);
      const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
      return lines.flatMap((line) => {
        const atMs = changeForDemandIn(line);
        return atMs !== null && atMs >= fromMs && atMs <= toMs ? [atMs] : [];
      });
    });
  }

  /** Records that the disk has not taken. */
  get unwritten(): number {
    return this.backlog.length;
  }

  onEnd(): void {
    this.backlog.flush();
  }

  private directoryOf(at: string): string {
    return path.join(this.runs, `live-${this.run.stack}-${at.slice(0, 10).replaceAll('-', '')}`);
  }
}

const changeForDemand = z.object({ at: z.iso.datetime(), forDemand: z.literal(true) });

/** @returns when, Unix ms; null for every other tick, and a line that was torn */
function changeForDemandIn(line: string): number | null {
  if (!line.includes('"forDemand":true')) return null;
  try {
    return Date.parse(changeForDemand.parse(JSON.parse(line)).at);
  } catch {
    return null;
  }
}

/** Carbon intensity in gCO2e/kWh by region, of those that have one. */
export function carbonUsed({ carbon }: UsedValues): Record<string, number> {
  return Object.fromEntries(
    Object.entries(carbon).flatMap(([region, value]) =>
      // The grid's, as in the plan's own sum and of a trace; PUE is counted with the power of servers.
      'missing' in value ? [] : [[region, value.gridGramsPerKwh ?? value.gramsPerKwh]],
    ),
  );
}
