import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { readRateFile } from '../../../load/rateFile';
import { LoadError } from '../../../load/loadError';
import { StackConfigError } from '../../../stack/stackConfig';
import { readStackFile, writeStackPlan } from '../../../stack/stackFile';
import { readRecords, RecordError } from '../../../report/records';
import { keyOf, nothingKept, readKept } from '../../../signals/keptSignals';
import { readColumnNames } from '../../../traces/regionNames';
import { readRegions } from '../../../traces/readRegions';
import { readTrace } from '../../../traces/readTrace';
import { TraceError } from '../../../traces/traceError';
import { goodFiles, removeTraceFolders, traceFolder } from '../traces/traceFolder';
import { expectRefusal, fuzz, fuzzTimeoutMs, mutated, outcomeOf } from './mutations';

jest.setTimeout(fuzzTimeoutMs);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'casper-fuzz-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});
afterEach(removeTraceFolders);

/** Runs a property over mutations of a text. */
const overMutations = (text: string, look: (mutant: string) => Promise<void>): Promise<void> =>
  fc.assert(fc.asyncProperty(mutated(text), look), fuzz);

test.each(['carbon_intensities.csv', 'requests.csv', 'latency.csv'] as const)(
  'a trace with another %s is read or refused, and its numbers can be what they say',
  async (name) => {
    const directory = traceFolder(goodFiles);
    await overMutations(goodFiles[name], async (text) => {
      writeFileSync(path.join(directory, name), text);
      const read = await outcomeOf(() => readTrace(directory));
      if ('error' in read) {
        expectRefusal(read.error, TraceError);
        return;
      }
      const trace = read.value;
      const whole = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= 1e7;
      const between = (least: number, most: number) => (value: number | null) =>
        value === null || (value >= least && value <= most);
      const end = 4_102_444_800;
      expect(trace.latencyMs.flat().every(between(0, 10_000))).toBe(true);
      expect(
        trace
          .requestsBefore(1_748_750_400, 6)
          .flat()
          .every((value) => value === null || whole(value)),
      ).toBe(true);
      expect(trace.carbonBefore(1_748_750_400, 6).flat().every(between(Number.MIN_VALUE, 2000))).toBe(true);
      expect(Date.parse(trace.lastInterval) / 1000).toBeLessThan(end);
    });
  },
);

test('a regions.csv', async () => {
  const file = path.join(folder, 'regions.csv');
  const text =
    'region,servers,min_servers,requests_per_server,idle_watts,dynamic_watts,pue,price_per_hour,destinations\n' +
    'north,20,2,10,100,80.5,1.2,0.05,north south\nsouth,30,0,,,,1.1,,\nwest,5,1,8,90,70,1.5,0.1,west\n';
  await overMutations(text, async (mutant) => {
    writeFileSync(file, mutant);
    const read = await outcomeOf(() => readRegions(file, ['north', 'south', 'west']));
    if ('error' in read) {
      expectRefusal(read.error, TraceError);
      return;
    }
    for (const {
      minServers = 0,
      maxServers = minServers,
      requestsPerServer = 1,
      pue = 1,
      ...row
    } of read.value.values()) {
      expect(
        [minServers, maxServers, requestsPerServer].every((count) => Number.isInteger(count) && count >= 0),
      ).toBe(true);
      expect(maxServers).toBeGreaterThanOrEqual(minServers);
      expect(pue).toBeGreaterThanOrEqual(1);
      const others = [row.idleWatts, row.dynamicWatts, row.pricePerServerHour];
      expect(others.every((value) => value === undefined || (value >= 0 && Number.isFinite(value)))).toBe(
        true,
      );
    }
  });
});

test('a zones.csv', async () => {
  const directory = mkdtempSync(path.join(folder, 'zones-'));
  await overMutations('zone,region\nDE,de\nUS-CAL-CISO,us-cal-ciso-2\nFR,fr\n', async (mutant) => {
    writeFileSync(path.join(directory, 'zones.csv'), mutant);
    const read = await outcomeOf(() => readColumnNames(directory));
    if ('error' in read) expectRefusal(read.error, TraceError);
    else expect([...read.value].flat().every((name) => name !== '')).toBe(true);
  });
});

