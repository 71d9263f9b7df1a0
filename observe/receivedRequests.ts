import { requestsTotal } from '../stack/naming';
import { countedBetween } from './counterIncrease';
import { processStart, selectorOf, selectorWith, seriesWith, type ObservedPair } from './observeRequests';
import { rawSamples, type PrometheusAt, type Series } from './prometheus';

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
 * @throws PrometheusError
 */
export async function receivedRequests(
  prometheus: PrometheusAt,
  pairs: readonly ObservedPair[],
  windowMs: number,
): Promise<ReceivedRequests[]> {
  const targets = [...new Set(pairs.map(({ target }) => selectorOf(target)))];
  const byTarget = new Map(
    await Promise.all(
      targets.map(async (target) => {
        const series = await rawSamples(
          prometheus,
          selectorWith([requestsTotal, processStart], target),
          windowMs,
        );
        const isStart = ({ labels }: Series): boolean => labels['__name__'] === processStart;
        return [
          target,
          { counted: series.filter((one) => !isStart(one)), starts: startsIn(series.filter(isStart)) },
        ] as const;
      }),
    ),
  );
  return pairs.flatMap(({ origin, destination, target, selector }) => {
    const { counted, starts } = byTarget.get(selectorOf(target)) ?? { counted: [], starts: new Map() };
    return increases(seriesWith(counted, selector), starts).map((increase) => ({
      origin,
      destination,
      ...increase,
    }));
  });
}

/** When the target's process had started, by scrape. */
type Starts = ReadonlyMap<number, number>;

function startsIn(series: readonly Series[]): Starts {
  return new Map(series.flatMap(({ samples }) => samples.map(({ atMs, value }) => [atMs, value] as const)));
}

/** Sums the series of all codes, and takes what was counted between samples that follow each other. */
function increases(
  series: readonly Series[],
  starts: Starts,
): Omit<ReceivedRequests, 'origin' | 'destination'>[] {
  const totals = new Map<number, number>();
  for (const { atMs, value } of series.flatMap(({ samples }) => samples)) {
    totals.set(atMs, (totals.get(atMs) ?? 0) + value);
  }
  const scrapes = [...totals].sort(([one], [other]) => one - other);
  return scrapes.slice(1).map(([toMs, after], index) => {
    const [fromMs, before] = scrapes[index] as [number, number];
    const restarted = starts.get(fromMs) !== starts.get(toMs);
    return { fromMs, toMs, requests: restarted ? after : countedBetween(before, after).counted };
  });
}
