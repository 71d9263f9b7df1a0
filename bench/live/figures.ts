import type { TickRecord } from '../../live/tickRecord';
import type { RequestLog } from '../../load/requestLog';
import type { BusiestMoment } from '../../observe/busiestMoment';

/**
 * Share of region-intervals in which a region received more than what was ready there carries, in its busiest three
 * seconds. A region that received nothing was not overloaded.
 * @param intervals busiest moments of the regions; null where they are not known, which leaves the share unknown
 */
export function overloadedShare(
  intervals: readonly (readonly BusiestMoment[] | null)[],
  regionCount: number,
): number | null {
  let overloaded = 0;
  for (const moments of intervals) {
    if (!moments) return null;
    overloaded += moments.filter(({ load }) => load > 1).length;
  }
  return intervals.length === 0 ? null : overloaded / (intervals.length * regionCount);
}

/** Plans that came into force after the first one of their interval. */
export function replansIn(ticks: readonly TickRecord[]): number {
  const inForce = ticks.filter(({ applied }) => applied !== null);
  return inForce.length - new Set(inForce.map(({ interval }) => interval)).size;
}

/** Long enough for a 99th percentile of some ten requests/s, short beside what is looked for. */
const windowMs = 5000;
const stepMs = 1000;

/**
 * After how many seconds an origin's requests are calm for good: from when on the 99th percentile of every window is
 * under a bound.
 * @returns null where they are not by the end
 */
export function secondsUntilCalm(
  log: RequestLog,
  { origin, fromMs, toMs, boundMs }: { origin: string; fromMs: number; toMs: number; boundMs: number },
): number | null {
  let calmFromMs = fromMs;
  let lastMs = fromMs;
  for (let atMs = fromMs; atMs + windowMs <= toMs; atMs += stepMs) {
    const { latencyMs, due, answered } = log.summary({ origin, fromMs: atMs, toMs: atMs + windowMs });
    lastMs = atMs;
    if (!latencyMs || answered < due || latencyMs.p99 >= boundMs) calmFromMs = atMs + stepMs;
  }
  return calmFromMs > lastMs ? null : (calmFromMs - fromMs) / 1000;
}

/** The weights of a plan, and what it is planned for. */
type Weighted = Pick<NonNullable<TickRecord['plan']>, 'weights' | 'requestsPerSecond'>;

/**
 * What a change moved towards a region, in words; null where nothing. What the weights before ask of it at the requests
 * of the plan after, rounded up to a server, is no move.
 */
export function movedTowards(
  region: string,
  before: Weighted,
  after: Weighted,
  requestsPerServer: number,
): string | null {
  const newcomer = Object.keys(after.weights).find(
    (origin) => shareOf(after, origin, region) > 0 && shareOf(before, origin, region) === 0,
  );
  if (newcomer !== undefined) return `${newcomer} sent nothing to ${region} before`;
  const rates = after.requestsPerSecond ?? {};
  const load = (plan: Weighted): number =>
    Object.entries(rates).reduce((sum, [origin, rate]) => sum + rate * shareOf(plan, origin, region), 0);
  const most = Math.ceil(load(before) / requestsPerServer - 1e-9) * requestsPerServer;
  return load(after) > most + 1e-6
    ? `${region} gets ${load(after).toFixed(1)} requests/s, by the weights before ${load(before).toFixed(1)}`
    : null;
}

function shareOf({ weights }: Weighted, origin: string, destination: string): number {
  const row = weights[origin] ?? {};
  const total = Object.values(row).reduce((sum, weight) => sum + weight, 0);
  return total === 0 ? 0 : (row[destination] ?? 0) / total;
}

/** The region that is to serve most by a plan. */
export function busiestDestination(plan: Weighted): string {
  const destinations = new Set(Object.values(plan.weights).flatMap((row) => Object.keys(row)));
  const load = (region: string): number =>
    Object.entries(plan.requestsPerSecond ?? {}).reduce(
      (sum, [origin, rate]) => sum + rate * shareOf(plan, origin, region),
      0,
    );
  const [busiest] = [...destinations].sort((one, other) => load(other) - load(one));
  if (busiest === undefined) throw new Error('a plan without weights serves nobody');
  return busiest;
}
