import { z } from 'zod';
import { decimal, reader } from './cells';
import { columnOf, readCsvFile } from './csvFile';
import { TraceError } from './traceError';

/** What a regions.csv says of one region; what it leaves out is absent. */
export interface RegionRow {
  readonly maxServers?: number;
  readonly minServers?: number;
  /** Requests/s. */
  readonly requestsPerServer?: number;
  readonly idleWatts?: number;
  readonly dynamicWatts?: number;
  readonly pue?: number;
  readonly embodiedGramsPerServerHour?: number;
  readonly pricePerServerHour?: number;
  /** The only regions that this one's requests may be served in. */
  readonly destinations?: readonly string[];
}

const wholeServers = decimal.pipe(z.int().min(0).max(1_000_000));
/** A server of 100 kW does not exist: it would be a whole hall. */
const watts = decimal.pipe(z.number().min(0).max(100_000));

const columns = {
  servers: { key: 'maxServers', read: reader(wholeServers, 'a whole number of servers', 'correct it') },
  min_servers: { key: 'minServers', read: reader(wholeServers, 'a whole number of servers', 'correct it') },
  requests_per_server: {
    key: 'requestsPerServer',
    read: reader(
      decimal.pipe(z.int().min(1).max(1_000_000)),
      'a whole number of requests/s, 1 or more',
      'round it down',
    ),
  },
  idle_watts: { key: 'idleWatts', read: reader(watts, 'watts, 0 or more', 'correct it') },
  dynamic_watts: { key: 'dynamicWatts', read: reader(watts, 'watts, 0 or more', 'correct it') },
  pue: {
    key: 'pue',
    read: reader(decimal.pipe(z.number().min(1).max(5)), 'a PUE from 1 to 5', 'correct it'),
  },
  embodied_grams_per_hour: {
    key: 'embodiedGramsPerServerHour',
    // A server of 100 t that lasts a month: more is a mistake of unit.
    read: reader(
      decimal.pipe(z.number().min(0).max(100_000)),
      'gCO2e a server-hour, 0 or more',
      'correct it',
    ),
  },
  price_per_hour: {
    key: 'pricePerServerHour',
    read: reader(decimal.pipe(z.number().min(0).max(1_000_000)), 'a price, 0 or more', 'correct it'),
  },
} as const;

/**
 * Reads a regions.csv: a column `region`, and any of servers, min_servers, requests_per_server (requests/s),
 * idle_watts, dynamic_watts, pue, embodied_grams_per_hour, price_per_hour, and destinations (names with spaces between them). An empty cell is
 * as good as none.
 * @param regions the names that may stand there
 * @throws TraceError that names file, line, column, value and remedy
 */
export function readRegions(path: string, regions: readonly string[]): ReadonlyMap<string, RegionRow> {
  const file = readCsvFile(path);
  const nameColumn = columnOf(file, 'region');
  const known = ['region', 'destinations', ...Object.keys(columns)];
  const unknown = file.header.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new TraceError(`${path}:1 column "${unknown}" is not known; expected any of: ${known.join(', ')}`);
  }
  const rows = new Map<string, RegionRow>();
  for (const { line, cells } of file.rows) {
    const name = cells[nameColumn] ?? '';
    const knownRegion = (region: string, column: string): string => {
      if (regions.includes(region)) return region;
      throw new TraceError(
        `${path}:${line} column ${column}: "${region}" is no region of the trace, which has: ${regions.join(', ')}`,
      );
    };
    knownRegion(name, 'region');
    if (rows.has(name)) throw new TraceError(`${path}:${line} repeats ${name}; give each region once`);
    const row: Record<string, unknown> = {};
    for (const [index, column] of file.header.entries()) {
      const text = cells[index] ?? '';
      if (text === '' || column === 'region') continue;
      if (column === 'destinations') {
        row['destinations'] = text.split(/\s+/).map((region) => knownRegion(region, column));
        continue;
      }
      const { key, read } = columns[column as keyof typeof columns];
      row[key] = read(text, { path, line, column });
    }
    const { minServers = 0, maxServers = Infinity } = row as RegionRow;
    if (minServers > maxServers) {
      throw new TraceError(
        `${path}:${line}: ${name} has min_servers ${minServers} above servers ${maxServers}; lower the one or raise the other`,
      );
    }
    rows.set(name, row);
  }
  return rows;
}
