import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadOrigin } from '../../load/entryPoint';
import { generateLoadApart } from '../../load/generateLoadApart';
import type { RequestLog } from '../../load/requestLog';
import type { TickRecord } from '../../live/tickRecord';
import { secondsUntilCalm } from './figures';

/** Requests of the origin before it is trebled, to know what is steady, and how long it is watched after that. */
export const steadySeconds = 8;
export const watchedSeconds = 45;

/** One origin's requests trebled: what of it is known while the load goes on. */
export interface Trebled {
  readonly origin: string;
  readonly steadyFromMs: number;
  readonly fromMs: number;
  /** Of the requests that came on top. */
  readonly extra: RequestLog;
}

/**
 * Sends twice an origin's requests on top of what is sent already.
 * @param requestsPerSecond what is sent already
 */
export async function treble(entryPoint: LoadOrigin, requestsPerSecond: () => number): Promise<Trebled> {
  const steadyFromMs = Date.now();
  await sleep(steadySeconds * 1000);
  const { name: origin } = entryPoint;
  const fromMs = Date.now();
  const { log } = await generateLoadApart({
    origins: [entryPoint],
    intervals: [{ seconds: watchedSeconds, requestsPerSecond: { [origin]: 2 * requestsPerSecond() } }],
    seed: 2,
  });
  return { origin, steadyFromMs, fromMs, extra: log };
}

export interface TrebleFigures {
  readonly trebleSteadyP99Ms: number | null;
  /** Until the origin's 99th percentile is under twice its steady one for good; null where it is not while it is watched. */
  readonly trebleCalmSeconds: number | null;
  /** Updates that changed something meanwhile, also those that the clock made. */
  readonly trebleChanges: number;
}

/**
 * @param log of the requests that were sent all the time
 * @param ticks of the run, with when they had ended, Unix ms
 */
export function trebleFigures(
  { origin, steadyFromMs, fromMs }: Trebled,
  log: RequestLog,
  ticks: readonly { readonly tick: TickRecord; readonly endedAtMs: number }[],
): TrebleFigures {
  const toMs = fromMs + watchedSeconds * 1000;
  const steady = log.summary({ origin, fromMs: steadyFromMs, toMs: fromMs }).latencyMs?.p99 ?? null;
  const calm = steady === null ? null : secondsUntilCalm(log, { origin, fromMs, toMs, boundMs: 2 * steady });
  const untilMs = calm === null ? toMs : fromMs + calm * 1000;
  const changes = ticks.filter(
    ({ tick, endedAtMs }) => tick.outcome === 'applied' && endedAtMs > fromMs && endedAtMs <= untilMs,
  );
  return { trebleSteadyP99Ms: steady, trebleCalmSeconds: calm, trebleChanges: changes.length };
}
