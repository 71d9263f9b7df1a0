import { originLabel, ofFile, requestsTotal, traefikJob } from '../stack/naming';
import { originsOf, watcherOf } from '../stack/requestPath';
import type { StackConfig } from '../stack/stackConfig';
import { windowPlaceholder } from '../stack/liveSchema';
import { evaluate, PrometheusError, type Evaluated, type Moments } from './prometheus';
import type { Unknown } from './unknown';

/** Where the requests/s of a stack's origins can be read. */
export interface DemandSource {
  /** Of Prometheus, without /api. */
  readonly url: string;
  readonly query: string;
  readonly timeoutMs: number;
  /** Names of the stack's regions. */
  readonly origins: readonly string[];
  /** A window that is shorter has too few scrapes. */
  readonly leastWindowSeconds: number;
}

/** Requests/s of an origin over a window. */
export interface Demand {
  readonly requestsPerSecond: number;
  /** `lastKnown` where the window that ends now has no value. */
  readonly from: 'measured' | 'lastKnown';
  /** Since when the window is over. */
  readonly ageSeconds: number;
}

/** A stack, a query or a clock by which no demand can be read; the message names the remedy. */
export class DemandError extends Error {
  override readonly name = 'DemandError';
}

/**
 * @throws DemandError for a stack that has neither a Prometheus nor names one
 */
export function demandSourceOf(config: StackConfig): DemandSource {
  const { demand, regions } = config;
  const origins = regions.map(({ name }) => name);
  const timeoutMs = demand.timeoutSeconds * 1000;
  const watcher = watcherOf(config);
  const url = demand.url ?? (watcher && `http://${watcher.address}`);
  if (url === undefined) {
    throw new DemandError(
      'The stack has no Prometheus, so nothing says how many requests come: set casper:demand.url and query, or give one of casper:hosts prometheus',
    );
  }
  if (demand.query !== undefined)
    return { url, query: demand.query, timeoutMs, origins, leastWindowSeconds: 1 };
  if (originsOf(config).length === 0 || !watcher) {
    throw new DemandError(
      'The stack has no proxies of its own that count requests: set casper:demand.query to PromQL that yields requests/s with the label origin',
    );
  }
  const { scrapeIntervalSeconds } = watcher;
  return {
    ...{ url, timeoutMs, origins },
    query: proxiesQuery(origins, scrapeIntervalSeconds),
    leastWindowSeconds: 4 * scrapeIntervalSeconds,
  };
}

/** Of a window's scrapes, so many must have succeeded: of a few of them alone, rate would make too small a figure. */
const leastScrapedShare = 0.8;

/**
 * What the proxies count of the requests that they pass on, by origin. A proxy that was scraped and has counted nothing
 * had no requests; of one that was not scraped nothing is known.
 */
function proxiesQuery(origins: readonly string[], scrapeIntervalSeconds: number): string {
  const services = origins.map(ofFile).join('|');
  const scrapes = `sum by (${originLabel}) (sum_over_time(up{job="${traefikJob}"}[${windowPlaceholder}]))`;
  const scraped = `(${scrapes} * ${scrapeIntervalSeconds} >= ${leastScrapedShare} * ${windowSecondsPlaceholder})`;
  const counted = `sum by (${originLabel}) (rate(${requestsTotal}{job="${traefikJob}",service=~"${services}"}[${windowPlaceholder}]))`;
  return `(${counted} or 0 * ${scraped}) and ${scraped}`;
}

/** The window as a number. */
const windowSecondsPlaceholder = '$seconds';

/**
 * The requests/s of now, by origin: over the window that ends now, or the last one before it, no older than allowed,
 * that has a value. What is missing is unknown, with the reason, and never 0.
 * @throws DemandError for series that are not the stack's origins', one each, and for another clock than this machine's
 */
