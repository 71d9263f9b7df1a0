import { setTimeout as sleep } from 'node:timers/promises';
import { requestsTotal } from '../stack/naming';
import { counterIncrease, scrapeSpan, type ScrapeSpan } from './counterIncrease';
import { histogramQuantile, type Bucket } from './histogram';
import { PrometheusError, rawSamples, type Series } from './prometheus';
import { isUnknown, type Unknown } from './unknown';

/** Which series count the requests of an origin to a destination. */
export interface ObservedPair {
  readonly origin: string;
  readonly destination: string;
  /** Labels that single out one scrape target, the origin's Traefik, in `up` as well: job and instance. */
  readonly target: Readonly<Record<string, string>>;
  /** Labels of the target's series that stand for the destination: service. */
  readonly selector: Readonly<Record<string, string>>;
}

export interface Observation {
  readonly origin: string;
  readonly destination: string;
  readonly requests: PairRequests | Unknown;
}

/** What Traefik counted between two moments. */
export interface PairRequests {
  /** Answered with a status under 500. */
  readonly served: number;
  /** Answered with a status from 500 on, by the service or for want of it. */
  readonly serverErrors: number;
  /** Given up by the client before an answer: Traefik's code 0. */
  readonly clientAborts: number;
  /** How often Traefik's counters began anew: the counts are lower bounds where it is not 0. */
  readonly resets: number;
  /** Of the served requests. */
  readonly serviceTime: ServiceTime;
}

/** From Traefik's asking to the answer's end, in ms; null without requests. */
export interface ServiceTime {
  readonly meanMs: number | null;
  readonly p50Ms: number | null | Unknown;
  readonly p95Ms: number | null | Unknown;
  readonly p99Ms: number | null | Unknown;
}

/** Requests that Traefik answered with an error or not at all; unknown where one of the counts is. */
export function failedAtTraefik(observations: readonly Observation[]): number | Unknown {
  let failed = 0;
  for (const { requests } of observations) {
    if (isUnknown(requests)) return requests;
    failed += requests.serverErrors + requests.clientAborts;
  }
  return failed;
}

export interface ObserveOptions {
  /** Of Prometheus, without /api. */
  readonly prometheusUrl: string;
  readonly pairs: readonly ObservedPair[];
  /** Unix time in ms. */
  readonly fromMs: number;
  /** Unix time in ms; in the past or a moment ahead. */
  readonly toMs: number;
  /** How often Prometheus scrapes the targets. */
  readonly scrapeIntervalMs: number;
}

/** The series of Traefik v3, documented under "Metrics" of its reference. */
const durationBucket = 'traefik_service_request_duration_seconds_bucket';
const durationSum = 'traefik_service_request_duration_seconds_sum';
const processStart = 'process_start_time_seconds';

/**
 * Counts the requests of every pair between two moments, from raw samples. A request belongs to the interval whose
 * scrapes saw it, which is up to one scrape interval late; over adjoining intervals none is lost or counted twice.
 * Waits for the first scrape after `toMs`: only then is the last one before it sure to be stored.
 * Never throws for a Prometheus or a target that is away: their pairs are unknown, with the reason.
 */
export async function observeRequests(options: ObserveOptions): Promise<Observation[]> {
  const byTarget = Map.groupBy(options.pairs, ({ target }) => selectorOf(target));
  const observed = await Promise.all(
    [...byTarget].map(([target, pairs]) => observeTarget(target, pairs, options)),
  );
  return observed.flat();
}

/** Two scrapes may fail to come in time on a busy machine; more is an absence. */
const pausesAllowed = 2.5;

