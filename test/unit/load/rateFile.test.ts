import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LoadError } from '../../../load/loadError';
import { readRateFile } from '../../../load/rateFile';

const folder = mkdtempSync(path.join(tmpdir(), 'casper-rates-'));
const file = path.join(folder, 'concurrency.out');
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function read(text: string): number[] {
  writeFileSync(file, text);
  return readRateFile(file);
}

test('one rate a line, with or without a last newline, also from Windows', () => {
  expect(read('100\n200\n0\n')).toEqual([100, 200, 0]);
  expect(read('100\r\n 12.5 \r\n\r\n')).toEqual([100, 12.5]);
  expect(read('7')).toEqual([7]);
});

test.each(['', 'abc', '-5', '1e3', '1,000', '100 200', 'NaN', '0x10', '1000001'])(
  'a line "%s" is refused with its number',
  (line) => {
    expect(() => read(`100\n${line}\n300\n`)).toThrow(LoadError);
    expect(() => read(`100\n${line}\n300\n`)).toThrow(
      `${file}:2: "${line}", expected one number of requests/s from 0 to 1,000,000; correct or remove the line`,
    );
  },
);

test('no file, a folder, an empty file', () => {
  expect(() => readRateFile(path.join(folder, 'none'))).toThrow(
    `${path.join(folder, 'none')} does not exist; name a file with one rate a line, in requests/s`,
  );
  expect(() => readRateFile(folder)).toThrow(LoadError);
  expect(() => read('\n\n')).toThrow(`${file} is empty; expected one rate a line, in requests/s`);
});
