import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import type { IntervalRecord, RunObserver } from '../driver/runObserver';
import type { IntervalLoad } from '../load/generateLoad';
import { appendDurably } from './appendDurably';
import { recordFiles, type RunRecord } from './records';
import { RunTables } from './tables/runTables';
import { addInterval } from './makeReport';

/** Writes down what a run does as it happens: records and tables in the run's folder, which is made where it is not there. */
export class RunRecorder implements RunObserver {
  private tables: RunTables | undefined;

  /** @param carbonOf carbon intensity in gCO2e/kWh by region, of the interval that starts then */
  constructor(
    private readonly directory: string,
    private readonly run: RunRecord,
    private readonly carbonOf: (interval: string) => Record<string, number>,
  ) {
    mkdirSync(directory, { recursive: true });
    // A folder that further runs add to, as a day of ticks, has it already.
    const file = path.join(directory, recordFiles.run);
    if (!existsSync(file)) appendDurably(file, `${JSON.stringify(run)}\n`);
  }

  onRecord(interval: IntervalRecord): void {
    const record = { ...interval, carbonGramsPerKwh: this.carbonOf(interval.plan.interval) };
    this.add(recordFiles.intervals, record);
    if (record.served) addInterval(this.openTables(), this.run, record);
  }

  /** What the load's sender counted of an interval, once its last request is over. */
  onSent(interval: string, { total, byOrigin }: IntervalLoad): void {
    this.add(recordFiles.sent, { interval, total, byOrigin });
    this.openTables().appendSent(interval, byOrigin);
  }

  private add(file: string, record: object): void {
    appendDurably(path.join(this.directory, file), `${JSON.stringify(record)}\n`);
  }

  /** Of a run that sends load; others have none. */
  private openTables(): RunTables {
    return (this.tables ??= new RunTables(this.directory, this.run.regions));
  }
}
