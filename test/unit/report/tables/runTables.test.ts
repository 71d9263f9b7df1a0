import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'csv-parse/sync';
import type { Observation } from '../../../../observe/observeRequests';
import { TableError } from '../../../../report/tables/csvTable';
import { RunTables, type IntervalOutcome } from '../../../../report/tables/runTables';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'casper-run-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function rows(name: string): Record<string, string>[] {
  return parse(readFileSync(path.join(folder, `${name}.csv`)), { columns: true });
}

const observed = (
  origin: string,
  destination: string,
  served: number,
  meanMs: number | null = served === 0 ? null : 4,
): Observation => ({
  origin,
  destination,
  requests: {
    served,
    serverErrors: origin === 'south' ? 3 : 0,
    clientAborts: destination === 'north' ? 1 : 0,
    resets: 0,
    serviceTime: { meanMs, p50Ms: null, p95Ms: null, p99Ms: null },
  },
});

/** north sends 3/s of its 4/s to itself and 1/s to south; south sends 5/s to north; 10 s. */
const outcome: IntervalOutcome = {
  plan: {
    interval: '2022-08-13T00:00:00Z',
    requests: { north: { north: 3, south: 1 }, south: { north: 5 } },
  },
  seconds: 10,
  loadShare: 1,
  carbonGramsPerKwh: { north: 100, south: 400 },
  latencyMs: { north: { north: 1, south: 30 }, south: { north: 30, south: 2 } },
  observations: [
    observed('north', 'north', 29),
    observed('north', 'south', 11, 10),
    observed('south', 'north', 50),
    observed('south', 'south', 0),
  ],
};
const [interval] = [outcome.plan.interval];

test('the tables of the reference', () => {
  new RunTables(folder, ['north', 'south']).append(outcome);
  expect(rows('requests_from')).toEqual([{ interval, north: '40', south: '50' }]);
  expect(rows('requests_to')).toEqual([{ interval, north: '79', south: '11' }]);
  expect(rows('carbon')).toEqual([{ interval, north: '7900', south: '4400' }]);
  // (29 * (1 + 4) + 11 * (30 + 10)) / 40 and 30 + 4.
  expect(rows('latencies')).toEqual([{ interval, north: '14.625', south: '34' }]);
});

test('planned against served, in requests and shares of the origin', () => {
  new RunTables(folder, ['north', 'south']).append(outcome);
  expect(rows('planned_vs_served')).toEqual([
    {
      interval,
      origin: 'north',
      destination: 'north',
      planned_requests: '30',
      served_requests: '29',
      planned_share_percent: '75',
      served_share_percent: '72.5',
      difference_points: '-2.5',
      why_unknown: '',
      counter_resets: '0',
    },
    {
      interval,
      origin: 'north',
      destination: 'south',
      planned_requests: '10',
      served_requests: '11',
      planned_share_percent: '25',
      served_share_percent: '27.5',
      difference_points: '2.5',
      why_unknown: '',
      counter_resets: '0',
    },
    {
      interval,
      origin: 'south',
      destination: 'north',
      planned_requests: '50',
      served_requests: '50',
      planned_share_percent: '100',
      served_share_percent: '100',
      difference_points: '0',
      why_unknown: '',
      counter_resets: '0',
    },
  ]);
});

test('a destination that serves without being planned stands there too', () => {
  new RunTables(folder, ['north', 'south']).append({
    ...outcome,
    observations: [...outcome.observations.slice(0, 3), observed('south', 'south', 50)],
  });
  expect(rows('planned_vs_served').at(-1)).toMatchObject({
    origin: 'south',
    destination: 'south',
    planned_requests: '0',
    served_requests: '50',
    served_share_percent: '50',
    difference_points: '50',
  });
});

test('unknown stays unknown in every figure that it is part of, with its reason, and nowhere else', () => {
  new RunTables(folder, ['north', 'south']).append({
    ...outcome,
    observations: [
      ...outcome.observations.slice(0, 1),
      { origin: 'north', destination: 'south', requests: { unknown: 'the target was down' } },
      ...outcome.observations.slice(2),
    ],
  });
  expect(rows('requests_from')).toEqual([{ interval, north: 'unknown', south: '50' }]);
  expect(rows('requests_to')).toEqual([{ interval, north: '79', south: 'unknown' }]);
  expect(rows('carbon')).toEqual([{ interval, north: '7900', south: 'unknown' }]);
  expect(rows('latencies')).toEqual([{ interval, north: 'unknown', south: '34' }]);
  expect(
    rows('planned_vs_served').map((row) => [
      row['served_requests'],
      row['difference_points'],
      row['why_unknown'],
    ]),
  ).toEqual([
    ['29', 'unknown', 'the target was down'],
    ['unknown', 'unknown', 'the target was down'],
    ['50', '0', ''],
  ]);
  expect(rows('failed_requests')[1]).toEqual({
    interval,
    origin: 'north',
    destination: 'south',
    server_errors: 'unknown',
    client_aborts: 'unknown',
    counter_resets: '0',
  });
});

