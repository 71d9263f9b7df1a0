import { arrivalsOf, type LoadInterval, type Spacing } from './arrivals';
import { EntryPoint, type LoadOrigin } from './entryPoint';
import { LoadError } from './loadError';
import { longSleep } from './longSleep';
import { RequestLog, type LoadSummary, type SlowRequest } from './requestLog';
import { randomSources } from './seededRandom';
import { steadyClock } from './steadyClock';
import { WholeLoad, type WholeSummary } from './wholeLoad';

export interface LoadOptions {
  readonly origins: readonly LoadOrigin[];
  /** One after the other without a break; connections stay open from one to the next. */
  readonly intervals: readonly LoadInterval[];
  readonly seed: number;
  /** Even when absent. */
  readonly spacing?: Spacing;
  /** Requests of one origin that may be under way; 512 when absent. */
  readonly maxConcurrency?: number;
  /**
   * For each of connecting, the answer's beginning and its going on, and for waiting where maxConcurrency is reached;
   * 10 s when absent. From 1 s on it is kept to half a second.
   */
  readonly timeoutMs?: number;
  /**
   * Whether the result's log has every request, 20 bytes each, as when absent; else those of an interval are forgotten
   * once it has been reported, and an hour takes no more memory than the hour before.
   */
  readonly keepLog?: boolean;
  /** Ends the load; requests under way are waited for. */
  readonly signal?: AbortSignal;
  /** Called with every interval once its last request is over, in order; must not throw. */
  readonly onInterval?: (interval: IntervalLoad) => void;
}

/** What became of one interval's requests, by when they were due. */
export interface IntervalLoad {
  /** Unix time in ms. */
  readonly startedAtMs: number;
  /** Unix time in ms. */
  readonly endedAtMs: number;
  readonly requestsPerSecond: Readonly<Record<string, number>>;
  readonly total: LoadSummary;
  readonly byOrigin: Readonly<Record<string, LoadSummary>>;
  /** The first hundred that took longer than 1 s; `total.slow` counts all. */
  readonly slowRequests: readonly SlowRequest[];
}

export interface LoadResult {
  /** An interval that the signal ended is the last. */
  readonly intervals: readonly IntervalLoad[];
  readonly endedBySignal: boolean;
  readonly whole: WholeSummary;
  /** For windows that are not intervals, as the seconds around a change; empty without `keepLog`. */
  readonly log: RequestLog;
}

/**
 * Sends requests to every origin's entry point at the rates of a schedule. The loop is open: when a request is due
 * does not depend on any answer, and latency counts from that moment, so that a service that stalls is seen to.
 * @throws LoadError before anything is sent when a rate's origin has no entry point
 */
export async function generateLoad(options: LoadOptions): Promise<LoadResult> {
  const { origins, intervals, spacing = 'even', maxConcurrency = 512, timeoutMs = 10_000, signal } = options;
  const { keepLog = true } = options;
  const newSource = randomSources(options.seed);
  const entryPoints = new Map(
    origins.map((origin) => [
      origin.name,
      { random: newSource(), entryPoint: new EntryPoint(origin, maxConcurrency, timeoutMs) },
    ]),
  );
  const lane = (origin: string) => {
    const found = entryPoints.get(origin);
    if (found) return found;
    throw new LoadError(
      `${origin} has a rate but no entry point; entry points: ${[...entryPoints.keys()].join(', ')}`,
    );
  };
  for (const { requestsPerSecond } of intervals) Object.keys(requestsPerSecond).forEach(lane);

  const log = new RequestLog(origins.map(({ name }) => name));
  const unixMs = steadyClock();
  const until = (atMs: number): Promise<void> => longSleep(atMs - unixMs(), signal);
  const whole = new WholeLoad(origins.map(({ name }) => name));
  const send = async (origin: string, dueMs: number): Promise<void> => {
    const id = log.add(origin, dueMs);
    let sentAtMs = NaN;
    const outcome = await lane(origin).entryPoint.request(() => {
      sentAtMs = unixMs();
      log.sent(id, sentAtMs);
    });
    const endedAtMs = unixMs();
    log.ended(id, endedAtMs, outcome);
    whole.add({ origin, dueAtMs: dueMs, latencyMs: endedAtMs - dueMs, outcome }, sentAtMs - dueMs);
  };

  const reports: Promise<IntervalLoad>[] = [];
  let startedAtMs = unixMs();
  for (const interval of intervals) {
    if (signal?.aborted) break;
    const underWay = new UnderWay();
    const plannedEndMs = startedAtMs + interval.seconds * 1000;
    for (const { origin, dueMs } of arrivalsOf(interval, spacing, (name) => lane(name).random)) {
      await until(startedAtMs + dueMs);
      if (signal?.aborted) break;
      underWay.add(send(origin, startedAtMs + dueMs));
    }
    await until(plannedEndMs);
    const endedAtMs = signal?.aborted ? unixMs() : plannedEndMs;
    const { requestsPerSecond } = interval;
    const span = { requestsPerSecond, startedAtMs, endedAtMs };
    reports.push(
      Promise.all([reports.at(-1), underWay.over()]).then(() => {
        const report = intervalLoad(log, span);
        if (!keepLog) log.forgetBefore(endedAtMs);
        options.onInterval?.(report);
        return report;
      }),
    );
    startedAtMs = endedAtMs;
  }
  const done = await Promise.all(reports);
  await Promise.all([...entryPoints.values()].map(({ entryPoint }) => entryPoint.close()));
  return { intervals: done, endedBySignal: signal?.aborted ?? false, whole: whole.summary(), log };
}

function intervalLoad(
  log: RequestLog,
  span: Pick<IntervalLoad, 'requestsPerSecond' | 'startedAtMs' | 'endedAtMs'>,
): IntervalLoad {
  const part = { fromMs: span.startedAtMs, toMs: span.endedAtMs };
  return {
    ...span,
    total: log.summary(part),
    byOrigin: Object.fromEntries(
      Object.keys(span.requestsPerSecond).map((origin) => [origin, log.summary({ ...part, origin })]),
    ),
    slowRequests: log.slowRequests(part),
  };
}

/** How many requests of an interval are under way: of those that are over nothing is kept here. */
class UnderWay {
  private count = 0;
  private failure: { readonly error: unknown } | undefined;
  private tell: (() => void) | undefined;

  add(request: Promise<void>): void {
    this.count++;
    request
      .catch((error: unknown) => {
        this.failure ??= { error };
      })
      .finally(() => {
        this.count--;
        if (this.count === 0) this.tell?.();
      });
  }

  /** Once the last of them is over; none may be added any more. */
  async over(): Promise<void> {
    if (this.count > 0) await new Promise<void>((resolve) => (this.tell = resolve));
    if (this.failure) throw this.failure.error;
  }
}
