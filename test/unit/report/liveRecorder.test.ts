import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { tick } from '../../../live/tick';
import { LiveRecorder } from '../../../report/liveRecorder';
import { makeReport } from '../../../report/makeReport';
import { readRecords } from '../../../report/records';
import { liveStack, removeStacks } from '../live/liveStack';
import { cleanUp } from '../signals/carbonServer';

const folder = mkdtempSync(path.join(tmpdir(), 'casper-live-records-'));
afterAll(async () => {
  await cleanUp();
  removeStacks();
  rmSync(folder, { recursive: true });
});

test('ticks of a day add to one folder, whose report can be made', async () => {
  const stack = await liveStack();
  const notes: string[] = [];
  const run = { stack: 'test', ...stack.planning.latencies };
  for (const again of [false, true]) {
    const { record, plan, applied } = await tick(stack.planning, { without: [], again }, () =>
      Promise.resolve(stack.reconciler),
    );
    // Each tick of cron is a process, and so a recorder, of its own.
    const recorder = new LiveRecorder(folder, run, (note) => notes.push(note));
    recorder.onTick(record);
    if (!plan || !applied || !record.plan || !record.values) throw new Error('nothing was applied');
    recorder.onRecord({
      ...{ plan, stackPlan: record.plan, values: record.values, preview: null, ...applied },
      ...{ startedAtMs: 0, endedAtMs: 3600_000, inForceAtMs: Date.parse(record.at) },
      ...{ outcome: 'applied', failures: [] },
    });
  }
  expect(notes).toEqual([]);
  expect(readdirSync(folder)).toEqual(['live-test-20260813']);
  const directory = path.join(folder, 'live-test-20260813');
  expect(readFileSync(path.join(directory, 'ticks.jsonl'), 'utf8').trim().split('\n')).toHaveLength(2);
  const { intervals } = readRecords(directory);
  expect(intervals).toHaveLength(2);
  expect(intervals[0]?.carbonGramsPerKwh).toEqual({ clean: 50, dirty: 800, middle: 300 });
  const page = await makeReport(directory);
  expect(existsSync(page)).toBe(true);
  expect(readFileSync(page, 'utf8')).toContain('test: 2026-08-13T12:00:00Z to 2026-08-13T12:00:00Z');
});

test('changes for demand are found again, of the hour that is asked for, also over midnight and beside a torn line', () => {
  const recorder = new LiveRecorder(folder, { stack: 'again', regions: [], latencyMs: [] }, () => undefined);
  const tickAt = (at: string, forDemand: boolean): void => {
    recorder.onTick({
      ...{ at, interval: at, intervalSeconds: 3600, why: 'demand', outcome: 'applied', heldBy: null },
      ...{ reasons: [], values: null, guarded: [], plan: null, planSeconds: null, applied: null },
      ...(forDemand && { forDemand }),
    });
  };
  tickAt('2026-08-13T23:10:00.000Z', true);
  tickAt('2026-08-13T23:40:00.000Z', true);
  tickAt('2026-08-13T23:50:00.000Z', false);
  tickAt('2026-08-14T00:05:00.000Z', true);
  appendFileSync(path.join(folder, 'live-again-20260814', 'ticks.jsonl'), '{"forDemand":true,"at":"2026-0');
  const found = recorder.changesForDemand(
    Date.parse('2026-08-13T23:20:00Z'),
    Date.parse('2026-08-14T00:20:00Z'),
  );
  expect(found.map((ms) => new Date(ms).toISOString())).toEqual([
    '2026-08-13T23:40:00.000Z',
    '2026-08-14T00:05:00.000Z',
  ]);
});
