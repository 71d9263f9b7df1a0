import { writeFileSync } from 'node:fs';
import path from 'node:path';

/** One hour of a trace, in the order of its regions. */
export interface TraceHour {
  readonly requestsPerSecond: readonly number[];
  readonly carbonGramsPerKwh: readonly number[];
}

/** Writes successive hours as the three CSV files that casper reads; the first begins at some Unix time in s. */
export function writeTraceFolder(
  folder: string,
  {
    regions,
    latencyMs,
  }: { readonly regions: readonly string[]; readonly latencyMs: readonly (readonly number[])[] },
  fromSeconds: number,
  hours: readonly TraceHour[],
): void {
  const names = regions.join(',');
  const write = (name: string, header: string, rows: readonly string[]): void => {
    writeFileSync(path.join(folder, name), `${[header, ...rows].join('\n')}\n`);
  };
  const at = (hour: number): number => fromSeconds + 3600 * hour;
  write(
    'requests.csv',
    `timestamp,datetime,${names}`,
    hours.map(({ requestsPerSecond }, hour) => `${at(hour)},,${requestsPerSecond.join(',')}`),
  );
  write(
    'carbon_intensities.csv',
    `,timestamp,${names}`,
    hours.map(({ carbonGramsPerKwh }, hour) => `${hour},${at(hour)},${carbonGramsPerKwh.join(',')}`),
  );
  write(
    'latency.csv',
    names,
    latencyMs.map((row) => row.join(',')),
  );
}