async function observeTarget(
  target: string,
  pairs: readonly ObservedPair[],
  { prometheusUrl, fromMs, toMs, scrapeIntervalMs }: ObserveOptions,
): Promise<Observation[]> {
  const longestPauseMs = pausesAllowed * scrapeIntervalMs;
  const all = (requests: Unknown): Observation[] =>
    pairs.map(({ origin, destination }) => ({ origin, destination, requests }));
  try {
    const series = await settledSeries(prometheusUrl, target, fromMs - longestPauseMs, toMs, longestPauseMs);
    const up = series.filter(({ labels }) => labels['__name__'] === 'up');
    if (up.length !== 1) {
      const found = up.length === 0 ? 'no target' : `${up.length} targets`;
      return all({ unknown: `Prometheus has ${found} ${target} at that time` });
    }
    const starts = series.find(({ labels }) => labels['__name__'] === processStart)?.samples;
    const span = scrapeSpan(up[0]?.samples ?? [], fromMs, toMs, longestPauseMs, starts);
    if (isUnknown(span)) return all({ unknown: `${target}: ${span.unknown}` });
    return pairs.map(({ origin, destination, selector }) => {
      const requests = requestsOf(seriesWith(series, selector), span);
      return {
        origin,
        destination,
        requests: isUnknown(requests) ? { unknown: `${target}: ${requests.unknown}` } : requests,
      };
    });
  } catch (error) {
    if (!(error instanceof PrometheusError)) throw error;
    return all({ unknown: error.message });
  }
}

async function settledSeries(
  url: string,
  target: string,
  fromMs: number,
  toMs: number,
  longestPauseMs: number,
): Promise<Series[]> {
  const names = ['up', processStart, requestsTotal, durationBucket, durationSum].join('|');
  const selector = `{__name__=~"${names}",${target.slice(1)}`;
  for (;;) {
    const series = await rawSamples(url, selector, Date.now() - fromMs);
    const settled = series.some(
      ({ labels, samples }) => labels['__name__'] === 'up' && samples.some(({ atMs }) => atMs > toMs),
    );
    if (settled || Date.now() > toMs + longestPauseMs) return series;
    await sleep(Math.max(50, Math.min(250, longestPauseMs / 10)));
  }
}

/** The series that have all of some labels. */
export function seriesWith(
  series: readonly Series[],
  selector: Readonly<Record<string, string>>,
): readonly Series[] {
  return series.filter(({ labels }) =>
    Object.entries(selector).every(([name, value]) => labels[name] === value),
  );
}

/** Sums up the series of one pair: one a code, method and protocol, and for durations one a bucket as well. */
function requestsOf(series: readonly Series[], span: ScrapeSpan): PairRequests | Unknown {
  const counts = { served: 0, serverErrors: 0, clientAborts: 0 };
  const bucketCounts = new Map<number, number>();
  let resets = 0;
  let seconds = 0;
  for (const { labels, samples } of series) {
    const increased = counterIncrease(samples, span);
    if (isUnknown(increased)) return increased;
    const { increase } = increased;
    const kind = kindOf(Number(labels['code']));
    if (labels['__name__'] === requestsTotal) {
      counts[kind] += increase;
      // Every series of a target begins anew at once, so that the largest number is the target's.
      resets = Math.max(resets, increased.resets);
    } else if (kind === 'served' && labels['__name__'] === durationSum) {
      seconds += increase;
    } else if (kind === 'served' && labels['__name__'] === durationBucket) {
      const upperBound = labels['le'] === '+Inf' ? Infinity : Number(labels['le']);
      bucketCounts.set(upperBound, (bucketCounts.get(upperBound) ?? 0) + increase);
    }
  }
  const buckets = [...bucketCounts].map(([upperBound, count]) => ({ upperBound: upperBound * 1000, count }));
  return { ...counts, resets, serviceTime: serviceTimeOf(buckets, seconds * 1000) };
}

function kindOf(code: number): 'served' | 'serverErrors' | 'clientAborts' {
  if (code === 0) return 'clientAborts';
  return code >= 500 ? 'serverErrors' : 'served';
}

function serviceTimeOf(buckets: readonly Bucket[], totalMs: number): ServiceTime {
  const count = buckets.find(({ upperBound }) => upperBound === Infinity)?.count ?? 0;
  return {
    meanMs: count === 0 ? null : totalMs / count,
    p50Ms: histogramQuantile(buckets, 0.5),
    p95Ms: histogramQuantile(buckets, 0.95),
    p99Ms: histogramQuantile(buckets, 0.99),
  };
}

/** {job="traefik",origin="eu-west-3"}; labels in a fixed order, so that equal targets are equal. */
export function selectorOf(labels: Readonly<Record<string, string>>): string {
  const matchers = Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `{${matchers.join(',')}}`;
}
