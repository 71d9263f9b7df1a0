import Table from 'cli-table3';
import type { StackPlan } from '../../stack/stackConfig';
import type { IntervalPlan } from '../../planning/intervalPlan';
import type { Violation } from '../../policies/problem';
import type { StackChange } from '../../driver/engine/update';
import type { IntervalLoad } from '../../load/generateLoad';
import type { LoadSummary } from '../../load/requestLog';
import type { PropertyChange, ResourceChange } from '../../driver/engine/changes';
import type { BusiestMoment } from '../../observe/busiestMoment';
import type { RowVerification } from '../../driver/verify/servedWeights';
import type { ServedShare } from '../../driver/underLoad';
import type { RegionVerification } from '../../driver/verify/podCpu';

const bare = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '  ',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** A table without lines; the first column and columns of names are to the left. */
export function table(head: string[], rows: (string | number)[][]): string {
  const rendered = new Table({
    head,
    chars: bare,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: head.map((_, index) =>
      index === 0 || head[index] === 'to' || head[index] === '' ? 'left' : 'right',
    ),
  });
  rendered.push(...rows);
  return rendered.toString();
}

/** A plan as people read it: what every region gets, and where every origin's requests go. */
export function renderPlan(plan: IntervalPlan): string {
  const received = (region: string): number =>
    Object.values(plan.requests).reduce((sum, row) => sum + (row[region] ?? 0), 0);
  const bound = plan.maxLatencyMs === null ? 'no latency bound' : `bound ${plan.maxLatencyMs} ms`;
  const latency = plan.meanLatencyMs === null ? '-' : `${plan.meanLatencyMs.toFixed(2)} ms`;
  return [
    `${plan.interval}  ${plan.policy}, ${bound}${plan.synthetic ? ', SYNTHETIC trace' : ''}`,
    table(
      ['region', 'servers', 'CPU', 'requests/s', 'to'],
      plan.regions.map((region) => [
        region,
        plan.servers[region] ?? 0,
        `${plan.cpuMillicores[region] ?? 0}m`,
        received(region),
        Object.entries(plan.requests[region] ?? {})
          .map(([destination, count]) => `${destination} ${count}`)
          .join(', '),
      ]),
    ),
    `  carbon ${plan.carbonSum.toFixed(0)} (requests/s x gCO2e/kWh), mean latency ${latency}, objective ${plan.objective.toPrecision(6)}, ` +
      `solved by ${plan.solver.name}`,
    ...(plan.violations ?? []).map((violation) => `  LIMIT BROKEN: ${describeViolation(violation)}`),
  ].join('\n');
}

/** Servers beyond a plan's, for what the change to the next one takes; no line where there are none. */
export function renderReadyAhead(plan: IntervalPlan, { regions }: StackPlan): string[] {
  const more = plan.regions.flatMap((region) => {
    const planned = plan.servers[region] ?? 0;
    const servers = regions[region]?.servers ?? 0;
    return servers > planned ? [`${region} ${servers} instead of ${planned}`] : [];
  });
  return more.length > 0 ? [`servers ready for the next change too: ${more.join(', ')}`, ''] : [];
}

/** A limit that a plan breaks, in words. */
function describeViolation(violation: Violation): string {
  if (violation.limit === 'capacity') {
    const { destination, requestsPerSecond } = violation;
    return `${destination} gets ${requestsPerSecond} requests/s more than all its servers carry`;
  }
  const { origin, destination, requestsPerSecond, latencyMs, boundMs } = violation;
  return `${requestsPerSecond} requests/s from ${origin} are served in ${destination}, ${latencyMs} ms away, over the bound of ${boundMs} ms`;
}

/** What moves, one line a resource and one a changed property. */
export function renderChange({ changes, seconds, notes }: StackChange): string {
  const lines = changes.flatMap((change) => [
    `  ${change.operation} ${change.resource}`,
    ...describeProperties(change),
  ]);
  return [
    ...notes.map((note) => `  ${note}`),
    changes.length === 0 ? '  no change' : lines.join('\n'),
    `  ${seconds.toFixed(1)} s`,
  ].join('\n');
}

