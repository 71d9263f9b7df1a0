import fs, { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { IntervalRecord } from '../../../driver/runObserver';
import type { LoadSummary } from '../../../load/requestLog';
import type { Observation } from '../../../observe/observeRequests';
import { appendDurably } from '../../../report/appendDurably';
import { Backlog } from '../../../report/backlog';
import { makeReport } from '../../../report/makeReport';
import { RunRecorder } from '../../../report/recorder';
import { readRecords, RecordError } from '../../../report/records';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'casper-report-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const regions = ['north', 'south'];
const starts = ['2026-01-05T00:00:00Z', '2026-01-05T01:00:00Z'];
const run = {
  ...{ stack: 'dev', regions, intervals: starts },
  loadShare: 1,
  latencyMs: { north: { north: 1, south: 30 }, south: { north: 30, south: 2 } },
  comparison: { baselines: ['latency'], synthetic: false, policies: [] },
};
const observed = (origin: string, destination: string, served: number): Observation => ({
  origin,
  destination,
  requests: {
    ...{ served, serverErrors: 0, clientAborts: 0, resets: 0 },
    serviceTime: {
      meanMs: served === 0 ? null : 4,
      p50Ms: null,
      p95Ms: null,
      p99Ms: { unknown: 'over 1000' },
    },
  },
});
const observations = [
  ...[observed('north', 'north', 30), observed('north', 'south', 10)],
  ...[observed('south', 'north', 50), observed('south', 'south', 0)],
];
const recordOf = (interval: string, index: number): IntervalRecord => ({
  plan: {
    ...{ interval, policy: 'carbon', maxLatencyMs: null, synthetic: false, regions },
    servers: { north: 8, south: 1 },
    cpuMillicores: { north: 81, south: 11 },
    requests: { north: { north: 3, south: 1 }, south: { north: 5 } },
    weights: { north: { north: 3, south: 1 }, south: { north: 1 } },
    ...{
      ...{ heldReady: 'none', standbyMillicores: {}, backup: {} },
      objective: 1,
      carbonSum: 1200,
      accounting: 'gCO2e',
      meanLatencyMs: 20,
    },
    solver: { name: 'glpk', status: 'optimal' },
  },
  stackPlan: { interval, policy: 'carbon', regions: {}, weights: {} },
  preview: null,
  update: { changes: [], seconds: 3.5, notes: index === 1 ? ['south was replaced'] : [] },
  ...{ verification: [], rows: [], silent: [], prometheusFault: null },
  ...{ startedAtMs: 10_000 * index, endedAtMs: 10_000 * (index + 1), inForceAtMs: 10_000 * index + 4000 },
  ...{ outcome: 'applied', failures: [] },
  served: { observed: observations, steady: observations, busiest: null },
});
const summary: LoadSummary = {
  ...{ due: 90, sent: 90, answered: 90, notSent: 0, slow: 0, errorStatuses: {} },
  failed: { status: 0, connection: 0, timeout: 0 },
  ...{ latencyMs: { p50: 3, p95: 9, p99: 20, max: 30 }, lateMs: null },
};

const told: string[] = [];
const recorderOf = (): RunRecorder =>
  new RunRecorder(folder, run, () => ({ north: 100, south: 400 }), new Backlog((note) => told.push(note)));

/** Records a run of both intervals; what its sender counted of the second is not over. */
function record(): void {
  const recorder = recorderOf();
  for (const [index, interval] of starts.entries()) recorder.onRecord(recordOf(interval, index));
  recorder.onSent(starts[0] ?? '', {
    ...{ startedAtMs: 0, endedAtMs: 10_000, requestsPerSecond: {}, slowRequests: [] },
    ...{ total: summary, byOrigin: { north: summary } },
  });
}

const tables = [
  'requests_from',
  'requests_to',
  'carbon',
  'latencies',
  'planned_vs_served',
  'failed_requests',
  'sent',
];
const texts = (): string[] => tables.map((name) => readFileSync(path.join(folder, `${name}.csv`), 'utf8'));

test('tables made again are those that were written as it happened', async () => {
  record();
  const before = texts();
  expect(before[2]).toBe(`interval,north,south\n${starts.map((start) => `${start},8000,4000\n`).join('')}`);
  await makeReport(folder);
  expect(texts()).toEqual(before);
  for (const name of tables) rmSync(path.join(folder, `${name}.csv`));
  await makeReport(folder);
  expect(texts()).toEqual(before);
});

test('the page has what each interval recorded, and says what is not known', async () => {
  record();
  const html = readFileSync(await makeReport(folder), 'utf8');
  expect(html).toContain('south was replaced');
  const rowOf = (interval = ''): string | undefined =>
    html.split('\n').find((line) => line.startsWith(`<tr><td>${interval}</td><td>applied</td><td>3.5`));
  expect(rowOf(starts[0])).toContain('<td>90</td><td>0</td>');
  expect(rowOf(starts[1])).toContain('<td>unknown</td><td>unknown</td>');
  expect(html).not.toContain('The run ended after');
});

test('of a run that was killed: a torn last line is left out, and the page says how far it came', async () => {
  record();
  const file = path.join(folder, 'intervals.jsonl');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.slice(0, -20));
  const notes: string[] = [];
  const page = await makeReport(folder, (note) => notes.push(note));
  expect(readFileSync(page, 'utf8')).toContain('The run ended after 1 of 2 intervals.');
  expect(notes).toEqual([`${file}: its last line, 2, was cut off by the end of the run, and is left out`]);
});

