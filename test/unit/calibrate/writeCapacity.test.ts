import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { writeCapacity } from '../../../calibrate/writeCapacity';
import { capacityOf } from '../../../stack/capacity';
import { readStackSettings } from '../../../stack/stackFile';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'casper-calibrate-'));
  file = path.join(folder, 'Pulumi.dev.yaml');
  copyFileSync(path.join(__dirname, '../../../Pulumi.dev.yaml'), file);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const perServer = (region: string): number => capacityOf(readStackSettings(file), region).requestsPerServer;

test('one region says what its servers carry; the others, and all comments, stay', () => {
  const before = readFileSync(file, 'utf8');
  expect(
    writeCapacity(file, 'us-east-1', { toWrite: { requestsPerServer: 21, epsilonMillicores: 20 } }),
  ).toBe('requestsPerServer: 21, epsilonMillicores: 20');
  expect(capacityOf(readStackSettings(file), 'us-east-1').epsilonMillicores).toBe(20);
  expect([perServer('us-east-1'), perServer('us-west-1')]).toEqual([21, 10]);
  const after = readFileSync(file, 'utf8').split('\n');
  expect(before.split('\n').filter((line) => !after.includes(line))).toEqual([]);
});

test('what a region has of its own stays beside it, and a figure of before is replaced', () => {
  const text = readFileSync(file, 'utf8').replace(
    '- name: eu-west-3\n',
    '- name: eu-west-3\n      capacity: { maxServers: 80, requestsPerServer: 3 } # the old machines\n',
  );
  writeFileSync(file, text);
  writeCapacity(file, 'eu-west-3', { toWrite: { requestsPerServer: 7 } });
  expect(capacityOf(readStackSettings(file), 'eu-west-3')).toMatchObject({
    maxServers: 80,
    requestsPerServer: 7,
    cpuMillicoresPerServer: 10,
  });
  expect(readFileSync(file, 'utf8')).toContain('# the old machines');
});

test('less than the plan of the file needs may be written: it is planned anew', () => {
  expect(writeCapacity(file, 'eu-west-3', { toWrite: { requestsPerServer: 2 } })).toBe(
    'requestsPerServer: 2',
  );
});

test('a figure too uncertain is not written', () => {
  const before = readFileSync(file, 'utf8');
  expect(() => writeCapacity(file, 'us-east-1', { toWrite: null })).toThrow(
    'us-east-1: the lower end of the interval is below 1 request/s, so nothing was written',
  );
  expect(readFileSync(file, 'utf8')).toBe(before);
});
