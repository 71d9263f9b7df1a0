import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A good small trace: three regions, four hours from 2025-06-01T00:00Z. */
export const goodFiles = {
  'carbon_intensities.csv': `,timestamp,north,south,west
0,1748736000,100,200.5,300
1,1748739600,110,210,310
2,1748743200,120,220,320
3,1748746800,130,230,330
`,
  'requests.csv': `timestamp,datetime,north,south,west
1748736000,01-06-2025 00:00,10,20,30
1748739600,01-06-2025 01:00,11,21,31
1748743200,01-06-2025 02:00,12,22,32
1748746800,01-06-2025 03:00,13,23,33
`,
  'latency.csv': `north,south,west
1,12,13.5
21,2,23
31,32,3
`,
};

export type TraceFiles = Readonly<Partial<Record<keyof typeof goodFiles | 'offset.csv', string>>>;

const folders: string[] = [];

/** Writes a folder of a trace; `removeTraceFolders` removes it. */
export function traceFolder(files: TraceFiles): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'casper-trace-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  return folder;
}

export function removeTraceFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
}
