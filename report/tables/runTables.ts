import { rmSync } from 'node:fs';
import path from 'node:path';
import type { IntervalPlan } from '../../planning/intervalPlan';
import type { LoadSummary } from '../../load/requestLog';
import type { Observation } from '../../observe/observeRequests';
import { isUnknown, type Unknown } from '../../observe/unknown';
import { about, atLeast, PairTable, sumKnown } from '../pairTable';
import { sharesOf, type Share } from '../shares';
import { CsvTable, type Cell } from './csvTable';

type Latencies = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** One interval as it was planned and as Prometheus saw it. */
export interface IntervalOutcome {
  readonly plan: Pick<IntervalPlan, 'interval' | 'requests'>;
  /** How long the interval's load lasted. */
  readonly seconds: number;
  /** Share of the planned requests/s that was sent; times `seconds` they are planned requests. */
  readonly loadShare: number;
  /** By region. */
  readonly carbonGramsPerKwh: Readonly<Record<string, number>>;
  /** Network latency in ms, by origin and destination. */
  readonly latencyMs: Latencies;
  /** A pair that is not among them is unknown. */
  readonly observations: readonly Observation[];
}

const names = [
  ...(['requests_from', 'requests_to', 'carbon', 'latencies'] as const),
  ...(['planned_vs_served', 'failed_requests', 'sent'] as const),
];

/**
 * The tables of a run, as CSV. Where a figure is unknown the cell says `unknown`, and so does every sum that it is
 * part of. Where a Traefik began anew, its counts and their sums are lower bounds, `>=12`, and its shares and means not
 * exact, `~1.5`. The first four are the reference's (carbonfirst/casper, simulation.py), with the interval beside them.
 *
 * - requests_from: served requests by origin
 * - requests_to: served requests by destination
 * - carbon: requests_to times carbon intensity, requests x gCO2e/kWh, by destination
 * - latencies: ms of the mean request by origin, network and service time together; empty without requests
 * - planned_vs_served: requests and shares in percent of the origin's, by origin and destination
 * - failed_requests: what Traefik counted, by origin and destination
 * - sent: what the load's sender counted, by origin
 */
export class RunTables {
  private readonly tables;

  /**
   * Opens the tables in a run's folder, to go on with those that are there.
   * @throws TableError when one is of other regions
   */
  constructor(
    directory: string,
    private readonly regions: readonly string[],
  ) {
    const table = (name: (typeof names)[number], columns: readonly string[]): CsvTable =>
      new CsvTable(path.join(directory, `${name}.csv`), ['interval', ...columns]);
    this.tables = {
      requestsFrom: table('requests_from', regions),
      requestsTo: table('requests_to', regions),
      carbon: table('carbon', regions),
      latencies: table('latencies', regions),
      plannedVsServed: table('planned_vs_served', [
        ...['origin', 'destination', 'planned_requests', 'served_requests'],
        ...[
          'planned_share_percent',
          'served_share_percent',
          'difference_points',
          'why_unknown',
          'counter_resets',
        ],
      ]),
      failedRequests: table('failed_requests', [
        ...['origin', 'destination', 'server_errors', 'client_aborts', 'counter_resets'],
      ]),
      sent: table('sent', [
        ...['origin', 'due', 'sent', 'answered', 'failed_status', 'failed_connection', 'failed_timeout'],
        ...['not_sent', 'slower_than_1s', 'p50_ms', 'p95_ms', 'p99_ms', 'max_ms'],
      ]),
    };
  }

  /** Removes the tables of a run's folder, to be made again. */
  static remove(directory: string): void {
    for (const name of names) rmSync(path.join(directory, `${name}.csv`), { force: true });
  }

