import { chart } from '../../../report/chart';
import { runReport, type ReportedInterval } from '../../../report/runReport';

const interval = '2026-01-05T00:00:00Z';
const plan = {
  interval,
  regions: ['north', 'so<uth'],
  servers: { north: 3, 'so<uth': 1 },
  requests: { north: { north: 30, 'so<uth': 10 } },
  carbonSum: 7900,
};

const served = (count: number | 'unknown', resets = 0): ReportedInterval => ({
  plan,
  outcome: 'applied',
  upSeconds: 4.25,
  notes: ['us-east-1 was <slow>'],
  served: {
    seconds: 10,
    carbonGramsPerKwh: { north: 100, 'so<uth': 490 },
    observations: [
      {
        origin: 'north',
        destination: 'north',
        requests:
          count === 'unknown'
            ? { unknown: 'nobody read it' }
            : {
                served: count,
                serverErrors: 2,
                clientAborts: 1,
                resets,
                serviceTime: { meanMs: 1, p50Ms: 1, p95Ms: 1, p99Ms: 1 },
              },
      },
    ],
    shares: [
      {
        origin: 'north',
        destination: 'north',
        plannedRequestsPerSecond: 30,
        plannedPercent: 75,
        servedPercent: count === 'unknown' ? { unknown: 'nobody read it' } : 74.9,
        served: count === 'unknown' ? { unknown: 'nobody read it' } : count,
        resets,
      },
    ],
    client: {
      due: 400,
      sent: 399,
      answered: 390,
      failed: { status: 5, connection: 3, timeout: 1 },
      notSent: 1,
      errorStatuses: {},
      latencyMs: { p50: 1, p95: 2, p99: 3, max: 4 },
      lateMs: null,
      slow: 2,
    },
    inForceAfterSeconds: 6,
  },
});

const run = {
  stack: 'dev & all',
  intervals: [interval],
  comparison: {
    baselines: ['latency', 'replay', 'static'],
    synthetic: true,
    policies: [
      {
        ...{ policy: 'carbon', infeasible: null, carbonKg: 7.9, meanLatencyMs: 12.345, servers: 4 },
        savedAgainst: { latency: 0.5, static: 0.025 },
      },
      {
        ...{ policy: 'replay', infeasible: 'No placement for it', carbonKg: null, meanLatencyMs: null },
        ...{ servers: null, savedAgainst: {} },
      },
    ],
  },
};

/** Texts of the cells, row by row. */
const rowsOf = (html: string): string[][] =>
  [...html.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row = '']) =>
    [...row.matchAll(/<t[hd]>(.*?)<\/t[hd]>/gs)].map(([, cell = '']) => cell),
  );

test('what was counted by a Traefik that began anew is a lower bound wherever it stands, and why', async () => {
  const html = await runReport(run, [served(300, 2)]);
  const rows = rowsOf(html);
  expect(rows).toContainEqual([interval, 'applied', '4.3', '6.0', '399', '10', '2', '&gt;=3']);
  expect(rows).toContainEqual([interval, 'north', 'north', '&gt;=300', '75.00', '~74.90']);
  expect(html).toContain('the Traefik of north began anew (2 x)');
  expect(await runReport(run, [served(300)])).not.toMatch(/began anew|&gt;=|~/);
});

test('figures of the run, and savings against every baseline', async () => {
  const html = await runReport(run, [served(300)]);
  const rows = rowsOf(html);
  expect(rows).toContainEqual([interval, 'applied', '4.3', '6.0', '399', '10', '2', '3']);
  expect(rows).toContainEqual([interval, 'north', 'north', '300', '75.00', '74.90']);
  expect(rows).toContainEqual(['carbon', '7.900', '12.35', '4', '50.0 %', '', '2.5 %']);
  expect(rows.find(([policy]) => policy === 'replay')?.[1]).toContain('No placement');
  expect(html).toContain('The trace is synthetic.');
  expect(html).toContain('dev &amp; all: 2026-01-05T00:00:00Z to 2026-01-05T00:00:00Z');
  expect(rows).toContainEqual([interval, 'us-east-1 was &lt;slow&gt;']);
  expect(html).not.toContain('The run ended');
  expect(html.match(/<svg/g)).toHaveLength(4);
});

test('what is unknown says so, and is no number in any chart', async () => {
  const html = await runReport(run, [served('unknown')]);
  expect(rowsOf(html)).toContainEqual([interval, 'applied', '4.3', '6.0', '399', '10', '2', 'unknown']);
  expect(rowsOf(html)).toContainEqual([interval, 'north', 'north', 'unknown', '75.00', 'unknown']);
  expect(html).not.toContain('NaN');
});

test('a run that sent nothing shows its plans', async () => {
  const html = await runReport(run, [{ plan, outcome: 'applied', upSeconds: 1, notes: [] }]);
  expect(html).toContain('Requests, planned by region');
  expect(html.match(/<svg/g)).toHaveLength(3);
});

test('a run that ended early says so; requests that were not over are no number', async () => {
  const [done] = [served(300)];
  const html = await runReport({ ...run, intervals: [interval, '2026-01-05T01:00:00Z'] }, [
    { ...done, ...(done.served && { served: { ...done.served, client: null } }) },
  ]);
  expect(html).toContain('The run ended after 1 of 2 intervals.');
  expect(rowsOf(html)).toContainEqual([
    interval,
    'applied',
    '4.3',
    '6.0',
    'unknown',
    'unknown',
    'unknown',
    '3',
  ]);
});

test('names cannot be taken for markup, nor can the page ask for anything elsewhere', async () => {
  const html = await runReport(run, [served(300)]);
  expect(html).toContain('so&lt;uth');
  expect(html).not.toContain('so<uth');
  expect(html).not.toMatch(/<script|(src|href)="/);
});

test('a point without a value leaves a gap', async () => {
  const points = [1, null, 3].map((value, index) => ({ x: `t${index}`, series: 'a', value }));
  const svg = await chart(points, { title: 'x', axis: 'y', mark: 'line' });
  // Two separate points, and no line between them.
  expect(svg.match(/aria-roledescription="point"/g)).toHaveLength(2);
});
