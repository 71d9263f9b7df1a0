import { sum } from '../policies/model/matrix';
import type { IntervalOutcome } from '../driver/runObserver';
import type { IntervalPlan } from '../planning/intervalPlan';
import { failedAtClient, type LoadSummary } from '../load/requestLog';
import { failedAtTraefik, type Observation } from '../observe/observeRequests';
import { isUnknown, type Unknown } from '../observe/unknown';
import { chart, type Point } from './chart';
import type { Comparison } from './comparison';
import { page, table, type Cell } from './html';
import { about, atLeast, PairTable, resetNotes } from './pairTable';
import type { RecordedTick, RunRecord } from './records';
import type { Share } from './shares';
import { valuesTable } from './valuesTable';

/** One interval of a run, as its report shows it. */
export interface ReportedInterval {
  readonly plan: Pick<IntervalPlan, 'interval' | 'regions' | 'servers' | 'requests'> & {
    /** As `IntervalPlan`; null where carbon intensities were missing. */
    readonly carbonSum: number | null;
  };
  readonly outcome: IntervalOutcome;
  readonly upSeconds: number;
  /** What people should know of its update. */
  readonly notes: readonly string[];
  /** What was sent and served; absent where the run sent nothing. */
  readonly served?: {
    readonly seconds: number;
    /** By region. */
    readonly carbonGramsPerKwh: Readonly<Record<string, number>>;
    readonly observations: readonly Observation[];
    readonly shares: readonly Share[];
    /** Null where the run ended before the last of the interval's requests was over. */
    readonly client: LoadSummary | null;
    readonly inForceAfterSeconds: number;
  };
}

type Served = NonNullable<ReportedInterval['served']>;

/**
 * A run on one page that needs nothing beside it: charts as SVG, and tables. Savings are those of the plans, over all
 * the intervals that the run planned, against every baseline.
 * @param ticks of a live run
 */
export async function runReport(
  { stack, intervals: planned, comparison }: Pick<RunRecord, 'stack' | 'intervals' | 'comparison'>,
  intervals: readonly ReportedInterval[],
  ticks: readonly RecordedTick[] = [],
): Promise<string> {
  const loaded = intervals.some(({ served }) => served);
  const charts = [
    await chart(
      byRegion(intervals, ({ plan }, region) => plan.servers[region] ?? 0),
      { title: 'Servers, planned', axis: 'servers', mark: 'bar' },
    ),
    await chart(byRegion(intervals, requestsPerSecondAt), {
      title: loaded ? 'Requests, served by region' : 'Requests, planned by region',
      axis: 'requests/s',
      mark: 'bar',
    }),
    await chart(carbonOf(intervals), { title: 'Carbon', axis: 'requests/s x gCO2e/kWh', mark: 'line' }),
    ...(loaded
      ? [
          await chart(latenciesOf(intervals), {
            title: 'Latency at the client',
            axis: 'ms',
            mark: 'line',
            scale: 'log',
          }),
        ]
      : []),
  ];
  // What a live run will plan is not known when it begins.
  const starts = planned.length > 0 ? planned : intervals.map(({ plan }) => plan.interval);
  return page(`${stack}: ${starts[0] ?? ''} to ${starts.at(-1) ?? ''}`, [
    ...(comparison.synthetic ? ['<p><strong>The trace is synthetic.</strong></p>'] : []),
    ...(intervals.length < planned.length
      ? [`<p><strong>The run ended after ${intervals.length} of ${planned.length} intervals.</strong></p>`]
      : []),
    ...outOfPlan(intervals),
    ...(comparison.policies.length > 0 ? ['<h2>Against the baselines</h2>', savings(comparison)] : []),
    ...charts,
    '<h2>Intervals</h2>',
    table(
      [
        'interval',
        'plan',
        'up, s',
        'in force after, s',
        'sent',
        'failed at client',
        'over 1 s',
        'failed at Traefik',
      ],
      intervals.map(({ plan, outcome, upSeconds, served }) => [
        plan.interval,
        outcome,
        upSeconds.toFixed(1),
        ...(served ? servedCells(served) : ['', '', '', '', '']),
      ]),
    ),
    ...sharesTable(intervals),
    ...notesTable(intervals),
    ...valuesTable(ticks),
  ]);
}

/** Says which intervals had an earlier one's plan, or had theirs late; nothing where all was as planned. */
function outOfPlan(intervals: readonly ReportedInterval[]): string[] {
  const starts = (outcome: IntervalOutcome): string =>
    intervals
      .filter((interval) => interval.outcome === outcome)
      .map(({ plan }) => plan.interval)
      .join(', ');
  const [failed, held, interrupted] = [starts('failed'), starts('held'), starts('interrupted')];
  return [
    ...(interrupted === ''
      ? []
      : [
          `<p><strong>Interrupted: the run had ended before these were done, and went on with them: ${interrupted}.</strong></p>`,
        ]),
    ...(failed === '' ? [] : [`<p><strong>Failed, so that an earlier plan served: ${failed}.</strong></p>`]),
    ...(held === '' ? [] : [`<p><strong>Held, as nothing could be planned: ${held}.</strong></p>`]),
  ];
}

