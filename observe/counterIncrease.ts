import type { Sample } from './prometheus';
import type { Unknown } from './unknown';

/** The scrapes of a target that tell what happened between two moments. */
export interface ScrapeSpan {
  /**
   * Successful ones in the order of time, Unix ms: from the last one up to the first moment to the last one up to
   * the second, so that spans which adjoin share a scrape and no request is counted twice or not at all.
   */
  readonly scrapesMs: readonly number[];
  /** Those of them before which the target or Prometheus was away. */
  readonly afterAbsence: ReadonlySet<number>;
  /** Those of them that another process of the target answered than the one before. */
  readonly afterRestart: ReadonlySet<number>;
}

/**
 * Picks the scrapes between two moments.
 * @param up the target's `up` series: 1 for each scrape that succeeded, 0 for each that did not
 * @param fromMs Unix time
 * @param toMs Unix time
 * @param longestPauseMs between scrapes; where none came for longer, Prometheus was away
 * @param processStarts the target's `process_start_time_seconds`, where it has one
 */
export function scrapeSpan(
  up: readonly Sample[],
  fromMs: number,
  toMs: number,
  longestPauseMs: number,
  processStarts: readonly Sample[] = [],
): ScrapeSpan | Unknown {
  const edge = (edgeMs: number): Sample | Unknown => {
    const last = up.findLast(({ atMs }) => atMs <= edgeMs);
    if (!last || edgeMs - last.atMs > longestPauseMs) {
      return { unknown: `no scrape in the ${longestPauseMs} ms up to ${isoOf(edgeMs)}` };
    }
    return last.value === 1 ? last : { unknown: `the target was down at ${isoOf(last.atMs)}` };
  };
  const first = edge(fromMs);
  const last = edge(toMs);
  if ('unknown' in first) return first;
  if ('unknown' in last) return last;

  const scrapesMs: number[] = [];
  const afterAbsence = new Set<number>();
  const afterRestart = new Set<number>();
  const startAt = new Map(processStarts.map(({ atMs, value }) => [atMs, value]));
  for (const { atMs, value } of up) {
    if (value !== 1 || atMs < first.atMs || atMs > last.atMs) continue;
    const previousMs = scrapesMs.at(-1);
    if (previousMs !== undefined) {
      const failedBetween = up.some((scrape) => scrape.atMs > previousMs && scrape.atMs < atMs);
      if (failedBetween || atMs - previousMs > longestPauseMs) afterAbsence.add(atMs);
      if (startAt.get(previousMs) !== startAt.get(atMs)) afterRestart.add(atMs);
    }
    scrapesMs.push(atMs);
  }
  return { scrapesMs, afterAbsence, afterRestart };
}

export interface CounterIncrease {
  readonly increase: number;
  /** How often the counter began anew: what came after the last scrape before it is missing from `increase`. */
  readonly resets: number;
}

/**
 * By how much a counter grew: the positive differences of its raw samples. A counter that a successful scrape does
 * not have stands at 0: it was not counted up yet, or its owner began anew.
 */
export function counterIncrease(
  samples: readonly Sample[],
  { scrapesMs, afterAbsence, afterRestart }: ScrapeSpan,
): CounterIncrease | Unknown {
  const valueAt = new Map(samples.map(({ atMs, value }) => [atMs, value]));
  let increase = 0;
  let resets = 0;
  for (const [index, atMs] of scrapesMs.entries()) {
    const previousMs = scrapesMs[index - 1];
    if (previousMs === undefined) continue;
    const after = valueAt.get(atMs) ?? 0;
    const step = afterRestart.has(atMs)
      ? { counted: after, reset: true }
      : countedBetween(valueAt.get(previousMs) ?? 0, after);
    if (step.reset && afterAbsence.has(atMs)) {
      return {
        unknown: `away between ${isoOf(previousMs)} and ${isoOf(atMs)}, and its counters began anew meanwhile`,
      };
    }
    increase += step.counted;
    if (step.reset) resets++;
  }
  return { increase, resets };
}

/** The scrapes of a span at which one of some counters, all of one process, had begun anew; in the order of time. */
export function resetScrapes(
  counters: readonly { readonly samples: readonly Sample[] }[],
  { scrapesMs, afterRestart }: ScrapeSpan,
): number[] {
  const found = new Set(scrapesMs.slice(1).filter((atMs) => afterRestart.has(atMs)));
  for (const { samples } of counters) {
    const valueAt = new Map(samples.map(({ atMs, value }) => [atMs, value]));
    for (const [index, atMs] of scrapesMs.slice(1).entries()) {
      const before = valueAt.get(scrapesMs[index] ?? NaN) ?? 0;
      if (countedBetween(before, valueAt.get(atMs) ?? 0).reset) found.add(atMs);
    }
  }
  return [...found].sort((one, other) => one - other);
}

/**
 * What a counter counted between two scrapes. A smaller value means that it began anew from 0: what it counted between
 * the first scrape and its end is lost, so the count is a lower bound. Only the process's start tells a counter that has
 * passed its old value again from one that went on.
 */
export function countedBetween(before: number, after: number): { counted: number; reset: boolean } {
  return after >= before ? { counted: after - before, reset: false } : { counted: after, reset: true };
}

function isoOf(unixMs: number): string {
  return new Date(unixMs).toISOString();
}
