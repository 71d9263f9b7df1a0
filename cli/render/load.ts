import type { MachineFit } from '../../driver/fitToMachine';
import type { IntervalLoad } from '../../load/generateLoad';
import type { LoadSummary } from '../../load/requestLog';
import type { BusiestMoment } from '../../observe/busiestMoment';
import { isUnknown, type Unknown } from '../../observe/unknown';
import { about, atLeast } from '../../report/pairTable';
import type { Share } from '../../report/shares';
import { table } from './render';

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
export function renderShares(shares: readonly Share[]): string {
  const percent = (value: number): string => value.toFixed(2);
  return table(
    ['origin', 'destination', 'planned %', 'served %', 'requests'],
    shares.map(({ origin, destination, plannedPercent, servedPercent, served, resets }) => {
      const [bound, near] = resets > 0 ? [atLeast, about] : ['', ''];
      return [
        ...[origin, destination, cell(plannedPercent, percent)],
        cell(servedPercent, (value) => near + percent(value)),
        cell(served, (value) => bound + String(value)),
      ];
    }),
  );
}

function cell(value: number | null | Unknown, text: (value: number) => string): string {
  if (value === null) return '-';
  return isUnknown(value) ? 'unknown' : text(value);
}

/** What a machine was found to carry, and what was chosen from it. */
export function renderFit(fit: MachineFit): string {
  const { loadShare, secondsPerInterval, updateSeconds } = fit;
  const part = loadShare === 1 ? 'all of' : `1 in ${1 / loadShare} of`;
  const latency = (p99Ms: number | null): string =>
    p99Ms === null ? 'none answered' : `99 % within ${p99Ms.toFixed(0)} ms`;
  return (
    `this machine carries ${part} the trace's requests (in the probe ${latency(fit.p99Ms)}, ` +
    `${latency(fit.p99InUpdateMs)} in an update, which took ${updateSeconds.toFixed(0)} s): ` +
    `that is the load, in intervals of ${secondsPerInterval} s`
  );
}
