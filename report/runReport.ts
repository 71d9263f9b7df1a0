import escapeHtml from 'escape-html';
import { sum } from '../policies/model/matrix';
import { describeInfeasible } from '../planning/infeasibleError';
import type { IntervalPlan } from '../planning/intervalPlan';
import { baselines, gramsOf, type Simulation } from '../study/simulation';
import { failedAtClient, type LoadSummary } from '../load/requestLog';
import { failedAtTraefik, type Observation } from '../observe/observeRequests';
import { isUnknown } from '../observe/unknown';
import type { ServedShare } from '../driver/underLoad';
import { chart, type Point } from './chart';

/** One interval of a run, as its report shows it. */
export interface ReportedInterval {
  readonly plan: IntervalPlan;
  readonly upSeconds: number;
  /** What was sent and served; absent where the run sent nothing. */
  readonly served?: {
    readonly seconds: number;
    /** By region. */
    readonly carbonGramsPerKwh: Readonly<Record<string, number>>;
    readonly observations: readonly Observation[];
    readonly shares: readonly ServedShare[];
    readonly client: LoadSummary;
    readonly inForceAfterSeconds: number;
  };
}

type Served = NonNullable<ReportedInterval['served']>;
type Cell = string | number;

/**
 * A run on one page that needs nothing beside it: charts as SVG, and tables. Savings are those of the plans, over the
 * same intervals, against every baseline.
 */
export async function runReport(
  title: string,
  intervals: readonly ReportedInterval[],
  simulation: Simulation,
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
  return page(title, [
    ...(simulation.synthetic ? ['<p><strong>The trace is synthetic.</strong></p>'] : []),
    '<h2>Against the baselines</h2>',
    savings(simulation),
    ...charts,
    '<h2>Intervals</h2>',
    table(
      ['interval', 'up, s', 'in force after, s', 'sent', 'failed at client', 'over 1 s', 'failed at Traefik'],
      intervals.map(({ plan, upSeconds, served }) => [
        plan.interval,
        upSeconds.toFixed(1),
        ...(served ? servedCells(served) : ['', '', '', '', '']),
      ]),
    ),
    ...sharesTable(intervals),
  ]);
}

function byRegion(
  intervals: readonly ReportedInterval[],
  valueOf: (interval: ReportedInterval, region: string) => number | null,
): Point[] {
  return intervals.flatMap((interval) =>
    interval.plan.regions.map((region) => ({
      interval: interval.plan.interval,
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
    const planned = { interval: plan.interval, series: 'planned', value: plan.carbonSum };
    if (!served) return [planned];
    const grams = plan.regions.map((region) => {
      const rate = requestsPerSecondAt(interval, region);
      return rate === 0 ? 0 : (rate ?? NaN) * (served.carbonGramsPerKwh[region] ?? NaN);
    });
    return [planned, { interval: plan.interval, series: 'served', value: known(sum(grams)) }];
  });
}

function latenciesOf(intervals: readonly ReportedInterval[]): Point[] {
  return intervals.flatMap(({ plan: { interval }, served }) =>
    (['p50', 'p95', 'p99'] as const).map((series) => ({
      interval,
      series,
      value: served?.client.latencyMs?.[series] ?? null,
    })),
  );
}

function savings({ results }: Simulation): string {
  return table(
    ['policy', 'kg CO2e', 'mean latency, ms', 'servers', ...baselines.map((name) => `saved against ${name}`)],
    results.map((result) => {
      if ('infeasible' in result) {
        return [result.policy, describeInfeasible(result.interval, result.infeasible), '', '', '', '', ''];
      }
      const { policy, outcome, savedAgainst } = result;
      return [
        policy,
        (gramsOf(result) / 1000).toFixed(3),
        outcome.meanLatencyMs?.toFixed(2) ?? '',
        outcome.servers,
        ...baselines.map((name) =>
          savedAgainst[name] === undefined ? '' : `${(100 * savedAgainst[name]).toFixed(1)} %`,
        ),
      ];
    }),
  );
}

function servedCells({ client, observations, inForceAfterSeconds }: Served): Cell[] {
  return [
    inForceAfterSeconds.toFixed(1),
    client.sent,
    failedAtClient(client),
    client.slow,
    failedAtTraefik(observations) ?? 'unknown',
  ];
}

function sharesTable(intervals: readonly ReportedInterval[]): string[] {
  const rows = intervals.flatMap(({ plan, served }) =>
    (served?.shares ?? []).map(({ origin, destination, plannedPercent, servedPercent, served: count }) => [
      plan.interval,
      origin,
      destination,
      count ?? 'unknown',
      plannedPercent.toFixed(2),
      servedPercent === 'unknown' ? servedPercent : servedPercent.toFixed(2),
    ]),
  );
  if (rows.length === 0) return [];
  return [
    '<h2>Planned against served, while the plan was in force</h2>',
    table(['interval', 'origin', 'destination', 'requests', 'planned, %', 'served, %'], rows),
  ];
}

function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const line = (tag: string, cells: readonly Cell[]): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(String(cell))}</${tag}>`).join('')}</tr>`;
  return `<table>\n${[line('th', head), ...rows.map((row) => line('td', row))].join('\n')}\n</table>`;
}

function page(title: string, parts: readonly string[]): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escapeHtml(title)}</title>
<style>
body { font-family: sans-serif; margin: 2em; max-width: 60em }
table { border-collapse: collapse; margin: 1em 0 }
th, td { padding: 0.2em 0.8em; text-align: right; border-bottom: 1px solid #ddd }
th:first-child, td:first-child { text-align: left }
svg { display: block; margin: 1.5em 0 }
</style>
<h1>${escapeHtml(title)}</h1>
${parts.join('\n')}
</html>
`;
}

const known = (value: number): number | null => (Number.isNaN(value) ? null : value);
