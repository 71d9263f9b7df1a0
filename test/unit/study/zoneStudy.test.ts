import path from 'node:path';
import { greedyPlacement } from '../../../study/greedyPlacement';
import { zoneRows } from '../../../study/studySummary';
import { uniformCapacity } from '../../../planning/regionCapacity';
import { readPublished, readZones } from '../../../traces/readZones';
import { benchmarks } from '../wikiTraces';
import { runExperiment } from './runExperiment';

const folder = (): string => path.join(benchmarks(), 'eurosys24');
const experiment = {
  kind: 'zones',
  year: 2022,
  idlePercents: [0, 50, 99],
  boundsMs: [5, 50, 100, 150, 200, 250, 300],
  policies: ['greedy', 'exact'],
};

test('EuroSys’24: the greedy method gives what was published, the optimum is at most that', async () => {
  const published = readPublished(path.join(folder(), 'published_emissions.csv'));
  const rows = zoneRows(await runExperiment(folder(), experiment), published);
  const compared = rows.filter(({ publishedGramsPerKwh }) => publishedGramsPerKwh !== null);
  expect(compared).toHaveLength(21);
  for (const row of compared) {
    expect(Math.abs((row.gramsPerKwh ?? NaN) - (row.publishedGramsPerKwh ?? NaN))).toBeLessThan(1e-6);
    const exact = rows.find(
      ({ policy, idlePercent, boundMs }) =>
        policy === 'exact' && idlePercent === row.idlePercent && boundMs === row.boundMs,
    );
    expect(exact?.gramsPerKwh).toBeLessThanOrEqual((row.publishedGramsPerKwh ?? NaN) + 1e-9);
    if (row.idlePercent === 50 && row.boundMs === 100) expect(exact?.gramsPerKwh).toBeCloseTo(225.6, 2);
  }
});

test('the two Australian zones that the artefact loses are found by their other names', () => {
  expect(readZones(folder(), 2022)).toMatchObject({ withoutCarbon: ['IN-DL', 'AUS-NSW', 'AUS-VIC'] });
  const zones = readZones(folder(), 2022, { 'AUS-NSW': 'AU-NSW', 'AUS-VIC': 'AU-VIC' });
  expect(zones.withoutCarbon).toEqual(['IN-DL']);
  expect(zones.names).toHaveLength(32);
  expect(() => readZones(folder(), 2022, { 'AU-NSW': 'AU-NSW' })).toThrow(
    /has no zone AU-NSW; it has: TW, HK/,
  );
});

test('errors of the forecast cost carbon, the same for the same seed', async () => {
  const noisy = {
    ...experiment,
    idlePercents: [50],
    boundsMs: [100],
    errorPercents: [0, 20, 100],
    draws: 20,
  };
  const run = async () => zoneRows(await runExperiment(folder(), noisy), () => null);
  const rows = await run();
  const above = rows
    .filter(({ policy }) => policy === 'exact')
    .map(({ aboveOptimum }) => aboveOptimum ?? NaN);
  expect(above[0]).toBe(0);
  expect(above[1]).toBeGreaterThan(0);
  expect(above[2]).toBeGreaterThan(above[1] ?? NaN);
  expect(await run()).toEqual(rows);
  const compounded = await runExperiment(folder(), { ...noisy, errors: 'compounded' });
  expect(zoneRows(compounded, () => null).at(-1)?.aboveOptimum).toBeGreaterThan(above[2] ?? NaN);
});

test('greedy: the cleanest goes first, and sends on what finds no room beside its own', () => {
  const regions = ['clean', 'middle', 'dirty'];
  const { requests, servers } = greedyPlacement({
    regions,
    requestsPerSecond: [60, 60, 60],
    carbonGramsPerKwh: [10, 20, 30],
    latencyMs: regions.map(() => [1, 1, 1]),
    capacity: uniformCapacity(regions, { requestsPerServer: 1, maxServersPerRegion: 100 }),
    maxLatencyMs: 5,
  });
  expect(requests).toEqual([
    [40, 20, 0],
    [60, 0, 0],
    [0, 60, 0],
  ]);
  expect(servers).toEqual([100, 80, 0]);
});