test('a record that does not fit the disk any more leaves no half line to follow on', () => {
  record();
  const file = path.join(folder, 'intervals.jsonl');
  const before = readFileSync(file, 'utf8');
  const sync = jest.spyOn(fs, 'fsyncSync').mockImplementation(() => {
    throw new Error('ENOSPC: no space left on device');
  });
  try {
    expect(() => {
      appendDurably(file, 'more of it');
    }).toThrow('ENOSPC');
  } finally {
    sync.mockRestore();
  }
  expect(readFileSync(file, 'utf8')).toBe(before);
});

test('before the first interval ended there is a page, and no table', async () => {
  recorderOf();
  expect(readFileSync(await makeReport(folder), 'utf8')).toContain('The run ended after 0 of 2 intervals.');
  expect(existsSync(path.join(folder, 'carbon.csv'))).toBe(false);
});

test('what is no record is named with its line', async () => {
  await expect(makeReport(folder)).rejects.toThrow(
    `${folder}/run.json does not exist; name the folder of a run`,
  );
  record();
  appendFileSync(path.join(folder, 'intervals.jsonl'), '{"plan":{}}\n');
  await expect(makeReport(folder)).rejects.toThrow(RecordError);
  await expect(makeReport(folder)).rejects.toThrow(
    `${folder}/intervals.jsonl:3 is no record of this version`,
  );
  writeFileSync(path.join(folder, 'intervals.jsonl'), 'no\n');
  await expect(makeReport(folder)).rejects.toThrow('intervals.jsonl:1 is not JSON');
});

test('an interval that a run went on with: of both records the last counts, in its place, and the page says so', async () => {
  const recorder = recorderOf();
  const [first, second] = [recordOf(starts[0] ?? '', 0), recordOf(starts[1] ?? '', 1)];
  recorder.onRecord(first);
  recorder.onRecord(second);
  recorder.onRecord({ ...first, outcome: 'interrupted', failures: ['the run had ended'] });
  const { intervals } = readRecords(folder);
  expect(intervals.map(({ plan, outcome }) => [plan.interval, outcome])).toEqual([
    [starts[0], 'interrupted'],
    [starts[1], 'applied'],
  ]);
  const html = readFileSync(await makeReport(folder), 'utf8');
  expect(html).toContain(
    `Interrupted: the run had ended before these were done, and went on with them: ${starts[0] ?? ''}.`,
  );
  expect(html).toContain('a change failed: the run had ended');
  const table = readFileSync(path.join(folder, 'requests_from.csv'), 'utf8');
  expect(table.trimEnd().split('\n')).toHaveLength(1 + starts.length);
});

