import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { readCarbon, readLatency, readRequests, readTimestamp, type CellPlace, type Missing } from './cells';
import { columnOf, readCsvFile, type CsvFile } from './csvFile';
import { isoOf } from './time';
import { Trace } from './trace';
import { TraceError } from './traceError';

const hourSeconds = 3600;

/** Columns that the reference's files have besides the regions: an index without a name and times. */
const notRegions = new Set(['', 'timestamp', 'datetime']);

/** Light needs that long for 100 km of fibre and back: of regions that are worth telling apart, some are farther. In seconds all of the Earth is nearer. */
const leastLongestMs = 1;

/** A folder that holds a file of this name says by it that its data were generated; the file says how. */
const syntheticMarker = 'SYNTHETIC.md';

/**
 * Reads three of the reference's files: carbon_intensities.csv (gCO2e/kWh), requests.csv (requests/s by origin) and
 * latency.csv (ms, row = origin, column = destination). Regions are the columns that they share, in the order of
 * latency.csv. Its offset.csv is not looked at.
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
  const file = (name: string): CsvFile => readCsvFile(path.join(directory, name));
  const [carbon, requests, latency] = [file(carbonTable), file('requests.csv'), file('latency.csv')] as const;

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
    synthetic: existsSync(path.join(directory, syntheticMarker)),
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

function readMatrix(file: CsvFile, regions: readonly string[]): number[][] {
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
