import { existsSync } from 'node:fs';
import path from 'node:path';
import { columnOf, readCsvFile, type CsvFile } from './csvFile';
import { TraceError } from './traceError';

/** The file of a trace's folder that says what its columns are called as regions. */
export const regionNamesFile = 'zones.csv';

/** Names of the columns of a trace's files, by region. */
export type ColumnNames = ReadonlyMap<string, string>;

/**
 * Reads zones.csv of a folder: columns `zone`, as the other files have it, and `region`, which names it everywhere else.
 * @returns nothing by any region where there is no such file: columns are then called like regions
 * @throws TraceError
 */
export function readColumnNames(directory: string): ColumnNames {
  const file = path.join(directory, regionNamesFile);
  const names = new Map<string, string>();
  if (!existsSync(file)) return names;
  const csv = readCsvFile(file);
  const [zones, regions] = [columnOf(csv, 'zone'), columnOf(csv, 'region')];
  for (const { line, cells } of csv.rows) {
    const [zone = '', region = ''] = [cells[zones], cells[regions]];
    if (zone === '' || region === '') {
      throw new TraceError(`${file}:${line} has an empty cell; expected a zone and a region, as in DE,de`);
    }
    if (names.has(region)) {
      throw new TraceError(
        `${file}:${line} names the region ${region} a second time; remove one of the rows`,
      );
    }
    names.set(region, zone);
  }
  return names;
}

/**
 * A table with its columns called like regions. A column of a region's own name goes before its zone's.
 * @param shared whether several regions may have one zone's column, as they may of its carbon intensity
 * @throws TraceError where a zone is no column, or where several regions would have one that is not to be shared
 */
export function withRegionNames(file: CsvFile, names: ColumnNames, shared: boolean): CsvFile {
  const renamed = [...names].filter(([region]) => !file.header.includes(region));
  if (renamed.length === 0) return file;
  const header = [...file.header];
  const copies: number[] = [];
  const taken = new Map<string, string>();
  for (const [region, zone] of renamed) {
    const column = columnOf(file, zone);
    const other = taken.get(zone);
    taken.set(zone, region);
    if (other === undefined) {
      header[column] = region;
      continue;
    }
    if (!shared) {
      throw new TraceError(
        `${file.path} has one column ${zone} for ${other} and ${region} of ${regionNamesFile}; give it a column for each region, of the region's name`,
      );
    }
    header.push(region);
    copies.push(column);
  }
  const rows = file.rows.map(({ line, cells }) => ({
    line,
    cells: [...cells, ...copies.map((column) => cells[column] ?? '')],
  }));
  return { ...file, header, rows };
}
