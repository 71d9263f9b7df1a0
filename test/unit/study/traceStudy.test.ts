import { studyTable } from '../../../report/studyTables';
import { traceRows, type TraceRow } from '../../../study/studySummary';
import { removeTraceFolders } from '../traces/traceFolder';
import { wikiTraces } from '../wikiTraces';
import { hourlyTrace } from './hourlyTrace';
import { runExperiment } from './runExperiment';

afterAll(removeTraceFolders);

/** A study has no flags. */
const flag = /--[a-z]/;

const experiment = {
  kind: 'trace',
  boundsMs: [500],
  policies: ['latency', 'static', 'static-learnt', 'carbon'],
};
const byPolicy = (rows: readonly TraceRow[]) => new Map(rows.map((row) => [row.policy, row]));

test('the paper’s day: its sums, and savings against every baseline', async () => {
  const rows = traceRows(
    await runExperiment(wikiTraces(), {
      ...experiment,
      policies: ['latency', 'replay', 'static', 'carbon'],
      from: '2022-08-13T00:00:00Z',
      to: '2022-08-14T00:00:00Z',
      boundsMs: [500, 150, 100, 50],
    }),
    1,
  );
  const sums = rows
    .filter(({ policy }) => policy === 'carbon')
    .map(({ measured }) => measured?.outcome.carbonSum);
  const published = [2_047_036, 2_862_056, 5_540_519.566391, 7_013_546.566391];
  for (const [index, sum] of published.entries())
    expect(Math.abs((sums[index] ?? NaN) / sum - 1)).toBeLessThan(1e-9);
  // What keeps no bound is computed once and stands beside each.
  expect(rows.map(({ policy, boundMs }) => `${policy} ${boundMs}`)).toContain('latency 50');
  expect(Object.keys(rows.at(-1)?.savedAgainst ?? {})).toEqual(['latency', 'replay', 'static']);
  expect(rows.at(-1)?.savedAgainst['replay']).toMatchObject({ overDays: null, overWeeks: null });
});

test('static-learnt knows the weeks before alone, and no more than static with hindsight', async () => {
  const folder = hourlyTrace(21 * 24);
  const range = { from: '2025-06-16T00:00:00Z', to: '2025-06-23T00:00:00Z' };
  const rows = byPolicy(traceRows(await runExperiment(folder, { ...experiment, ...range }), 1));
  const grams = (policy: string): number => rows.get(policy)?.measured?.outcome.carbonGrams ?? NaN;
  // Every week of this trace is the same, so the weeks before say all that there is to know.
  expect(grams('static-learnt') / grams('static')).toBeCloseTo(1, 2);
  expect(grams('carbon')).toBeLessThan(grams('static'));
});

test('holes in a third of the hours: they are left out, and the result is marked as partial', async () => {
  const folder = hourlyTrace(6 * 24, (hour) => hour % 3 === 1);
  const table = studyTable(
    await runExperiment(folder, { ...experiment, policies: ['latency', 'carbon'] }),
    1,
  );
  const measured = (table.rows[1] as TraceRow).measured;
  expect(measured?.outcome.intervals).toBe(96);
  expect(measured?.missingHours).toBe(48);
  expect(table.notes.join('\n')).toMatch(/PARTIAL: 48 hours more have holes/);
  expect(table.cells[1]).toContainEqual(expect.stringMatching(/ partial$/));
});

test('one hour of data: a result without confidence intervals, and no learnt placement', async () => {
  const table = studyTable(await runExperiment(hourlyTrace(1), experiment), 1);
  expect(table.notes.join('\n')).toMatch(/no confidence intervals: 1 day of data, and 4 are needed/);
  expect(table.notes.join('\n')).toMatch(
    /no result for static-learnt .*: 0 complete hours lie in the 2 weeks before/,
  );
  const rows = byPolicy(table.rows as TraceRow[]);
  expect(rows.get('carbon')?.measured?.outcome.intervals).toBe(1);
  expect(rows.get('carbon')?.savedAgainst['latency']).toMatchObject({ overDays: null });
});

test('a bound that nobody reaches: no result, the reason, and the other bounds go on', async () => {
  const folder = hourlyTrace(24);
  const table = studyTable(
    await runExperiment(folder, { ...experiment, policies: ['latency', 'carbon'], boundsMs: [0.5, 50] }),
    1,
  );
  expect(table.notes.join('\n')).toMatch(
    /no result for carbon within 0\.5 ms: .*\n.*north reaches no region within 0\.5 ms; the nearest, north, takes 1 ms/,
  );
  expect((table.rows as TraceRow[]).map(({ measured }) => measured !== null)).toEqual([
    true,
    false,
    true,
    true,
  ]);
  expect(table.notes.join('\n')).toMatch(
    /raise boundsMs\n {2}or: leastViolation: true breaks as little as can be/,
  );
  expect(table.notes.join('\n')).not.toMatch(flag);
});