export async function readDemand(
  source: DemandSource,
  wanted: { readonly windowSeconds: number; readonly lastKnownMinutes: number },
  nowMs: number,
): Promise<Map<string, Demand | Unknown>> {
  const { lastKnownMinutes } = wanted;
  const windowSeconds = Math.max(wanted.windowSeconds, source.leastWindowSeconds);
  const stepMs = windowSeconds * 1000;
  const windows = Math.floor((lastKnownMinutes * 60) / windowSeconds);
  const moments = { fromMs: nowMs - windows * stepMs, toMs: nowMs, stepMs };
  let read: ReadonlyMap<string, Evaluated['points']>;
  try {
    read = await readOrigins(source, windowSeconds, moments, nowMs);
  } catch (error) {
    if (!(error instanceof PrometheusError)) throw error;
    return new Map(source.origins.map((origin) => [origin, { unknown: error.message }]));
  }
  return new Map(
    source.origins.map((origin): [string, Demand | Unknown] => {
      const last = read.get(origin)?.findLast(({ value }) => value !== null && value >= 0);
      if (!last || last.value === null) {
        const within = windows === 0 ? `the last ${windowSeconds} s` : `the last ${lastKnownMinutes} min`;
        return [origin, { unknown: `Prometheus at ${source.url} has no rate of ${origin} in ${within}` }];
      }
      const ageSeconds = Math.round((nowMs - last.atMs) / 1000);
      const from = ageSeconds === 0 ? 'measured' : 'lastKnown';
      return [origin, { requestsPerSecond: last.value, from, ageSeconds }];
    }),
  );
}

const hourSeconds = 3600;

/**
 * Requests/s of whole hours, by Unix seconds of their start and by origin; null where nothing is known.
 * @param fromSeconds start of the first hour
 * @param toSeconds start of the first hour that is not asked for
 * @throws DemandError, PrometheusError
 */
export async function readDemandHistory(
  source: DemandSource,
  fromSeconds: number,
  toSeconds: number,
  nowMs: number,
): Promise<Map<number, Readonly<Record<string, number | null>>>> {
  const history = new Map<number, Record<string, number | null>>();
  if (toSeconds <= fromSeconds) return history;
  // A window ends at its moment.
  const moments = {
    fromMs: (fromSeconds + hourSeconds) * 1000,
    toMs: toSeconds * 1000,
    stepMs: hourSeconds * 1000,
  };
  const read = await readOrigins(source, hourSeconds, moments, nowMs);
  for (let start = fromSeconds; start < toSeconds; start += hourSeconds) {
    history.set(start, Object.fromEntries(source.origins.map((origin) => [origin, null])));
  }
  for (const [origin, points] of read) {
    for (const { atMs, value } of points) {
      const hour = history.get(atMs / 1000 - hourSeconds);
      if (hour && value !== null && value >= 0) hour[origin] = value;
    }
  }
  return history;
}

/** By a clock that is further off, windows would be other ones than were meant. */
const maxClockDifferenceMs = 10_000;

async function readOrigins(
  { url, query, timeoutMs, origins }: DemandSource,
  windowSeconds: number,
  moments: Moments,
  nowMs: number,
): Promise<Map<string, Evaluated['points']>> {
  const asked = query
    .replaceAll(windowPlaceholder, `${windowSeconds}s`)
    .replaceAll(windowSecondsPlaceholder, String(windowSeconds));
  const { series, clockMs } = await evaluate(url, asked, moments, timeoutMs);
  if (clockMs !== null && Math.abs(clockMs - nowMs) > maxClockDifferenceMs + timeoutMs) {
    throw new DemandError(
      `The clock of Prometheus at ${url} says ${new Date(clockMs).toISOString()}, this machine's ${new Date(nowMs).toISOString()}; set the clock that is wrong`,
    );
  }
  const byOrigin = new Map<string, Evaluated>();
  for (const one of series) {
    const origin = one.labels[originLabel];
    const shown = JSON.stringify(one.labels);
    if (origin === undefined || !origins.includes(origin)) {
      throw new DemandError(
        `casper:demand.query yields the series ${shown}, whose label ${originLabel} names none of ${origins.join(', ')}; leave it out of the query, or give it the label with label_replace`,
      );
    }
    const other = byOrigin.get(origin);
    if (other) {
      throw new DemandError(
        `casper:demand.query yields two series for ${origin}: ${JSON.stringify(other.labels)} and ${shown}; expected one: add them up with sum by (${originLabel})`,
      );
    }
    byOrigin.set(origin, one);
  }
  return new Map([...byOrigin].map(([origin, { points }]) => [origin, points]));
}
