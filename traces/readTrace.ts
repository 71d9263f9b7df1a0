import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { readCarbon, readRequests, readTimestamp, type CellPlace, type Missing } from './cells';
import { columnOf, readCsvFile, type CsvFile } from './csvFile';
import { isSynthetic, readMatrix } from './readLatencies';
import { readColumnNames, withRegionNames } from './regionNames';
import { isoOf } from './time';
import { Trace } from './trace';
import { TraceError } from './traceError';

const hourSeconds = 3600;

/** Columns that the reference's files have besides the regions: an index without a name and times. */
const notRegions = new Set(['', 'timestamp', 'datetime']);

/**
 * Reads three of the reference's files: carbon_intensities.csv (gCO2e/kWh), requests.csv (requests/s by origin) and
 * latency.csv (ms, row = origin, column = destination). Regions are the columns that they share, in the order of
 * latency.csv. Its offset.csv is not looked at. Where columns are called otherwise, its zones.csv says what.
 * @param named how the folder is named by whoever asks for it: a flag, or a key of a file
 * @param carbonTable the file to take in place of carbon_intensities.csv
 * @throws TraceError that names file, line, column, value and remedy
 */
export function readTrace(
  directory: string,
  named = 'with --traces',
  carbonTable = 'carbon_intensities.csv',
): Trace {
  if (!existsSync(directory) || !statSync(directory).isDirectory()) {
    throw new TraceError(
      `${directory} is no folder; name one that holds the three CSV files of a trace ${named}`,
    );
  }
  const names = readColumnNames(directory);
  const file = (name: string, shared = false): CsvFile =>
    withRegionNames(readCsvFile(path.join(directory, name)), names, shared);
  const carbon = file(carbonTable, true);
  const [requests, latency] = [file('requests.csv'), file('latency.csv')] as const;

  const regions = latency.header.filter(
    (name) => !notRegions.has(name) && carbon.header.includes(name) && requests.header.includes(name),
  );
  if (regions.length === 0) {
    throw new TraceError(
      `${carbonTable}, requests.csv and latency.csv in ${directory} share no region; latency.csv has: ${latency.header.join(', ')}`,
    );
  }
  const others = new Set([...carbon.header, ...requests.header, ...latency.header]);
  return new Trace({
    directory,
    synthetic: isSynthetic(directory),
    regions,
    droppedRegions: [...others].filter((name) => !notRegions.has(name) && !regions.includes(name)).sort(),
    latencyMs: readMatrix(latency, regions),
    requestsPerSecond: readSeries(requests, regions, readRequests),
    carbonGramsPerKwh: readSeries<number | Missing>(carbon, regions, readCarbon),
  });
}

/**
 * The rows of a table with a column of times and one for each region, by Unix seconds.
 * @throws TraceError
 */
export function readSeries<T>(
  file: CsvFile,
  regions: readonly string[],
  readCell: (text: string, place: CellPlace) => T,
): Map<number, readonly T[]> {
  const timestampColumn = columnOf(file, 'timestamp');
  const columns = regions.map((region) => columnOf(file, region));
  const series = new Map<number, readonly T[]>();
  const lineOf = new Map<number, number>();
  let grid: number | undefined;
  for (const { line, cells } of file.rows) {
    const start = readTimestamp(cells[timestampColumn] ?? '', { path: file.path, line, column: 'timestamp' });
    const earlier = lineOf.get(start);
    if (earlier !== undefined) {
      throw new TraceError(
        `${file.path}:${line} repeats the time ${isoOf(start)} of line ${earlier}; remove one of the two rows`,
      );
    }
    grid ??= start % hourSeconds;
    if (start % hourSeconds !== grid) {
      throw new TraceError(
        `${file.path}:${line} starts at ${isoOf(start)}, not whole hours after the first row; expected hourly rows: correct or resample them`,
      );
    }
    lineOf.set(start, line);
    series.set(
      start,
      columns.map((index, position) =>
        readCell(cells[index] ?? '', { path: file.path, line, column: regions[position] ?? '' }),
      ),
    );
  }
  return series;
}
