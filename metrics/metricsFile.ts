import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { LiveMetrics } from './liveMetrics';
import { MetricsError } from './metricsServer';

/**
 * A file for the textfile collector of the node exporter. Every tick of cron is a process of its own: counters go on
 * from what the file has.
 */
export class MetricsFile {
  private readonly metrics: LiveMetrics;
  readonly onTick: LiveMetrics['onTick'];

  /** @throws MetricsError where the file's folder is not there or the file cannot be read */
  constructor(
    private readonly file: string,
    stack: string,
  ) {
    this.metrics = new LiveMetrics(stack);
    this.onTick = (tick) => {
      this.metrics.onTick(tick);
      this.write();
    };
    const folder = path.dirname(path.resolve(file));
    if (!existsSync(folder)) {
      throw new MetricsError(
        `--metrics-file ${file}: ${folder} does not exist; make it, or name another file`,
      );
    }
    try {
      if (existsSync(file)) this.metrics.set.goOnFrom(readFileSync(file, 'utf8'));
    } catch (error) {
      throw new MetricsError(`--metrics-file ${file}: ${(error as Error).message}; name another file`);
    }
  }

  /** Renamed when whole: who reads it meanwhile sees the text before. The collector passes over names without .prom. */
  private write(): void {
    const unfinished = `${this.file}.${process.pid}`;
    try {
      writeFileSync(unfinished, this.metrics.set.text());
      renameSync(unfinished, this.file);
    } catch (error) {
      rmSync(unfinished, { force: true });
      throw new MetricsError(`--metrics-file ${this.file}: ${(error as Error).message}`);
    }
  }
}
