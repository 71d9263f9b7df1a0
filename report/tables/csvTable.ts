import { existsSync, mkdirSync, readFileSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { appendDurably } from '../appendDurably';

export type Cell = string | number;

/** A table that cannot be gone on with; the message names the file and the remedy. */
export class TableError extends Error {
  override readonly name = 'TableError';
}

/**
 * A CSV file to which a run adds an interval at a time. What was added is on the disk when `append` returns; a row
 * that a killed writer left torn is cut off when the next one opens the file.
 */
export class CsvTable {
  /** @throws TableError when the file is there with other columns */
  constructor(
    readonly file: string,
    private readonly columns: readonly string[],
  ) {
    const header = stringify([columns]);
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    if (whole !== '' && !whole.startsWith(header)) {
      throw new TableError(
        `${file} has the columns ${whole.slice(0, whole.indexOf('\n'))}, expected ${header.trimEnd()}; go on in a folder of its own`,
      );
    }
    if (whole.length < text.length) truncateSync(file, Buffer.byteLength(whole));
    if (whole === '') {
      mkdirSync(path.dirname(file), { recursive: true });
      appendDurably(this.file, header);
    }
  }

  /** Adds rows in the order of the columns, all or none of them. */
  append(rows: readonly (readonly Cell[])[]): void {
    for (const row of rows) {
      if (row.length !== this.columns.length) {
        throw new Error(`a row of ${row.length} cells for ${this.columns.length} columns of ${this.file}`);
      }
    }
    appendDurably(this.file, stringify(rows.map((row) => [...row])));
  }
}