  /** Adds one interval to every table but `sent`. */
  append(outcome: IntervalOutcome): void {
    const { plan } = outcome;
    const { regions } = this;
    const observed = new PairTable(outcome.observations);
    const servedTo = (destination: string): number | Unknown =>
      sumKnown(regions.map((origin) => observed.served(origin, destination)));
    const wide = (
      table: CsvTable,
      valueOf: (region: string) => number | null | Unknown,
      markOf: (region: string) => string,
    ): void => {
      table.append([[plan.interval, ...regions.map((region) => cell(valueOf(region), markOf(region)))]]);
    };
    const fromMark = (origin: string): string => (observed.resetsOf(origin) > 0 ? atLeast : '');
    const toMark = (): string => (regions.some((origin) => fromMark(origin) !== '') ? atLeast : '');
    wide(
      this.tables.requestsFrom,
      (origin) => sumKnown(regions.map((destination) => observed.served(origin, destination))),
      fromMark,
    );
    wide(this.tables.requestsTo, servedTo, toMark);
    wide(
      this.tables.carbon,
      (region) => {
        const served = servedTo(region);
        const gramsPerKwh = outcome.carbonGramsPerKwh[region];
        if (isUnknown(served)) return served;
        return gramsPerKwh === undefined ? { unknown: 'no carbon intensity' } : served * gramsPerKwh;
      },
      toMark,
    );
    wide(
      this.tables.latencies,
      (origin) => meanLatency(origin, regions, observed, outcome.latencyMs),
      (origin) => (fromMark(origin) === '' ? '' : about),
    );
    this.tables.plannedVsServed.append(
      sharesOf(plan, regions, outcome.observations).map((share) => shareCells(share, outcome)),
    );
    this.tables.failedRequests.append(
      regions.flatMap((origin) =>
        regions.map((destination): Cell[] => {
          const requests = observed.of(origin, destination);
          const mark = fromMark(origin);
          return [
            ...[plan.interval, origin, destination],
            ...(isUnknown(requests)
              ? ['unknown', 'unknown']
              : [cell(requests.serverErrors, mark), cell(requests.clientAborts, mark)]),
            observed.resetsOf(origin),
          ];
        }),
      ),
    );
  }

  /** Adds what the load's sender counted of one interval, by origin: known once the last of its requests is over. */
  appendSent(interval: string, byOrigin: Readonly<Record<string, LoadSummary>>): void {
    this.tables.sent.append(
      Object.entries(byOrigin).map(([origin, summary]) => [interval, origin, ...sentCells(summary)]),
    );
  }
}

function shareCells(
  { origin, destination, plannedRequestsPerSecond, plannedPercent, served, servedPercent, resets }: Share,
  { plan, seconds, loadShare }: IntervalOutcome,
): Cell[] {
  const [bound, near] = resets > 0 ? [atLeast, about] : ['', ''];
  return [
    ...[plan.interval, origin, destination, plannedRequestsPerSecond * loadShare * seconds],
    ...[cell(served, bound), cell(plannedPercent), cell(servedPercent, near)],
    ...[cell(differenceOf(servedPercent, plannedPercent), near)],
    isUnknown(servedPercent) ? servedPercent.unknown : '',
    resets,
  ];
}

function differenceOf(share: number | null | Unknown, planned: number | null): number | null | Unknown {
  if (share === null || isUnknown(share)) return share;
  return planned === null ? null : share - planned;
}

function meanLatency(
  origin: string,
  regions: readonly string[],
  observed: PairTable,
  latencyMs: Latencies,
): number | null | Unknown {
  let totalMs = 0;
  let count = 0;
  for (const destination of regions) {
    const requests = observed.of(origin, destination);
    if (isUnknown(requests)) return requests;
    const { meanMs } = requests.serviceTime;
    if (requests.served === 0) continue;
    const networkMs = latencyMs[origin]?.[destination];
    if (meanMs === null || networkMs === undefined)
      return { unknown: 'no service time or no network latency' };
    totalMs += requests.served * (networkMs + meanMs);
    count += requests.served;
  }
  return count === 0 ? null : totalMs / count;
}

function sentCells({ due, sent, answered, failed, notSent, slow, latencyMs }: LoadSummary): Cell[] {
  const { p50 = null, p95 = null, p99 = null, max = null } = latencyMs ?? {};
  return [
    ...[due, sent, answered, failed.status, failed.connection, failed.timeout, notSent, slow],
    ...[p50, p95, p99, max].map((value) => cell(value)),
  ];
}

/**
 * Three decimals are a microsecond or a thousandth of a point.
 * @param mark stands before a number that is not exact
 */
function cell(value: number | null | Unknown, mark = ''): Cell {
  if (value === null) return '';
  if (isUnknown(value)) return 'unknown';
  const number = Number(value.toFixed(3));
  return mark === '' ? number : `${mark}${number}`;
}
