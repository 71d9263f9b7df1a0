import { readFileSync, statSync } from 'node:fs';
import { CsvError, parse } from 'csv-parse/sync';
import { TraceError } from './traceError';

/** A CSV file whose rows all have as many cells as its header. */
export interface CsvFile {
  readonly path: string;
  readonly header: readonly string[];
  readonly rows: readonly CsvRow[];
}

export interface CsvRow {
  /** Line in the file, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/**
 * A hundred years of hours of ten regions are half of it. What is larger is another file, and reading it would take
 * gigabytes: some 30 bytes for each of its own.
 */
const mostBytes = 128 * 1024 * 1024;

/**
 * @param options.repeatedColumns a column may stand twice; whoever asks for it gets the first
 * @throws TraceError when the file is missing, empty, torn or too large
 */
export function readCsvFile(path: string, { repeatedColumns = false } = {}): CsvFile {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat?.isFile()) {
    throw new TraceError(
      `${path} does not exist; a trace is a folder with carbon_intensities.csv, requests.csv and latency.csv`,
    );
  }
  if (stat.size > mostBytes) {
    throw new TraceError(
      `${path} has ${Math.ceil(stat.size / 2 ** 20)} MiB, expected at most ${mostBytes / 2 ** 20}; take fewer years or regions into it`,
    );
  }
  const bytes = readFileSync(path);
  const records = parseRecords(path, bytes);
  const [first, ...rest] = records;
  if (!first || rest.length === 0)
    throw new TraceError(`${path} is empty; expected a header and at least one row`);
  const header = first.cells;
  const [second] = rest;
  const rowsAgree = rest.every(({ cells }) => cells.length === second?.cells.length);
  if (rowsAgree && rest.length > 1 && second && second.cells.length !== header.length) {
    throw new TraceError(
      `${path}:1 has ${header.length} cells, every row ${second.cells.length}; the header is torn: fetch the file again or correct the header`,
    );
  }
  const repeated = header.find((name, index) => header.indexOf(name) !== index);
  if (repeated !== undefined && !repeatedColumns) {
    throw new TraceError(`${path}:1 has two columns "${repeated}"; remove or rename one`);
  }
  for (const { line, cells } of rest) {
    if (cells.length !== header.length) {
      throw new TraceError(
        `${path}:${line} has ${cells.length} cells, the header ${header.length}; the file is torn there: fetch it again or remove the row`,
      );
    }
  }
  assertEnded(path, bytes);
  return { path, header, rows: rest };
}

/** The last number of a file that was cut is one as a rule, and another. */
function assertEnded(path: string, bytes: Buffer): void {
  const last = isUtf16(bytes) ? bytes.at(-2) : bytes.at(-1);
  if (last !== undefined && ![0x0a, 0x0d].includes(last)) {
    throw new TraceError(
      `${path} does not end with the end of a line, as a file that was cut off; fetch it again, or look whether its last line is whole, and end it`,
    );
  }
}

function parseRecords(path: string, bytes: Buffer): CsvRow[] {
  try {
    const records = parse(bytes, {
      bom: true,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
    });
    return (records as unknown as { info: { lines: number }; record: string[] }[]).map(
      ({ info, record }) => ({
        line: info.lines,
        cells: record,
      }),
    );
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new TraceError(`${path} is not CSV: ${error.message}; fetch it again or correct that line`);
  }
}

/** By its byte order mark, of the order that is read. */
function isUtf16(bytes: Buffer): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xfe;
}

/**
 * Where a column stands.
 * @throws TraceError when there is none of that name
 */
export function columnOf({ path, header }: CsvFile, name: string): number {
  const index = header.indexOf(name);
  if (index < 0)
    throw new TraceError(
      `${path} has no column "${name}"; it has: ${header.filter((column) => column !== '').join(', ')}`,
    );
  return index;
}