test('capacity that is short, hour by hour and for one placement: what the study file has against it', async () => {
  const why = async (policy: string, servers: number): Promise<string> => {
    const result = await runExperiment(hourlyTrace(24), {
      ...experiment,
      policies: [policy],
      servers: [servers],
    });
    return studyTable(result, 1).notes.join('\n');
  };
  expect(await why('carbon', 5)).toMatch(/short; raise servers, or boundsMs to reach other regions/);
  expect(await why('carbon', 5)).not.toMatch(flag);
  // Nothing lets a placement that stays break limits.
  expect(await why('static', 5)).toMatch(/short; raise servers/);
  expect(await why('static', 5)).not.toMatch(/leastViolation/);
});

test('without glpk.js a study plans by HiGHS, to the same grams', async () => {
  const grams = async (solver: string): Promise<number[]> => {
    const policies = ['static', 'static-learnt', 'carbon'];
    const range = { from: '2025-06-09T00:00:00Z', to: '2025-06-11T00:00:00Z' };
    const result = await runExperiment(hourlyTrace(9 * 24), { ...experiment, ...range, policies, solver });
    return traceRows(result, 1).map(({ measured }) => measured?.outcome.carbonGrams ?? NaN);
  };
  const [byGlpk, byHighs] = [await grams('glpk'), await grams('highs')];
  for (const [index, value] of byHighs.entries()) expect(value).toBeCloseTo(byGlpk[index] ?? NaN, 6);
});

test('a region without data is refused with the ones that have some', async () => {
  await expect(runExperiment(hourlyTrace(24), { ...experiment, regions: ['north', 'east'] })).rejects.toThrow(
    /has no data of the region east; it has: north, south, west/,
  );
});

test('a folder that is not there is named as the study names it', async () => {
  await expect(runExperiment('/nowhere', experiment)).rejects.toThrow(
    '/nowhere is no folder; name one that holds the three CSV files of a trace as data of the study or folder of the experiment',
  );
});

test('regions can be left out', async () => {
  const [row] = traceRows(
    await runExperiment(hourlyTrace(24), {
      ...experiment,
      policies: ['latency'],
      regions: ['west', 'north'],
    }),
    1,
  );
  expect(row?.measured?.regions).toBe(2);
});

test('a forecast without enough history: no result and what it needs', async () => {
  const result = await runExperiment(hourlyTrace(48), {
    ...{ kind: 'trace', boundsMs: [500], policies: ['carbon'], forecasts: ['regression'] },
  });
  expect(studyTable(result, 1).notes.join('\n')).toMatch(
    /no result for carbon .*the forecast needs 336; begin later \(from\), or take another of the forecasts$/,
  );
});

describe('errors of the carbon intensities that are planned from', () => {
  const range = { from: '2025-06-17T00:00:00Z', to: '2025-06-19T00:00:00Z' };
  const noisy = {
    ...{ ...experiment, ...range, policies: ['latency', 'carbon', 'horizon'], horizonIntervals: 3 },
    ...{ carbonErrorPercents: [0, 50, 100] },
  };
  const run = async (forecasts: readonly string[]) =>
    traceRows(await runExperiment(hourlyTrace(17 * 24), { ...noisy, forecasts }), 1);

  test('cost carbon, more where they are larger, the same for the same seed, and nothing where none is planned from', async () => {
    const rows = await run(['perfect']);
    for (const policy of ['carbon', 'horizon']) {
      const lost = rows
        .filter((row) => row.policy === policy)
        .map(({ pointsToOracle }) => pointsToOracle ?? NaN);
      expect(lost[0]).toBe(0);
      expect(lost[1]).toBeGreaterThan(0.01);
      expect(lost[2]).toBeGreaterThan(lost[1] ?? NaN);
    }
    expect(rows.filter(({ policy }) => policy === 'latency')).toHaveLength(1);
    expect(await run(['perfect'])).toEqual(rows);
  });

  test('come on top of those of a forecast', async () => {
    const rows = (await run(['naive-week'])).filter(({ policy }) => policy === 'carbon');
    // Weeks repeat here, so that the forecast itself is off by nothing.
    const grams = rows.map(({ measured }) => measured?.outcome.carbonGrams ?? NaN);
    expect(rows.map(({ carbonErrorPercent }) => carbonErrorPercent)).toEqual([0, 50, 100]);
    expect(grams[1]).toBeGreaterThan((grams[0] ?? NaN) * 1.001);
    expect(grams[2]).toBeGreaterThan(grams[1] ?? NaN);
  });

  test('have a column of the table', async () => {
    const result = await runExperiment(hourlyTrace(17 * 24), { ...noisy, policies: ['carbon'] });
    const { head, cells } = studyTable(result, 1);
    expect(cells.map((row) => row[head.indexOf('error %')])).toEqual([0, 50, 100]);
    const plain = await runExperiment(hourlyTrace(48), { ...experiment, policies: ['carbon'] });
    expect(studyTable(plain, 1).head).not.toContain('error %');
  });
});
