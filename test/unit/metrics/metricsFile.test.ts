import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { MetricsFile } from '../../../metrics/metricsFile';
import { applied, failed } from './tickRecords';

const folder = mkdtempSync(path.join(tmpdir(), 'casper-metrics-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test('every tick is a process of its own, and counters go on; nothing half written is left', () => {
  const file = path.join(folder, 'casper.prom');
  for (const tick of [applied, failed, failed]) new MetricsFile(file, 's').onTick(tick);
  const text = readFileSync(file, 'utf8');
  expect(text).toContain('casper_ticks_total{stack="s",outcome="failed"} 2\n');
  expect(text).toContain('casper_ticks_total{stack="s",outcome="applied"} 1\n');
  expect(text).toContain(
    `casper_plan_interval_start_timestamp_seconds{stack="s"} ${Date.parse('2026-08-13T12:00:00Z') / 1000}\n`,
  );
  expect(readdirSync(folder)).toEqual(['casper.prom']);
});

test('it is replaced and not written over: who reads it meanwhile has the text before', () => {
  const file = path.join(folder, 'replaced.prom');
  writeFileSync(file, 'before\n');
  const before = statSync(file).ino;
  new MetricsFile(file, 's').onTick(applied);
  expect(statSync(file).ino).not.toBe(before);
});

test('a folder that is not there, and a file that cannot be one, are refused with the remedy', () => {
  expect(() => new MetricsFile(path.join(folder, 'none', 'casper.prom'), 's')).toThrow(
    /--metrics-file .*: .*none does not exist; make it/,
  );
  expect(() => new MetricsFile(folder, 's')).toThrow(/EISDIR.*name another file/);
});

test('a file that can no longer be replaced is told, and nothing half written is left', () => {
  const file = path.join(folder, 'taken.prom');
  const metrics = new MetricsFile(file, 's');
  // Nobody replaces a folder by a file, root neither.
  mkdirSync(file);
  expect(() => {
    metrics.onTick(failed);
  }).toThrow(/^--metrics-file .*taken\.prom: EISDIR/);
  expect(readdirSync(folder).filter((name) => name.startsWith('taken.prom.'))).toEqual([]);
});
