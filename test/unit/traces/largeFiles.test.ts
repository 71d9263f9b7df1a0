import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readTrace } from '../../../traces/readTrace';
import { TraceError } from '../../../traces/traceError';
import { goodFiles, removeTraceFolders, traceFolder } from './traceFolder';

afterEach(removeTraceFolders);

test('a million rows are read in a heap of 1 GiB', () => {
  const folder = traceFolder(goodFiles);
  const rows = Array.from({ length: 1_000_000 }, (_, hour) => `${hour * 3600},${100 + (hour % 97)}\n`);
  writeFileSync(path.join(folder, 'carbon_intensities.csv'), `timestamp,north\n${rows.join('')}`);
  const module = path.resolve(__dirname, '../../../dist/traces/readTrace.js');
  const script = `const { readTrace } = require(${JSON.stringify(module)});
    const trace = readTrace(${JSON.stringify(folder)});
    console.log(trace.carbonHours().length, trace.lastInterval);`;
  const told = execFileSync(process.execPath, ['--max-old-space-size=1024', '-e', script], {
    encoding: 'utf8',
  });
  expect(told).toBe('1000000 2025-06-01T03:00:00Z\n');
}, 240_000);

test('a file that is larger than any trace is refused before it is read', () => {
  const folder = traceFolder(goodFiles);
  const file = openSync(path.join(folder, 'requests.csv'), 'w');
  ftruncateSync(file, 3 * 2 ** 30);
  closeSync(file);
  expect(() => readTrace(folder)).toThrow(TraceError);
  expect(() => readTrace(folder)).toThrow(
    /requests\.csv has 3072 MiB, expected at most 128; take fewer years/,
  );
});