describe('an interval that had not its own plan', () => {
  const held = (outcome: 'held' | 'failed', why: string, failures: string[]): IntervalRecord => {
    const record = recordOf(starts[1] ?? '', 1);
    return { ...record, outcome, failures, plan: { ...record.plan, carbonSum: NaN, held: why } };
  };
  const pageOf = async (record: IntervalRecord): Promise<string> => {
    const recorder = recorderOf();
    recorder.onRecord(recordOf(starts[0] ?? '', 0));
    recorder.onRecord(record);
    return readFileSync(await makeReport(folder), 'utf8');
  };

  test('because its change failed: the page says so, and of what', async () => {
    const html = await pageOf(
      held('failed', 'its own did not come into force', ['the API <server> is away']),
    );
    expect(html).toContain(`Failed, so that an earlier plan served: ${starts[1] ?? ''}.`);
    expect(html).toContain(`<tr><td>${starts[1] ?? ''}</td><td>failed</td>`);
    expect(html).toContain('a change failed: the API &lt;server&gt; is away');
    expect(html).not.toMatch(/gCO2e\/kWh: NaN/);
    expect(readRecords(folder).intervals[1]?.plan.carbonSum).toBeNull();
  });

  test('because nothing could be planned: the same', async () => {
    const html = await pageOf(held('held', 'the carbon intensity of north is missing', []));
    expect(html).toContain(`Held, as nothing could be planned: ${starts[1] ?? ''}.`);
    expect(html).toContain('held: the carbon intensity of north is missing');
    expect(html).not.toContain('Failed, so that');
  });
});

test('an interval that begins with a region still lost: record and page name it, once', async () => {
  const whole = recordOf(starts[0] ?? '', 0);
  const lost = 'left out, because lost: south';
  const record = {
    ...whole,
    plan: { ...whole.plan, without: ['south'] },
    update: { ...whole.update, notes: [lost] },
  };
  recorderOf().onRecord(record);
  expect(readRecords(folder).intervals[0]?.plan.without).toEqual(['south']);
  expect(readFileSync(await makeReport(folder), 'utf8').split(lost)).toHaveLength(2);
  rmSync(path.join(folder, 'intervals.jsonl'));
  recorderOf().onRecord({ ...record, update: whole.update });
  expect(readFileSync(await makeReport(folder), 'utf8')).toContain(`<td>${lost}</td>`);
});