function describeProperties({ properties }: ResourceChange): string[] {
  return properties.map(({ path, before, after }: PropertyChange) =>
    isPage(before) && isPage(after)
      ? `      ${path}: ${differingLines(before, after)} of ${after.split('\n').length} lines differ`
      : `      ${path}: ${asText(before)} -> ${asText(after)}`,
  );
}

/** A file's text, such as a load balancer's row of weights: `pulumi preview --diff` shows all of it. */
function isPage(value: unknown): value is string {
  return typeof value === 'string' && value.includes('\n');
}

function differingLines(before: string, after: string): number {
  const old = new Set(before.split('\n'));
  return after.split('\n').filter((line) => !old.has(line)).length;
}

function asText(value: unknown): string {
  return value === undefined ? '(none)' : typeof value === 'string' ? value : JSON.stringify(value);
}

/** Planned against enforced CPU, region by region. */
export function renderVerification(verification: readonly RegionVerification[]): string {
  return table(
    ['region', 'planned', 'cgroup quota', 'pod', ''],
    verification.map(({ region, plannedCpuMillicores, pods, fault }) => [
      region,
      `${plannedCpuMillicores}m`,
      pods
        .map(({ quotaMicros, periodMicros }) => `${quotaMicros ?? 'no limit'}/${periodMicros} us`)
        .join(', ') || '-',
      pods.map(({ name }) => name).join(', ') || 'none',
      fault ?? 'ok',
    ]),
  );
}

/** Lines on which Traefiks serve their row of weights; none for a stack without any. */
export function renderRows(rows: readonly RowVerification[]): string[] {
  const faults = rows.flatMap(({ origin, fault }) =>
    fault === null ? [] : [`  Traefik of ${origin}: ${fault}`],
  );
  return rows.length > 0 && faults.length === 0
    ? [`  ${rows.length} Traefiks serve the plan's weights`]
    : faults;
}

/** What became of an interval's requests, origin by origin. */
export function renderLoad(
  interval: string,
  { total, byOrigin, slowRequests }: Pick<IntervalLoad, 'total' | 'byOrigin' | 'slowRequests'>,
): string {
  const ms = (value: number | undefined): string => (value === undefined ? '-' : value.toFixed(1));
  const row = (
    name: string,
    { due, sent, answered, failed, latencyMs }: LoadSummary,
  ): (string | number)[] => [
    ...[name, due, sent, answered, failed.status, failed.connection, failed.timeout],
    ...[ms(latencyMs?.p50), ms(latencyMs?.p95), ms(latencyMs?.p99), ms(latencyMs?.max)],
  ];
  return [
    interval,
    table(
      [
        ...['origin', 'due', 'sent', 'answered', 'status >= 400', 'no connection', 'timed out'],
        ...['p50 ms', 'p95 ms', 'p99 ms', 'max ms'],
      ],
      [...Object.entries(byOrigin).map(([origin, summary]) => row(origin, summary)), row('all', total)],
    ),
    ...slowRequests.map(
      ({ origin, dueAtMs, latencyMs, outcome }) =>
        `  slow: ${origin} ${new Date(dueAtMs).toISOString()} ${latencyMs.toFixed(0)} ms, ${outcome}`,
    ),
  ].join('\n');
}

/** When most was received of what was ready. */
export function renderBusiest({
  destination,
  atMs,
  requestsPerSecond,
  capacityRequestsPerSecond,
}: BusiestMoment): string {
  return `  busiest: ${destination} received ${requestsPerSecond.toFixed(0)} requests/s of the ${capacityRequestsPerSecond} that its ready servers carry, at ${new Date(atMs).toISOString()}`;
}

/** Planned against served share of every pair, in percent. */
export function renderShares(shares: readonly ServedShare[]): string {
  return table(
    ['origin', 'destination', 'planned %', 'served %', 'requests'],
    shares.map(({ origin, destination, plannedPercent, servedPercent, served }) => [
      origin,
      destination,
      plannedPercent.toFixed(2),
      typeof servedPercent === 'number' ? servedPercent.toFixed(2) : servedPercent,
      served ?? 'unknown',
    ]),
  );
}
