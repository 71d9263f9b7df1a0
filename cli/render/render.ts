import Table from 'cli-table3';
import type { BackupFault } from '../../planning/heldReady';
import type { HeldReadyCost } from '../../planning/heldReadyCosts';
import type { IntervalPlan } from '../../planning/intervalPlan';
import type { PlanTotals } from '../../planning/withoutMaxShare';
import type { Violation } from '../../policies/problem';
import type { HeldReady } from '../../stack/stackConfig';

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
    `  planned by ${plan.accounting}`,
    ...describeBrokenLimits(plan),
    ...describeReadiness(plan),
  ].join('\n');
}

/** What is left out because it is lost, and what is ready for the loss of a region. */
export function describeReadiness(plan: IntervalPlan): string[] {
  const standby = Object.entries(plan.standbyMillicores).filter(([, millicores]) => millicores > 0);
  const held = standby.map(([region, millicores]) => `${region} ${millicores}m`).join(', ');
  return [
    ...(plan.without
      ? [`  left out, because lost: ${plan.without.join(', ')}; what runs there stays as it is`]
      : []),
    ...(held ? [`  ready for the loss of a region, by CPU limit alone: ${held}`] : []),
    ...(plan.heldReady === 'servers'
      ? ['  N-1: the servers carry everything, whichever region is lost']
      : []),
    ...(plan.backupFaults ?? []).map((fault) => `  NO BACKUP: ${describeBackupFault(fault)}`),
  ];
}

/** What it costs to have more or less ready for the loss of a region. */
export function renderHeldReadyCosts(costs: readonly HeldReadyCost[], chosen: HeldReady): string {
  return table(
    ['held ready', 'carbon', 'servers', 'CPU limit held', ''],
    costs.map(({ level, plan }) => [
      level,
      ...(plan
        ? [plan.carbonSum.toFixed(0), plan.servers, `${plan.standbyMillicores}m`]
        : ['no plan', '', '']),
      level === chosen ? 'this plan' : '',
    ]),
  );
}

/** What the limit of concentration costs: what the plan takes, and what it would take without the limit. */
export function renderMaxSharePrice(limited: PlanTotals, unlimited: PlanTotals): string {
  return (
    `  without --max-share: carbon ${unlimited.carbonSum.toFixed(0)} instead of ${limited.carbonSum.toFixed(0)}, ` +
    `servers ${unlimited.servers} instead of ${limited.servers}`
  );
}

function describeBackupFault({ origin, lost, requestsPerSecond, limit }: BackupFault): string {
  const share = `${requestsPerSecond} requests/s from ${origin}, should ${lost} be lost:`;
  if (limit === 'latency') return `${share} they are served, but beyond the latency bound`;
  return limit === 'residency'
    ? `${share} no region that stands elsewhere may serve them`
    : `${share} the other regions have no room left; raise maxServers there`;
}

/** A line for each limit that a plan breaks. */
export function describeBrokenLimits({ violations = [] }: Pick<IntervalPlan, 'violations'>): string[] {
  return violations.map((violation) => `  LIMIT BROKEN: ${describeViolation(violation)}`);
}

/** A limit that a plan breaks, in words. */
function describeViolation(violation: Violation): string {
  if (violation.limit === 'capacity') {
    const { destination, requestsPerSecond } = violation;
    return `${destination} gets ${requestsPerSecond} requests/s more than all its servers carry`;
  }
  if (violation.limit === 'concentration') {
    const { destination, requestsPerSecond } = violation;
    return `${destination} gets ${requestsPerSecond} requests/s more than the largest share that one region may serve`;
  }
  const { origin, destination, requestsPerSecond, latencyMs, boundMs } = violation;
  return `${requestsPerSecond} requests/s from ${origin} are served in ${destination}, ${latencyMs} ms away, over the bound of ${boundMs} ms`;
}
