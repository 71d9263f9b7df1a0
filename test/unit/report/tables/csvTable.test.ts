import { spawn } from 'node:child_process';
import fs, { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'csv-parse/sync';
import { CsvTable, TableError } from '../../../../report/tables/csvTable';

const project = path.resolve(__dirname, '../../../..');
let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'casper-tables-'));
  file = path.join(folder, 'runs', 'a.csv');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const text = () => readFileSync(file, 'utf8');

test('a header, then rows as they come; the one that goes on adds no second header', () => {
  const table = new CsvTable(file, ['x', 'y']);
  expect(text()).toBe('x,y\n');
  table.append([[1, 'a,b']]);
  expect(text()).toBe('x,y\n1,"a,b"\n');
  new CsvTable(file, ['x', 'y']).append([
    [2, 'unknown'],
    [3, ''],
  ]);
  expect(text()).toBe('x,y\n1,"a,b"\n2,unknown\n3,\n');
});

test('a torn row is cut off, also one with letters of several bytes, and a torn header written anew', () => {
  new CsvTable(file, ['x', 'y']).append([['Zürich', 1]]);
  appendFileSync(file, 'Mün');
  new CsvTable(file, ['x', 'y']).append([['Bonn', 2]]);
  expect(text()).toBe('x,y\nZürich,1\nBonn,2\n');
  rmSync(file);
  appendFileSync(file, 'x,');
  expect(new CsvTable(file, ['x', 'y']).file).toBe(file);
  expect(text()).toBe('x,y\n');
});

test('a file with other columns is left alone', () => {
  new CsvTable(file, ['x', 'y']).append([[1, 2]]);
  expect(() => new CsvTable(file, ['x', 'z'])).toThrow(TableError);
  expect(() => new CsvTable(file, ['x', 'z'])).toThrow(
    `${file} has the columns x,y, expected x,z; go on in a folder of its own`,
  );
  expect(text()).toBe('x,y\n1,2\n');
});

test('a row of another width is refused, and none of its rows is written', () => {
  const table = new CsvTable(file, ['x', 'y']);
  expect(() => {
    table.append([[1, 2], [3]]);
  }).toThrow('a row of 1 cells for 2 columns');
  expect(text()).toBe('x,y\n');
});

test('rows are on the disk, and not only in the page cache, before append returns', () => {
  const table = new CsvTable(file, ['x', 'y']);
  const synced: string[] = [];
  const sync = jest.spyOn(fs, 'fsyncSync').mockImplementation(() => {
    synced.push(text());
  });
  try {
    table.append([[1, 2]]);
    expect(synced).toEqual(['x,y\n1,2\n']);
  } finally {
    sync.mockRestore();
  }
});

test('a writer that is killed between two system calls leaves whole rows', async () => {
  const writer = spawn(process.execPath, [
    '-e',
    `const { CsvTable } = require(${JSON.stringify(path.join(project, 'dist/report/tables/csvTable.js'))});
     const table = new CsvTable(${JSON.stringify(file)}, ['n', 'text']);
     for (let n = 0; ; n++) { table.append([[n, 'x'.repeat(200)], [n, 'y'.repeat(200)]]); if (n === 20) console.log('on its way'); }`,
  ]);
  await new Promise((onItsWay) => writer.stdout.once('data', onItsWay));
  writer.kill('SIGKILL');
  await new Promise((exited) => writer.once('exit', exited));
  const rows = parse(text(), { columns: true }) as unknown as { n: string; text: string }[];
  expect(rows.length).toBeGreaterThan(40);
  expect(rows.every(({ text: cell }) => cell.length === 200)).toBe(true);
}, 30_000);
