import { setTimeout as sleep } from 'node:timers/promises';
import { requestsTotal } from '../stack/naming';
import { counterIncrease, resetScrapes, scrapeSpan, type ScrapeSpan } from './counterIncrease';
import { histogramQuantile, type Bucket } from './histogram';
import { PrometheusError, rawSamples, type PrometheusAt, type Series } from './prometheus';
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
  readonly prometheus: PrometheusAt;
  readonly pairs: readonly ObservedPair[];
  /** Unix time in ms. */
  readonly fromMs: number;
  /** Unix time in ms; in the past or a moment ahead. */
  readonly toMs: number;
  /** How often Prometheus scrapes the targets. */
  readonly scrapeIntervalMs: number;
  /** The clock of the two moments, Unix time in ms; this machine's when absent. */
  readonly nowMs?: () => number;
}

/** The series of Traefik v3, documented under "Metrics" of its reference. */
const durationBucket = 'traefik_service_request_duration_seconds_bucket';
const durationSum = 'traefik_service_request_duration_seconds_sum';
export const processStart = 'process_start_time_seconds';

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
  { prometheus, fromMs, toMs, scrapeIntervalMs, nowMs = Date.now }: ObserveOptions,
): Promise<Observation[]> {
  const longestPauseMs = pausesAllowed * scrapeIntervalMs;
  const all = (requests: Unknown): Observation[] =>
    pairs.map(({ origin, destination }) => ({ origin, destination, requests }));
  try {
    await settled(prometheus, target, { toMs, nowMs }, longestPauseMs);
    const selector = selectorWith(['up', processStart, requestsTotal], target);
    const counted = await rawSamples(prometheus, selector, toMs - fromMs + longestPauseMs, { untilMs: toMs });
    const up = counted.filter(({ labels }) => labels['__name__'] === 'up');
    if (up.length !== 1) {
      const found = up.length === 0 ? 'no target' : `${up.length} targets`;
      return all({ unknown: `Prometheus has ${found} ${target} at that time` });
    }
    const starts = counted.find(({ labels }) => labels['__name__'] === processStart)?.samples;
    const span = scrapeSpan(up[0]?.samples ?? [], fromMs, toMs, longestPauseMs, starts);
    if (isUnknown(span)) return all({ unknown: `${target}: ${span.unknown}` });
    const totals = counted.filter(({ labels }) => labels['__name__'] === requestsTotal);
    const edges = edgesOf(span, resetScrapes(totals, span));
    const timed = await samplesAt(prometheus, selectorWith([durationBucket, durationSum], target), edges);
    return pairs.map(({ origin, destination, selector: own }) => {
      const requests = requestsOf(
        { counted: seriesWith(totals, own), timed: seriesWith(timed, own) },
        span,
        edges,
      );
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

/** Waits until the scrape after a moment is stored, or would have been, whoever sets a clock meanwhile. */
async function settled(
  prometheus: PrometheusAt,
  target: string,
  { toMs, nowMs = Date.now }: Pick<ObserveOptions, 'toMs' | 'nowMs'>,
  longestPauseMs: number,
): Promise<void> {
  const selector = selectorWith(['up'], target);
  // A moment that is further ahead is of another clock.
  const agoMs = Math.max(-longestPauseMs, nowMs() - toMs);
  const begunMs = performance.now();
  for (;;) {
    const sinceMs = agoMs + performance.now() - begunMs;
    const series = await rawSamples(prometheus, selector, Math.max(0, sinceMs) + longestPauseMs);
    if (series.some(({ samples }) => samples.some(({ atMs }) => atMs > toMs))) return;
    if (sinceMs > longestPauseMs) return;
    await sleep(Math.max(50, Math.min(250, longestPauseMs / 10)));
  }
}

/** Series of some names, of one target. */
export function selectorWith(names: readonly string[], target: string): string {
  return `{__name__=~"${names.join('|')}",${target.slice(1)}`;
}

/**
 * The first and the last scrape, and those on both sides of every reset: between them a counter only grows. Of durations,
 * which are two dozen series a destination, an hour needs no more.
 */
function edgesOf({ scrapesMs }: ScrapeSpan, resets: readonly number[]): number[] {
  const around = resets.flatMap((atMs) => {
    const index = scrapesMs.indexOf(atMs);
    return scrapesMs.slice(index - 1, index + 1);
  });
  const edges = new Set([...scrapesMs.slice(0, 1), ...around, ...scrapesMs.slice(-1)]);
  return [...edges].sort((one, other) => one - other);
}

/** The samples of some scrapes. */
async function samplesAt(
  prometheus: PrometheusAt,
  selector: string,
  scrapesMs: readonly number[],
): Promise<Series[]> {
  const found: Series[] = [];
  for (const atMs of scrapesMs) {
    // Prometheus reads a time as a fraction of seconds, which may fall a millisecond short.
    const series = await rawSamples(prometheus, selector, 3, { untilMs: atMs + 1 });
    found.push(
      ...series.map(({ labels, samples }) => ({
        labels,
        samples: samples.filter((sample) => sample.atMs === atMs),
      })),
    );
  }
  return [...Map.groupBy(found, ({ labels }) => JSON.stringify(labels)).values()].map((parts) => ({
    labels: parts[0]?.labels ?? {},
    samples: parts.flatMap(({ samples }) => samples),
  }));
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
function requestsOf(
  { counted, timed }: { readonly counted: readonly Series[]; readonly timed: readonly Series[] },
  span: ScrapeSpan,
  edges: readonly number[],
): PairRequests | Unknown {
  const counts = { served: 0, serverErrors: 0, clientAborts: 0 };
  // A pair without a series has the target's restarts too, and is unknown where one of them took what nobody has read.
  const idle = counterIncrease([], span);
  if (isUnknown(idle)) return idle;
  let { resets } = idle;
  for (const { labels, samples } of counted) {
    const increased = counterIncrease(samples, span);
    if (isUnknown(increased)) return increased;
    counts[kindOf(Number(labels['code']))] += increased.increase;
    // Every series of a target begins anew at once, so that the largest number is the target's.
    resets = Math.max(resets, increased.resets);
  }
  const bucketCounts = new Map<number, number>();
  let seconds = 0;
  for (const { labels, samples } of timed) {
    if (kindOf(Number(labels['code'])) !== 'served') continue;
    const increased = counterIncrease(samples, { ...span, scrapesMs: edges });
    if (isUnknown(increased)) return increased;
    if (labels['__name__'] === durationSum) {
      seconds += increased.increase;
    } else {
      const upperBound = labels['le'] === '+Inf' ? Infinity : Number(labels['le']);
      bucketCounts.set(upperBound, (bucketCounts.get(upperBound) ?? 0) + increased.increase);
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
