import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { removeTraceFolders } from '../traces/traceFolder';
import { hourlyTrace } from '../study/hourlyTrace';

const main = path.resolve(__dirname, '../../../dist/cli/main.js');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'casper-study-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  removeTraceFolders();
});

const study = (data: string): string => `title: Three regions
data: ${data}
experiments:
  - { kind: trace, name: all, boundsMs: [500, 20], policies: [latency, carbon] }
`;
const run = (...args: string[]) => {
  const file = path.join(folder, 'study.yaml');
  return spawnSync(process.execPath, [main, 'study', file, '--out', path.join(folder, 'out'), ...args], {
    encoding: 'utf8',
  });
};

test('a study leaves tables and a page, and computes again only what changed', () => {
  const trace = hourlyTrace(30);
  const file = path.join(folder, 'study.yaml');
  writeFileSync(file, study(trace));
  const first = run('--json');
  expect(first.stderr).toMatch(/\[3\/3\] all: .*\nwritten: /);
  expect(first.stderr).not.toMatch(/kept/);
  const { experiments } = JSON.parse(first.stdout) as { experiments: { rows: { policy: string }[] }[] };
  expect(experiments[0]?.rows.map(({ policy }) => policy)).toEqual([
    'latency',
    'carbon',
    'latency',
    'carbon',
  ]);
  const csv = readFileSync(path.join(folder, 'out', 'results.csv'), 'utf8').split('\n');
  expect(csv[0]).toContain('savedAgainst_latency_share');
  expect(csv).toHaveLength(6);
  expect(readFileSync(path.join(folder, 'out', 'page.html'), 'utf8')).toMatch(/<svg[^]*<table>/);

  const again = run('--json');
  expect(again.stdout).toBe(first.stdout);
  expect(again.stderr.match(/: kept$/gm)).toHaveLength(3);

  writeFileSync(file, study(trace).replace('500, 20', '500, 25'));
  expect(run('--json').stderr.match(/: kept$/gm)).toHaveLength(2);

  writeFileSync(path.join(trace, 'latency.csv'), 'north,south,west\n1,13,30\n12,2,23\n30,23,3\n');
  expect(run('--json').stderr).not.toMatch(/: kept$/m);
});

test('a file that cannot be used, and data that are not there', () => {
  const file = path.join(folder, 'study.yaml');
  writeFileSync(file, study('nowhere').replace('boundsMs', 'bounds'));
  expect(run().stderr).toMatch(/^casper: .*study\.yaml cannot be used:/);
  writeFileSync(file, study('nowhere'));
  const { status, stderr } = run();
  expect(stderr).toMatch(/nowhere is no folder/);
  expect(status).toBe(1);
  writeFileSync(file, 'title: [');
  expect(run().stderr).toMatch(/study\.yaml is not YAML: /);
  expect(existsSync(path.join(folder, 'out', 'results.csv'))).toBe(false);
});