test('what a Traefik counted that began anew is a lower bound in every figure, also of its other destinations', () => {
  const [first, second, ...south] = outcome.observations;
  if (!first || !second || 'unknown' in first.requests) throw new Error('no observations');
  new RunTables(folder, ['north', 'south']).append({
    ...outcome,
    observations: [{ ...first, requests: { ...first.requests, resets: 1 } }, second, ...south],
  });
  expect(rows('requests_from')).toEqual([{ interval, north: '>=40', south: '50' }]);
  expect(rows('requests_to')).toEqual([{ interval, north: '>=79', south: '>=11' }]);
  expect(rows('carbon')).toEqual([{ interval, north: '>=7900', south: '>=4400' }]);
  expect(rows('latencies')).toEqual([{ interval, north: '~14.625', south: '34' }]);
  expect(rows('planned_vs_served')[1]).toMatchObject({
    ...{ origin: 'north', destination: 'south', planned_requests: '10', served_requests: '>=11' },
    ...{ planned_share_percent: '25', served_share_percent: '~27.5', difference_points: '~2.5' },
    counter_resets: '1',
  });
  expect(rows('planned_vs_served')[2]).toMatchObject({ served_requests: '50', counter_resets: '0' });
  expect(rows('failed_requests').map((row) => [row['server_errors'], row['counter_resets']])).toEqual([
    ['>=0', '1'],
    ['>=0', '1'],
    ['3', '0'],
    ['3', '0'],
  ]);
});

test('a pair that was not observed is unknown, and so is carbon without an intensity', () => {
  new RunTables(folder, ['north', 'south']).append({
    ...outcome,
    carbonGramsPerKwh: { south: 400 },
    observations: outcome.observations.slice(0, 3),
  });
  expect(rows('requests_from')).toEqual([{ interval, north: '40', south: 'unknown' }]);
  expect(rows('carbon')).toEqual([{ interval, north: 'unknown', south: 'unknown' }]);
});

test('an origin without requests has counts of 0 and no latency or share', () => {
  new RunTables(folder, ['north', 'south']).append({
    ...outcome,
    observations: [
      ...outcome.observations.slice(0, 2),
      observed('south', 'north', 0),
      observed('south', 'south', 0),
    ],
  });
  expect(rows('requests_from')).toEqual([{ interval, north: '40', south: '0' }]);
  expect(rows('latencies')).toEqual([{ interval, north: '14.625', south: '' }]);
  expect(rows('planned_vs_served').at(-1)).toMatchObject({
    planned_requests: '50',
    served_requests: '0',
    served_share_percent: '',
    difference_points: '',
  });
});

test('failed requests by pair, and what the sender counted', () => {
  const tables = new RunTables(folder, ['north', 'south']);
  tables.append(outcome);
  expect(rows('sent')).toEqual([]);
  tables.appendSent(interval, {
    north: {
      due: 40,
      sent: 39,
      answered: 35,
      failed: { status: 2, connection: 1, timeout: 1 },
      notSent: 1,
      errorStatuses: { 503: 2 },
      latencyMs: { p50: 3, p95: 9.12345, p99: 20, max: 1200 },
      lateMs: null,
      slow: 1,
    },
  });
  expect(
    rows('failed_requests')
      .slice(0, 4)
      .map((row) => [row['server_errors'], row['client_aborts']]),
  ).toEqual([
    ['0', '1'],
    ['0', '0'],
    ['3', '1'],
    ['3', '0'],
  ]);
  expect(rows('sent')).toEqual([
    {
      interval,
      origin: 'north',
      due: '40',
      sent: '39',
      answered: '35',
      failed_status: '2',
      failed_connection: '1',
      failed_timeout: '1',
      not_sent: '1',
      slower_than_1s: '1',
      p50_ms: '3',
      p95_ms: '9.123',
      p99_ms: '20',
      max_ms: '1200',
    },
  ]);
});

test('a run that goes on adds to the tables that are there; one with other regions does not', () => {
  new RunTables(folder, ['north', 'south']).append(outcome);
  new RunTables(folder, ['north', 'south']).append(outcome);
  expect(rows('requests_from')).toHaveLength(2);
  expect(() => new RunTables(folder, ['north', 'east'])).toThrow(TableError);
  expect(rows('requests_from')).toHaveLength(2);
});
