import path from 'node:path';
import { readLatency } from './cells';
import { columnOf, readCsvFile, type CsvFile } from './csvFile';
import { TraceError } from './traceError';

/** Network latency between regions. */
export interface Latencies {
  readonly directory: string;
  readonly regions: readonly string[];
  /** ms, [origin][destination]. */
  readonly latencyMs: readonly (readonly number[])[];
}

/**
 * Reads latency.csv of a trace's folder alone, as `readTrace` does.
 * @throws TraceError that names file, line, column, value and remedy
 */
export function readLatencies(directory: string): Latencies {
  const file = readCsvFile(path.join(directory, 'latency.csv'));
  const regions = file.header.filter((name) => name !== '');
  return { directory, regions, latencyMs: readMatrix(file, regions) };
}

/**
 * Latency in ms by origin and destination of some regions.
 * @throws TraceError
 */
export function readMatrix(file: CsvFile, regions: readonly string[]): number[][] {
  const { path: filePath, header, rows } = file;
  if (rows.length !== header.length) {
    throw new TraceError(
      `${filePath} has ${rows.length} rows for ${header.length} regions; expected one row an origin, in the order of the header`,
    );
  }
  return regions.map((origin) => {
    const row = rows[columnOf(file, origin)];
    return regions.map((destination) =>
      readLatency(row?.cells[columnOf(file, destination)] ?? '', {
        path: filePath,
        line: row?.line ?? 0,
        column: destination,
      }),
    );
  });
}
