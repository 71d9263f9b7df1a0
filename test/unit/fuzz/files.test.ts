import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { readRateFile } from '../../../load/rateFile';
import { LoadError } from '../../../load/loadError';
import { StackConfigError } from '../../../stack/stackConfig';
import { readStackFile, writeStackPlan } from '../../../stack/stackFile';
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