describe('a live run’s page says what each value was planned from', () => {
  const value = {
    ...{ gramsPerKwh: 41.96, from: 'lastKnown', source: 'maps', zone: 'FR', ageSeconds: 1800 },
    ...{ method: 'average', basis: 'estimated', start: '', fetchedAt: '' },
  };
  const rate = { requestsPerSecond: 12, from: 'measured', ageSeconds: 0, measured: null };
  const tick = (interval: string, outcome: string, values: object | null): string =>
    `${JSON.stringify({ at: interval, interval, outcome, values, reasons: [] })}\n`;
  const [first = '', second = ''] = starts;
  const cellsIn = (page: string): string[] => {
    const [, after = ''] = page.split('<h2>What was planned from</h2>');
    return [...after.matchAll(/<tr>(.*?)<\/tr>/g)].map(([, row = '']) =>
      row.replaceAll(/<\/t[dh]><t[dh]>/g, '|').replaceAll(/<[^>]+>/g, ''),
    );
  };

  test('by interval and region: from, source, age, and what was wrong', async () => {
    record();
    const values = {
      carbon: { north: value, south: { missing: 'maps, zone PL: status 429' } },
      demand: { north: rate, south: { ...rate, from: 'forecast', ageSeconds: 60 } },
      faults: ['north: rate limited: maps, zone FR: <429>', 'no forecast of demand'],
    };
    const others = { ...values, carbon: { north: { ...value, from: 'source', ageSeconds: 0 } }, faults: [] };
    writeFileSync(
      path.join(folder, 'ticks.jsonl'),
      tick(first, 'held', values) +
        tick(second, 'paused', null) +
        tick(second, 'applied', others) +
        tick(second, 'held', values),
    );
    expect(cellsIn(readFileSync(await makeReport(folder), 'utf8'))).toEqual([
      'interval|tick|region|gCO2e/kWh|from|source|age, s|requests/s|from|age, s|what was wrong',
      `${first}|held|north|42.0|lastKnown|maps FR|1800|12.0|measured|0|rate limited: maps, zone FR: &lt;429&gt;`,
      `${first}|held|south||missing|||12.0|forecast|60|carbon intensity: maps, zone PL: status 429`,
      `${first}|held|||||||||no forecast of demand`,
      `${second}|applied|north|42.0|source|maps FR|0|12.0|measured|0|`,
      `${second}|applied|south|||||12.0|forecast|60|`,
    ]);
  });

  test('nothing where nothing was read, and where the run was not live', async () => {
    record();
    expect(readFileSync(await makeReport(folder), 'utf8')).not.toContain('What was planned from');
    writeFileSync(path.join(folder, 'ticks.jsonl'), tick(first, 'paused', null));
    expect(readFileSync(await makeReport(folder), 'utf8')).not.toContain('What was planned from');
  });

  test('a value without where it came from is no record', async () => {
    record();
    const carbon = { north: { gramsPerKwh: 42, ageSeconds: 0 } };
    writeFileSync(path.join(folder, 'ticks.jsonl'), tick(first, 'held', { carbon, demand: {}, faults: [] }));
    await expect(makeReport(folder)).rejects.toThrow(/ticks\.jsonl:1 is no record/);
  });
});

test('records of before outcomes were written are of intervals that were applied', async () => {
  record();
  const file = path.join(folder, 'intervals.jsonl');
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(',"outcome":"applied","failures":[]', ''));
  expect(readFileSync(file, 'utf8')).not.toContain('outcome');
  expect(readFileSync(await makeReport(folder), 'utf8')).toContain('<td>applied</td>');
});

describe('a disk that takes nothing more', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  const lines = (): string[] => readFileSync(path.join(folder, 'intervals.jsonl'), 'utf8').trim().split('\n');

  test('is told of, and what it did not take is written once it takes something again, in order', () => {
    told.length = 0;
    const recorder = recorderOf();
    recorder.onRecord(recordOf(starts[0] ?? '', 0));
    const sync = jest.spyOn(fs, 'fsyncSync').mockImplementation(() => {
      throw full;
    });
    try {
      recorder.onRecord(recordOf(starts[1] ?? '', 1));
      recorder.onRecord(recordOf('2026-01-05T02:00:00Z', 2));
    } finally {
      sync.mockRestore();
    }
    expect(lines()).toHaveLength(1);
    expect(told.at(-1)).toMatch(/^2 records wait for the disk, and are tried again with the next: ENOSPC/);
    recorder.onEnd();
    expect(lines().map((line) => (JSON.parse(line) as IntervalRecord).plan.interval)).toEqual([
      ...[...starts, '2026-01-05T02:00:00Z'],
    ]);
  });

  test('is not what another error is taken for', () => {
    const recorder = recorderOf();
    const sync = jest.spyOn(fs, 'fsyncSync').mockImplementation(() => {
      throw new Error('a mistake');
    });
    try {
      expect(() => {
        recorder.onRecord(recordOf(starts[0] ?? '', 0));
      }).toThrow('a mistake');
    } finally {
      sync.mockRestore();
    }
  });
});
