import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { studyTable, type StudyTable } from '../../../report/studyTables';
import type { TraceRow } from '../../../study/studySummary';
import { removeTraceFolders } from '../traces/traceFolder';
import { firstSeconds, hourlyTrace } from './hourlyTrace';
import { runExperiment } from './runExperiment';

afterAll(removeTraceFolders);

const hours = 24;
const experiment = { kind: 'trace', boundsMs: [500], policies: ['latency', 'replay', 'carbon'] };
/** North is the cleanest on average and the dirtiest at the margin. */
const marginal = { north: 900, south: 500, west: 400 };

async function table(folder: string, more: object): Promise<StudyTable> {
  return studyTable(await runExperiment(folder, { ...experiment, ...more }), 1);
}
const rowOf = ({ rows }: StudyTable, policy: string): TraceRow =>
  (rows as TraceRow[]).find((row) => row.policy === policy) as TraceRow;

/** A table of the same hours. */
function writeTable(folder: string, header: string, cellsAt: (hour: number) => string): void {
  const rows = Array.from({ length: hours }, (_, hour) => `${firstSeconds + 3600 * hour},${cellsAt(hour)}`);
  writeFileSync(path.join(folder, 'marginal.csv'), `timestamp,${header}\n${rows.join('\n')}\n`);
}

describe('intensities by two methods', () => {
  test('the verdict turns where the clean region is dirty at the margin', async () => {
    const result = await table(hourlyTrace(hours), { alsoBy: { signal: 'marginal', gramsPerKwh: marginal } });
    const saving = rowOf(result, 'carbon').savedByBoth['replay'];
    expect(saving?.share).toBeGreaterThan(0.1);
    expect(saving?.otherwiseShare).toBeLessThan(-0.1);
    expect(saving?.turns).toBe(true);
    // In three hours south is the cleanest on average, and no dirtier than north at the margin.
    expect(saving?.turnedHours).toBe(hours - 3);
    expect(result.head).toContain('vs replay, marginal');
    expect(result.cells.at(-1)).toContainEqual(expect.stringMatching(/^-\d.* TURNS$/));
    expect(result.notes.join('\n')).toMatch(
      /carbon, 100 servers, 500 ms: the verdict turns against latency in \d+ of 24 hours, against replay in 21 of 24 hours; .* % of all requests moved .*% of those to north/,
    );
  });

  test('the same intensities once more: the same savings, and nothing turns', async () => {
    const folder = hourlyTrace(hours);
    writeTable(folder, 'west,north,south', (hour) => {
      const wave = (crest: number): number => Math.round(80 * Math.cos((2 * Math.PI * (hour - crest)) / 24));
      return [400 + wave(12), 200 + wave(0), 300 + wave(6)].join();
    });
    const result = await table(folder, { alsoBy: { signal: 'average', table: 'marginal.csv' } });
    const saving = rowOf(result, 'carbon').savedByBoth['replay'];
    expect(saving?.otherwiseShare).toBeCloseTo(saving?.share ?? NaN, 12);
    expect(saving).toMatchObject({ turns: false, turnedHours: 0 });
  });

  test('marginal data in one region only: not counted, the reason, and the rest stands', async () => {
    const folder = hourlyTrace(hours);
    writeTable(folder, 'north', () => '900');
    for (const alsoBy of [
      { signal: 'marginal', table: 'marginal.csv' },
      { signal: 'marginal', gramsPerKwh: { north: 900 } },
    ]) {
      const result = await table(folder, { alsoBy });
      expect(result.notes.join('\n')).toMatch(
        /PARTIAL: not counted by marginal intensity, .*alsoBy has no marginal intensity of south, west \(it has north\); .*add the missing regions, or name under regions/,
      );
      expect(rowOf(result, 'carbon').savedByBoth).toEqual({});
      expect(rowOf(result, 'carbon').savedAgainst['replay']?.share).toBeGreaterThan(0);
    }
  });

  test('holes in a third of its hours: left out on both sides, and marked', async () => {
    const folder = hourlyTrace(hours);
    writeTable(folder, 'north,south,west', (hour) => (hour % 3 === 1 ? '900,,400' : '900,500,400'));
    const result = await table(folder, { alsoBy: { signal: 'marginal', table: 'marginal.csv' } });
    expect(result.notes.join('\n')).toMatch(/PARTIAL: without 8 hours that it has no value of/);
    expect(rowOf(result, 'carbon').savedByBoth['replay']?.hours).toBe(16);
  });

  test('a table of another time, and one that is not there', async () => {
    const folder = hourlyTrace(hours);
    writeFileSync(path.join(folder, 'marginal.csv'), 'timestamp,north,south,west\n0,900,500,400\n');
    const result = await table(folder, { alsoBy: { signal: 'marginal', table: 'marginal.csv' } });
    expect(result.notes.join('\n')).toMatch(/in none of the 24 hours; take a table of the same time/);
    await expect(table(folder, { alsoBy: { signal: 'marginal', table: 'margin.csv' } })).rejects.toThrow(
      /margin\.csv does not exist/,
    );
  });

  test('what is planned by can be marginal', async () => {
    const folder = hourlyTrace(hours);
    writeTable(folder, 'north,south,west', () => '900,500,400');
    const result = await table(folder, {
      intensity: { table: 'marginal.csv', signal: 'marginal', scope: 'direct' },
    });
    expect(result.notes.join('\n')).toMatch(/gCO2e by marginal intensity, direct \(marginal\.csv\)/);
    // West is the cleanest at the margin, and everything fits there.
    expect(rowOf(result, 'carbon').measured?.outcome.carbonGrams).toBeCloseTo(
      ((rowOf(result, 'carbon').measured?.outcome.requests ?? NaN) * 400) / 1000,
      9,
    );
  });
});

test('idle power, PUE, embodied carbon and the network add up, and the table says how it was counted', async () => {
  const folder = hourlyTrace(hours);
  const [plain, full] = [
    await table(folder, { policies: ['replay'] }),
    await table(folder, {
      policies: ['replay'],
      accounting: {
        ...{ idleWatts: 50, dynamicWatts: 10, pue: 1.2 },
        ...{ embodiedGramsPerServerHour: 3, networkJoulesPerRequest: 0.5 },
      },
    }),
  ];
  const [before, after] = [plain, full].map((result) => rowOf(result, 'replay').measured?.outcome);
  if (!before || !after) throw new Error('not measured');
  expect(after.embodiedGrams).toBeCloseTo(3 * after.servers, 9);
  // At home both halves of the network count by the same grid: half a joule beside one.
  expect(after.networkGrams).toBeCloseTo(before.carbonGrams / 2, 9);
  const operational = after.carbonGrams - after.embodiedGrams - after.networkGrams;
  expect(operational).toBeGreaterThan(1.2 * before.carbonGrams);
  expect(after.energyKwh).toBeCloseTo(
    (1.2 * (50 * after.servers + after.requests) + after.requests / 2) / 1000,
    9,
  );
  expect(plain.notes.join('\n')).toMatch(
    /gCO2e by average intensity, life cycle or direct not stated \(carbon_intensities\.csv\), 0 W of an idle server, 1 W a request\/s, PUE 1, nothing embodied, no energy of the network/,
  );
  expect(full.notes.join('\n')).toMatch(
    /50 W of an idle server, 1 W a request\/s, PUE 1\.2, 3 g embodied an hour of a server, 0\.5 J of the network a request/,
  );
});
