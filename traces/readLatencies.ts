import { existsSync } from 'node:fs';
import path from 'node:path';
import { readLatency } from './cells';
import { columnOf, readCsvFile, type CsvFile } from './csvFile';
import { readColumnNames, withRegionNames } from './regionNames';
import { TraceError } from './traceError';

/** Network latency between regions. */
export interface Latencies {
  readonly directory: string;
  /** Generated and not measured. */
  readonly synthetic: boolean;
  readonly regions: readonly string[];
  /** ms, [origin][destination]. */
  readonly latencyMs: readonly (readonly number[])[];
}

/** Light needs that long for 100 km of fibre and back: of regions that are worth telling apart, some are farther. In seconds all of the Earth is nearer. */
const leastLongestMs = 1;

/** A folder that holds a file of this name says by it that its data were generated; the file says how. */
const syntheticMarker = 'SYNTHETIC.md';

export function isSynthetic(directory: string): boolean {
  return existsSync(path.join(directory, syntheticMarker));
}

/**
 * Reads latency.csv of a trace's folder alone, as `readTrace` does.
 * @throws TraceError that names file, line, column, value and remedy
 */
export function readLatencies(directory: string): Latencies {
  const table = readCsvFile(path.join(directory, 'latency.csv'));
  const file = withRegionNames(table, readColumnNames(directory), false);
  const regions = file.header.filter((name) => name !== '');
  return { directory, synthetic: isSynthetic(directory), regions, latencyMs: readMatrix(file, regions) };
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
  const matrix = regions.map((origin) => {
    const row = rows[columnOf(file, origin)];
    return regions.map((destination) => {
      const place = { path: filePath, line: row?.line ?? 0, column: destination };
      const latency = readLatency(row?.cells[columnOf(file, destination)] ?? '', place);
      if (latency === 0 && origin !== destination) {
        throw new TraceError(
          `${filePath}:${place.line} column ${destination}: 0 ms from ${origin}; two regions are never that near: correct the value`,
        );
      }
      return latency;
    });
  });
  const between = matrix.flatMap((row, origin) => row.filter((_, destination) => destination !== origin));
  const longest = between.reduce((most, latency) => Math.max(most, latency), 0);
  if (between.length > 0 && longest < leastLongestMs) {
    throw new TraceError(
      `${filePath}: the longest latency between two regions is ${longest} ms; expected milliseconds, and these look like seconds: multiply them by 1000`,
    );
  }
  return matrix;
}