function byRegion(
  intervals: readonly ReportedInterval[],
  valueOf: (interval: ReportedInterval, region: string) => number | null,
): Point[] {
  return intervals.flatMap((interval) =>
    interval.plan.regions.map((region) => ({
      x: interval.plan.interval,
      series: region,
      value: valueOf(interval, region),
    })),
  );
}

/** Served where the run sent requests, else planned; null where it is unknown. */
function requestsPerSecondAt({ plan, served }: ReportedInterval, region: string): number | null {
  if (!served) return sum(Object.values(plan.requests).map((row) => row[region] ?? 0));
  const counts = served.observations
    .filter(({ destination }) => destination === region)
    .map(({ requests }) => (isUnknown(requests) ? NaN : requests.served));
  return known(sum(counts) / served.seconds);
}

function carbonOf(intervals: readonly ReportedInterval[]): Point[] {
  return intervals.flatMap((interval) => {
    const { plan, served } = interval;
    const planned = { x: plan.interval, series: 'planned', value: plan.carbonSum };
    if (!served) return [planned];
    const grams = plan.regions.map((region) => {
      const rate = requestsPerSecondAt(interval, region);
      return rate === 0 ? 0 : (rate ?? NaN) * (served.carbonGramsPerKwh[region] ?? NaN);
    });
    return [planned, { x: plan.interval, series: 'served', value: known(sum(grams)) }];
  });
}

function latenciesOf(intervals: readonly ReportedInterval[]): Point[] {
  return intervals.flatMap(({ plan: { interval }, served }) =>
    (['p50', 'p95', 'p99'] as const).map((series) => ({
      x: interval,
      series,
      value: served?.client?.latencyMs?.[series] ?? null,
    })),
  );
}

function savings({ baselines, policies }: Comparison): string {
  return table(
    ['policy', 'kg CO2e', 'mean latency, ms', 'servers', ...baselines.map((name) => `saved against ${name}`)],
    policies.map(({ policy, infeasible, carbonKg, meanLatencyMs, servers, savedAgainst }) => [
      policy,
      infeasible ?? carbonKg?.toFixed(3) ?? '',
      meanLatencyMs?.toFixed(2) ?? '',
      servers ?? '',
      ...baselines.map((name) =>
        savedAgainst[name] === undefined ? '' : `${(100 * savedAgainst[name]).toFixed(1)} %`,
      ),
    ]),
  );
}

function servedCells({ client, observations, inForceAfterSeconds }: Served): Cell[] {
  return [
    inForceAfterSeconds.toFixed(1),
    client?.sent ?? 'unknown',
    client ? failedAtClient(client) : 'unknown',
    client?.slow ?? 'unknown',
    cell(failedAtTraefik(observations), marked(isBound(observations) ? atLeast : '', String)),
  ];
}

/** Whether a Traefik began anew, so that sums over all of them are lower bounds. */
function isBound(observations: readonly Observation[]): boolean {
  const table = new PairTable(observations);
  return observations.some(({ origin }) => table.resetsOf(origin) > 0);
}

function marked(mark: string, text: (value: number) => string): (value: number) => string {
  return (value) => mark + text(value);
}

function sharesTable(intervals: readonly ReportedInterval[]): string[] {
  const percent = (value: number): string => value.toFixed(2);
  const rows = intervals.flatMap(({ plan, served }) =>
    (served?.shares ?? []).map((share) => {
      const [bound, near] = share.resets > 0 ? [atLeast, about] : ['', ''];
      return [
        ...[plan.interval, share.origin, share.destination, cell(share.served, marked(bound, String))],
        ...[cell(share.plannedPercent, percent), cell(share.servedPercent, marked(near, percent))],
      ];
    }),
  );
  if (rows.length === 0) return [];
  return [
    '<h2>Planned against served, while the plan was in force</h2>',
    table(['interval', 'origin', 'destination', 'requests', 'planned, %', 'served, %'], rows),
  ];
}

function notesTable(intervals: readonly ReportedInterval[]): string[] {
  const rows = intervals.flatMap(({ plan, notes, served }) =>
    [...notes, ...resetNotes(served?.observations ?? [])].map((note) => [plan.interval, note]),
  );
  return rows.length === 0 ? [] : ['<h2>Notes</h2>', table(['interval', 'note'], rows)];
}

/** Empty where there is nothing to show; what is unknown says so. */
function cell(value: number | null | Unknown, text: (value: number) => string): string {
  if (value === null) return '';
  return isUnknown(value) ? 'unknown' : text(value);
}

const known = (value: number): number | null => (Number.isNaN(value) ? null : value);
