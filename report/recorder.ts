import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { IntervalRecord, RunObserver } from '../driver/runObserver';
import type { IntervalLoad } from '../load/generateLoad';
import { appendDurably } from './appendDurably';
import { isDiskFault, type Backlog } from './backlog';
import { recordFiles, type RunRecord } from './records';
import { RunTables } from './tables/runTables';
import { addInterval } from './makeReport';

/**
 * Writes down what a run does as it happens: records and tables in the run's folder, which is made where it is not there.
 * What the disk does not take is tried again with the next record, and at the run's end.
 */
export class RunRecorder implements RunObserver {
  private tables: RunTables | undefined;

  /**
   * @param carbonOf carbon intensity in gCO2e/kWh by region, of the interval that starts then
   * @param backlog of what the disk does not take, which tells of it
   */
  constructor(
    private readonly directory: string,
    private readonly run: RunRecord,
    private readonly carbonOf: (interval: string) => Record<string, number>,
    private readonly backlog: Backlog,
  ) {
    // A folder that is added to, by a run that goes on or as a day of ticks, has it already.
    const file = path.join(directory, recordFiles.run);
    backlog.add(() => {
      mkdirSync(directory, { recursive: true });
      if (existsSync(file)) return;
      // Whole or not at all: who goes on with a run that was killed goes by it.
      const temporary = `${file}.${process.pid}.tmp`;
      rmSync(temporary, { force: true });
      appendDurably(temporary, `${JSON.stringify(run)}\n`);
      renameSync(temporary, file);
    });
  }

  onRecord(interval: IntervalRecord): void {
    const record = { ...interval, carbonGramsPerKwh: this.carbonOf(interval.plan.interval) };
    this.add(recordFiles.intervals, record);
    if (record.served) {
      this.tabulate((tables) => {
        addInterval(tables, this.run, record);
      });
    }
  }

  /** What the load's sender counted of an interval, once its last request is over. */
  onSent(interval: string, { total, byOrigin }: IntervalLoad): void {
    this.add(recordFiles.sent, { interval, total, byOrigin });
    this.tabulate((tables) => {
      tables.appendSent(interval, byOrigin);
    });
  }

  onEnd(): void {
    this.backlog.flush();
  }

  private add(file: string, record: object): void {
    this.backlog.add(() => {
      appendDurably(path.join(this.directory, file), `${JSON.stringify(record)}\n`);
    });
  }

  /** At the run's end tables are made again from the records: what the disk does not take meanwhile need not be kept. */
  private tabulate(add: (tables: RunTables) => void): void {
    try {
      add(this.openTables());
    } catch (error) {
      if (!isDiskFault(error)) throw error;
    }
  }

  /** Of a run that sends load; others have none. */
  private openTables(): RunTables {
    return (this.tables ??= new RunTables(this.directory, this.run.regions));
  }
}
