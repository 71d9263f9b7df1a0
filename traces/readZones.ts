import path from 'node:path';
import { readCarbon, readLatency } from './cells';
import { columnOf, readCsvFile, type CsvFile } from './csvFile';
import { TraceError } from './traceError';

/** Grid zones with a mean carbon intensity each, and the latency between them. */
export interface Zones {
  readonly names: readonly string[];
  /** gCO2e/kWh. */
  readonly carbonGramsPerKwh: readonly number[];
  /** ms, [origin][destination]. */
  readonly latencyMs: readonly (readonly number[])[];
  /** Zones of the latency matrix that have no carbon intensity. */
  readonly withoutCarbon: readonly string[];
}

/**
 * Reads the tables of EuroSys'24 (github.com/umassos/decarbonization-potential): mean_stats.csv has a row a zone and a
 * column a year, gcp_latency_matrix.csv a row an origin. A zone that stands twice in the matrix counts once.
 * @param year the column of mean_stats.csv
 * @param carbonNames what a zone of the matrix is called in mean_stats.csv, where that differs
 * @throws TraceError that names file, line, column, value and remedy
 */
export function readZones(
  directory: string,
  year: number,
  carbonNames: Readonly<Record<string, string>> = {},
): Zones {
  const means = readMeans(readCsvFile(path.join(directory, 'mean_stats.csv')), String(year));
  const matrix = readCsvFile(path.join(directory, 'gcp_latency_matrix.csv'), { repeatedColumns: true });
  const unknown = Object.keys(carbonNames).find((zone) => !matrix.header.includes(zone));
  if (unknown !== undefined) {
    throw new TraceError(
      `${matrix.path} has no zone ${unknown}; it has: ${matrix.header.slice(1).join(', ')}`,
    );
  }
  const meanOf = (zone: string): number | undefined => means.get(carbonNames[zone] ?? zone);
  const all = [...new Set(matrix.header.slice(1))];
  const names = all.filter((zone) => meanOf(zone) !== undefined);
  if (names.length === 0) {
    throw new TraceError(`mean_stats.csv and gcp_latency_matrix.csv in ${directory} share no zone`);
  }
  const origins = columnOf(matrix, 'origin');
  return {
    names,
    carbonGramsPerKwh: names.map((zone) => meanOf(zone) ?? NaN),
    latencyMs: names.map((origin) => {
      const row = matrix.rows.find(({ cells }) => cells[origins] === origin);
      return names.map((destination) =>
        readLatency(row?.cells[columnOf(matrix, destination)] ?? '', {
          path: matrix.path,
          line: row?.line ?? 0,
          column: destination,
        }),
      );
    }),
    withoutCarbon: all.filter((zone) => meanOf(zone) === undefined),
  };
}

function readMeans(file: CsvFile, year: string): ReadonlyMap<string, number> {
  const [zone, mean] = [columnOf(file, 'zonecode'), columnOf(file, year)];
  const means = new Map<string, number>();
  for (const { line, cells } of file.rows) {
    const value = readCarbon(cells[mean] ?? '', { path: file.path, line, column: year });
    if (typeof value === 'number') means.set(cells[zone] ?? '', value);
  }
  return means;
}

/**
 * Reads published results, gCO2e/kWh: a row a latency bound (column `latency`, ms), a column a percentage of idle
 * capacity.
 * @throws TraceError
 */
export function readPublished(file: string): (boundMs: number, idlePercent: number) => number | null {
  const { path: name, header, rows } = readCsvFile(file);
  const bounds = columnOf({ path: name, header, rows }, 'latency');
  return (boundMs, idlePercent) => {
    const row = rows.find(({ cells }) => Number(cells[bounds]) === boundMs);
    const column = header.indexOf(String(idlePercent));
    if (!row || column < 0) return null;
    const value = readCarbon(row.cells[column] ?? '', {
      path: name,
      line: row.line,
      column: String(idlePercent),
    });
    return typeof value === 'number' ? value : null;
  };
}
