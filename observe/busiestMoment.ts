import type { ReadyServers } from './readyServers';
import type { ReceivedRequests } from './receivedRequests';

/** The 3 s window of a destination with the highest ratio of received requests to ready capacity. */
export interface BusiestMoment {
  readonly destination: string;
  /** Unix time in ms: the beginning of the three seconds. */
  readonly atMs: number;
  readonly requestsPerSecond: number;
  /** What the ready servers carried; 0 where none was ready. */
  readonly capacityRequestsPerSecond: number;
  /** The one by the other; Infinity where none was ready. */
  readonly load: number;
}

/** On a busy machine a scrape is up to 0.1 s late: over a window of 1 s the requests of that time would look like load. */
const windowMs = 3000;

/**
 * Finds the window with the highest ratio of received requests to ready capacity, over all destinations; pure.
 * @returns null where nothing was received, or nothing is known of the servers
 */
export function busiestMoment(...of: Parameters<typeof busiestMoments>): BusiestMoment | null {
  return busiestMoments(...of).reduce<BusiestMoment | null>(
    (busiest, moment) => (busiest === null || moment.load > busiest.load ? moment : busiest),
    null,
  );
}

/**
 * Finds that window of every destination that received anything; pure. Requests between two scrapes are taken as evenly
 * spread.
 */
export function busiestMoments(
  received: readonly ReceivedRequests[],
  ready: readonly ReadyServers[],
  requestsPerServer: (destination: string) => number,
): BusiestMoment[] {
  return [...Map.groupBy(received, (span) => span.destination)].flatMap(([destination, spans]) => {
    let busiest: BusiestMoment | null = null;
    const steps = stepsOf(ready, destination);
    const byOrigin = [...Map.groupBy(spans, ({ origin }) => origin).values()];
    for (const atMs of new Set(spans.map(({ fromMs }) => fromMs))) {
      const counted = byOrigin.map((own) =>
        integral(own, atMs, ({ requests, fromMs, toMs }) => requests / (toMs - fromMs)),
      );
      const servers = integral(steps, atMs, (step) => step.servers);
      if (servers === null || counted.includes(null)) continue;
      const requestsPerSecond =
        (1000 * counted.reduce<number>((sum, count) => sum + (count ?? 0), 0)) / windowMs;
      if (requestsPerSecond === 0) continue;
      const capacityRequestsPerSecond = (servers / windowMs) * requestsPerServer(destination);
      const load = requestsPerSecond / capacityRequestsPerSecond;
      if (busiest === null || load > busiest.load) {
        busiest = { destination, atMs, requestsPerSecond, capacityRequestsPerSecond, load };
      }
    }
    return busiest === null ? [] : [busiest];
  });
}

/** Integral of a value over the window that starts at a moment; null where the spans, in order of time, do not cover it. */
function integral<T extends { readonly fromMs: number; readonly toMs: number }>(
  spans: readonly T[],
  atMs: number,
  valueOf: (span: T) => number,
): number | null {
  const untilMs = atMs + windowMs;
  const [first, last] = [spans[0], spans.at(-1)];
  if (!first || !last || first.fromMs > atMs || last.toMs < untilMs) return null;
  let sum = 0;
  for (let index = firstEndingAfter(spans, atMs); index < spans.length; index++) {
    const span = spans[index] as T;
    if (span.fromMs >= untilMs) break;
    sum += (Math.min(span.toMs, untilMs) - Math.max(span.fromMs, atMs)) * valueOf(span);
  }
  return sum;
}

/** An hour has thousands of spans, and as many windows: each must find its own without a look at all of them. */
function firstEndingAfter(spans: readonly { readonly toMs: number }[], atMs: number): number {
  let [low, high] = [0, spans.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((spans[middle]?.toMs ?? NaN) <= atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Turns samples of the ready servers into spans: each holds until the next. */
function stepsOf(ready: readonly ReadyServers[], destination: string) {
  return ready.slice(1).map((next, index) => {
    const { atMs: fromMs, servers } = ready[index] as ReadyServers;
    return { fromMs, toMs: next.atMs, servers: servers[destination] ?? 0 };
  });
}
