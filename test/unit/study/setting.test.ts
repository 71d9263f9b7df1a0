import { studyTable } from '../../../report/studyTables';
import { capacityLikeReference } from '../../../planning/regionCapacity';
import { problemOf } from '../../../planning/planOptions';
import { settingOf, withSpread } from '../../../study/setting';
import { readTrace } from '../../../traces/readTrace';
import { goodFiles, removeTraceFolders, traceFolder } from '../traces/traceFolder';
import { hourlyTrace } from './hourlyTrace';
import { runExperiment } from './runExperiment';

afterAll(removeTraceFolders);

const options = { maxLatencyMs: 500, capacity: capacityLikeReference({ maxServers: 2 }) };

test('the numbers of a setting, by hand', () => {
  const hour = problemOf(
    readTrace(traceFolder(goodFiles)),
    readTrace(traceFolder(goodFiles)).at('2025-06-01T00:00:00Z'),
    options,
  );
  const clean = { ...hour, carbonGramsPerKwh: [100, 200, 100] };
  const dirty = { ...hour, carbonGramsPerKwh: [100, 800, 100], requestsPerSecond: [0, 0, 0] };
  const { regionsFilled, regionSpread, hourSpread } = settingOf([clean, dirty]);
  // 60 and 0 requests/s, over 2 servers of 10.
  expect(regionsFilled).toBeCloseTo(30 / 20, 12);
  // The geometric mean of 200 and 800 is 400.
  expect(regionSpread).toBeCloseTo(4, 12);
  // Two of six values are off by a factor of 2.
  expect(hourSpread).toBeCloseTo(Math.exp(Math.log(2) * Math.sqrt(2 / 6)), 12);
});

test.each([
  [1, 1],
  [0.5, 1],
  [1, 2],
  [0, 0],
])(
  'a spread of %d between regions and %d between hours raises the spreads to these powers',
  (regions, hours) => {
    const trace = readTrace(hourlyTrace(48));
    const starts = trace.carbonHours().map(({ start }) => start);
    const intensities = trace.carbonHours().map(({ carbonGramsPerKwh }) => carbonGramsPerKwh);
    const before = settingOf(starts.map((start) => problemOf(trace, trace.at(start), options)));
    const spread = withSpread(trace, intensities, { regions, hours });
    const after = settingOf(starts.map((start) => problemOf(spread, spread.at(start), options)));
    expect(after.regionSpread).toBeCloseTo(before.regionSpread ** regions, 9);
    expect(after.hourSpread).toBeCloseTo(before.hourSpread ** hours, 9);
    expect(after.regionsFilled).toBe(before.regionsFilled);
  },
);

test('a hole stays a hole', () => {
  const trace = readTrace(hourlyTrace(6, (hour) => hour === 2));
  const spread = withSpread(trace, [[100, 200, 300]], { regions: 2, hours: 1 });
  expect(() => spread.at('2025-06-02T02:00:00Z')).toThrow(/has a hole/);
});

test('the map: a row each setting; where all grids are alike and constant, planning adds nothing', async () => {
  const result = await runExperiment(hourlyTrace(10 * 24), {
    ...{ kind: 'trace', show: 'map', boundsMs: [500, 20], servers: [30, 100] },
    ...{ from: '2025-06-11T00:00:00Z', to: '2025-06-12T00:00:00Z' },
    spreads: [{ regions: 1 }, { regions: 0, hours: 0 }],
    policies: ['latency', 'static', 'static-learnt', 'carbon'],
    forecasts: ['perfect', 'naive-day'],
  });
  const { map, cells, head } = studyTable(result, 1);
  expect(cells).toHaveLength(8);
  expect(head).toHaveLength(cells[0]?.length ?? NaN);
  const flat = map.filter(({ spread }) => spread.regions === 0);
  expect(flat).toHaveLength(4);
  for (const { overStatic, regionSpread, hourSpread } of flat) {
    expect([regionSpread, hourSpread]).toEqual([expect.closeTo(1, 9), expect.closeTo(1, 9)]);
    expect(overStatic).toBeCloseTo(0, 9);
  }
  const real = map.find(({ spread, servers }) => spread.regions === 1 && servers === 100);
  expect(real?.overStatic).toBeGreaterThan(0);
});

test('a setting without a placement that stays has none in the map, and the note says why', async () => {
  const result = await runExperiment(hourlyTrace(24), {
    ...{
      kind: 'trace',
      show: 'map',
      boundsMs: [500],
      policies: ['latency', 'static', 'carbon'],
      forecasts: ['naive-day'],
    },
  });
  const { map, cells, notes } = studyTable(result, 1);
  expect(map[0]).toMatchObject({ overStatic: null, overLearnt: null, overloaded: null });
  expect(cells[0]?.slice(-3)).toEqual(['none', 'none', 'none']);
  expect(notes.join('\n')).toMatch(/no result for carbon .*the forecast needs 24/);
});