describe('records of a run', () => {
  const interval = '2026-01-05T00:00:00Z';
  const run = {
    ...{ stack: 'dev', regions: ['north'], intervals: [interval], loadShare: 1 },
    ...{ latencyMs: { north: { north: 1 } }, comparison: { baselines: [], synthetic: false, policies: [] } },
  };
  const record = {
    plan: {
      ...{ interval, regions: ['north'], servers: { north: 8 }, requests: { north: { north: 3 } } },
      ...{ carbonSum: 1200, meanLatencyMs: 20 },
    },
    ...{ outcome: 'applied', failures: [], update: { seconds: 3.5, notes: [] } },
    ...{ startedAtMs: 0, endedAtMs: 10_000, inForceAtMs: 4000, carbonGramsPerKwh: { north: 100 } },
  };
  const value = { gramsPerKwh: 42, from: 'source', source: 'maps', zone: 'FR', ageSeconds: 0 };
  const values = {
    carbon: { north: value, south: { missing: 'status 429' } },
    demand: { north: { requestsPerSecond: 3, from: 'measured', ageSeconds: 0 } },
    faults: ['north: stale'],
  };
  const texts: Record<string, string> = {
    'run.json': `${JSON.stringify(run)}\n`,
    'intervals.jsonl': `${JSON.stringify(record)}\n`.repeat(2),
    'ticks.jsonl': `${JSON.stringify({ at: interval, interval, outcome: 'applied', values })}\n`.repeat(2),
  };

  test.each(Object.keys(texts))('%s', async (name) => {
    const directory = mkdtempSync(path.join(folder, 'run-'));
    for (const [file, text] of Object.entries(texts)) writeFileSync(path.join(directory, file), text);
    let whole = 0;
    await overMutations(texts[name] ?? '', async (mutant) => {
      writeFileSync(path.join(directory, name), mutant);
      const read = await outcomeOf(() => readRecords(directory));
      if ('error' in read) {
        expectRefusal(read.error, RecordError);
        return;
      }
      const { intervals, ticks } = read.value;
      whole += intervals.length + ticks.length;
      const numbers = [
        ...intervals.flatMap(({ startedAtMs, endedAtMs, plan }) => [
          ...[startedAtMs, endedAtMs],
          ...Object.values(plan.servers),
        ]),
        ...ticks.flatMap(({ values: used }) =>
          Object.values(used?.carbon ?? {}).map((one) => ('missing' in one ? 0 : one.ageSeconds)),
        ),
      ];
      expect(numbers.every(Number.isFinite)).toBe(true);
    });
    expect(whole).toBeGreaterThan(0);
  });
});

test('what is kept of a zone: as it was, or as if nothing were', async () => {
  const directory = mkdtempSync(path.join(folder, 'kept-'));
  const identity = 'electricityMaps';
  const start = '2026-08-13T12:00:00Z';
  const actual = {
    ...{ zone: 'FR', start, seconds: 3600, gramsPerKwh: 42.5, source: 'maps', fetchedAt: start },
    ...{ method: { signal: 'average', factors: 'lifeCycle', flowTraced: true }, basis: 'measured' },
    tense: 'actual',
  };
  const asking = { atMs: 1, untilMs: 2, newest: start, faults: [{ kind: 'stale', message: 'old' }] };
  const text = JSON.stringify({
    ...{ version: 1, latest: asking, forecastAsking: null, actual: [actual], forecast: [] },
  });
  let kept = 0;
  await overMutations(text, async (mutant) => {
    writeFileSync(path.join(directory, `FR-${keyOf({ identity })}.json`), mutant);
    const read = await outcomeOf(() => readKept(directory, { identity }, 'FR'));
    if ('error' in read) throw read.error;
    if (read.value === nothingKept) return;
    kept += 1;
    for (const { gramsPerKwh, seconds, start: begins } of [...read.value.actual, ...read.value.forecast]) {
      expect(gramsPerKwh > 0 && gramsPerKwh <= 2000 && Number.isFinite(seconds)).toBe(true);
      expect(Date.parse(begins)).not.toBeNaN();
    }
  });
  expect(kept).toBeGreaterThan(0);
});

test('a concurrency.out', async () => {
  const file = path.join(folder, 'concurrency.out');
  await overMutations('120\n80.5\n0\n1000000\n33\n', async (mutant) => {
    writeFileSync(file, mutant);
    const read = await outcomeOf(() => readRateFile(file));
    if ('error' in read) expectRefusal(read.error, LoadError);
    else expect(read.value.every((rate) => rate >= 0 && rate <= 1_000_000)).toBe(true);
  });
});

describe('a stack file', () => {
  const project = path.join(__dirname, '../../..');
  test.each(['Pulumi.dev.yaml', 'test/unit/stack/former/Pulumi.lab.yaml'])('%s', async (name) => {
    const file = path.join(folder, 'Pulumi.fuzz.yaml');
    copyFileSync(path.join(project, name), file);
    const { plan } = readStackFile(file);
    await overMutations(readFileSync(file, 'utf8'), async (mutant) => {
      writeFileSync(file, mutant);
      const read = await outcomeOf(() => readStackFile(file));
      if ('error' in read) expectRefusal(read.error, StackConfigError);
      else {
        const { regions, plan: found } = read.value;
        for (const { name: region } of regions) {
          expect(Number.isInteger(found.regions[region]?.servers)).toBe(true);
          expect(Object.keys(found.weights[region] ?? {}).length).toBeGreaterThan(0);
        }
      }
      // Written into, it says the plan afterwards, or is what it was.
      const written = await outcomeOf(() => writeStackPlan(file, plan));
      if ('error' in written) {
        expectRefusal(written.error, StackConfigError);
        expect(readFileSync(file, 'utf8')).toBe(Buffer.from(mutant).toString());
      } else expect(readStackFile(file).plan).toEqual(plan);
    });
  });
});
