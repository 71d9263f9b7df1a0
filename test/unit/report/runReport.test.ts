import type { IntervalPlan } from '../../../planning/intervalPlan';
import type { Simulation } from '../../../study/simulation';
import { chart } from '../../../report/chart';
import { runReport, type ReportedInterval } from '../../../report/runReport';

const interval = '2026-01-05T00:00:00Z';
const plan = {
  interval,
  regions: ['north', 'so<uth'],
  servers: { north: 3, 'so<uth': 1 },
  requests: { north: { north: 30, 'so<uth': 10 } },
  carbonSum: 7900,
} as unknown as IntervalPlan;

const served = (count: number | 'unknown'): ReportedInterval => ({
  plan,
  upSeconds: 4.25,
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
                resets: 0,
                serviceTime: { meanMs: 1, p50Ms: 1, p95Ms: 1, p99Ms: 1 },
              },
      },
    ],
    shares: [
      {
        origin: 'north',
        destination: 'north',
        plannedPercent: 75,
        servedPercent: count === 'unknown' ? count : 74.9,
        served: count === 'unknown' ? null : count,
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

const simulation: Simulation = {
  from: interval,
  to: '2026-01-05T01:00:00Z',
  synthetic: true,
  results: [
    {
      policy: 'carbon',
      maxLatencyMs: 150,
      outcome: { carbonGrams: 7900, switchingGrams: 0, meanLatencyMs: 12.345, servers: 4 },
      savedAgainst: { latency: 0.5, static: 0.025 },
      brokenIntervals: 0,
    } as unknown as Simulation['results'][number],
    {
      policy: 'replay',
      maxLatencyMs: 150,
      interval,
      infeasible: { kind: 'infeasible', shortfalls: [{ limit: 'static' }] },
    },
  ],
};

/** Texts of the cells, row by row. */
const rowsOf = (html: string): string[][] =>
  [...html.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row = '']) =>
    [...row.matchAll(/<t[hd]>(.*?)<\/t[hd]>/gs)].map(([, cell = '']) => cell),
  );

test('figures of the run, and savings against every baseline', async () => {
  const html = await runReport('dev & all', [served(300)], simulation);
  const rows = rowsOf(html);
  expect(rows).toContainEqual([interval, '4.3', '6.0', '399', '10', '2', '3']);
  expect(rows).toContainEqual([interval, 'north', 'north', '300', '75.00', '74.90']);
  expect(rows).toContainEqual(['carbon', '7.900', '12.35', '4', '50.0 %', '', '2.5 %']);
  expect(rows.find(([policy]) => policy === 'replay')?.[1]).toContain('No placement');
  expect(html).toContain('The trace is synthetic.');
  expect(html.match(/<svg/g)).toHaveLength(4);
});

test('what is unknown says so, and is no number in any chart', async () => {
  const html = await runReport('dev', [served('unknown')], simulation);
  expect(rowsOf(html)).toContainEqual([interval, '4.3', '6.0', '399', '10', '2', 'unknown']);
  expect(rowsOf(html)).toContainEqual([interval, 'north', 'north', 'unknown', '75.00', 'unknown']);
  expect(html).not.toContain('NaN');
});

test('a run that sent nothing shows its plans', async () => {
  const html = await runReport('dev', [{ plan, upSeconds: 1 }], simulation);
  expect(html).toContain('Requests, planned by region');
  expect(html.match(/<svg/g)).toHaveLength(3);
});

test('names cannot be taken for markup, nor can the page ask for anything elsewhere', async () => {
  const html = await runReport('dev', [served(300)], simulation);
  expect(html).toContain('so&lt;uth');
  expect(html).not.toContain('so<uth');
  expect(html).not.toMatch(/<script|(src|href)="/);
});

test('a point without a value leaves a gap', async () => {
  const points = [1, null, 3].map((value, index) => ({ interval: `t${index}`, series: 'a', value }));
  const svg = await chart(points, { title: 'x', axis: 'y', mark: 'line' });
  // Two separate points, and no line between them.
  expect(svg.match(/aria-roledescription="point"/g)).toHaveLength(2);
});
