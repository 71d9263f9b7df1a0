import { requestsTotal } from '../stack/naming';
import { countedBetween } from './counterIncrease';
import { selectorOf, seriesWith, type ObservedPair } from './observeRequests';
import { rawSamples, type Series } from './prometheus';

/** Requests that one origin's Traefik sent to one destination between two scrapes that follow each other. */
export interface ReceivedRequests {
  readonly origin: string;
  readonly destination: string;
  /** Unix times in ms. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly requests: number;
}

/**
 * What every destination received, scrape by scrape, in the last `windowMs`.
 * @param prometheusUrl without /api
 * @throws PrometheusError
 */
export async function receivedRequests(
  prometheusUrl: string,
  pairs: readonly ObservedPair[],
  windowMs: number,
): Promise<ReceivedRequests[]> {
  const targets = [...new Set(pairs.map(({ target }) => selectorOf(target)))];
  const byTarget = new Map(
    await Promise.all(
      targets.map(
        async (target) =>
          [target, await rawSamples(prometheusUrl, `${requestsTotal}${target}`, windowMs)] as const,
      ),
    ),
  );
  return pairs.flatMap(({ origin, destination, target, selector }) =>
    increases(seriesWith(byTarget.get(selectorOf(target)) ?? [], selector)).map((increase) => ({
      origin,
      destination,
      ...increase,
    })),
  );
}

/** Sums the series of all codes, and takes what was counted between samples that follow each other. */
function increases(series: readonly Series[]): Omit<ReceivedRequests, 'origin' | 'destination'>[] {
  const totals = new Map<number, number>();
  for (const { atMs, value } of series.flatMap(({ samples }) => samples)) {
    totals.set(atMs, (totals.get(atMs) ?? 0) + value);
  }
  const scrapes = [...totals].sort(([one], [other]) => one - other);
  return scrapes.slice(1).map(([toMs, after], index) => {
    const [fromMs, before] = scrapes[index] as [number, number];
    return { fromMs, toMs, requests: countedBetween(before, after).counted };
  });
}
