import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Columns of requests.csv before the regions'. */
const before = 2;

/** Copies a folder of traces with a share of its requests, at least one a second in each hour and region. */
export function writeSmallTraces(traces: string, folder: string, share: number): void {
  cpSync(traces, folder, { recursive: true });
  const file = path.join(folder, 'requests.csv');
  writeFileSync(file, withShareOfRequests(readFileSync(file, 'utf8'), share));
}

/** The text of a requests.csv with a share of its requests; pure. */
export function withShareOfRequests(text: string, share: number): string {
  const [header = '', ...rows] = text.trimEnd().split(/\r?\n/);
  const smaller = rows.map((row) =>
    row
      .split(',')
      .map((cell, column) =>
        column < before || cell === '' ? cell : String(Math.max(1, Math.round(Number(cell) * share))),
      )
      .join(','),
  );
  return `${[header, ...smaller].join('\n')}\n`;
}
