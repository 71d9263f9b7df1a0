import { demandOf } from '../planning/heldPlan';
import type { IntervalPlan } from '../planning/intervalPlan';
import type { IntervalLoad, LoadResult } from '../load/generateLoad';
import { generateLoadApart } from '../load/generateLoadApart';
import type { LoadOrigin } from '../load/entryPoint';
import { RequestLog } from '../load/requestLog';
import type { WholeSummary } from '../load/wholeLoad';
import type { RunObserver } from './runObserver';

export interface LoadSenderOptions {
  readonly entryPoints: readonly LoadOrigin[];
  readonly plans: readonly IntervalPlan[];
  /** Position of the first of them that is sent; of a run that goes on, those before it have been. The first when absent. */
  readonly from?: number;
  readonly secondsPerInterval: number;
  readonly seed: number;
  /** Share of the planned requests that is sent. */
  readonly loadShare: number;
  /** Whether `log` is wanted; kept when absent, 20 bytes a request. */
  readonly keepLog?: boolean;
  /** Called with what was sent in an interval, once its last request is over. */
  readonly onSent?: (interval: string, load: IntervalLoad) => void;
  /** Called once where the load's process has ended by itself; the run's next record says it too. */
  readonly onFailure?: (error: Error) => void;
}

/** Sends every interval's planned requests, from the moment that the first plan is in force to the end of the run. */
export class LoadSender implements RunObserver {
  private readonly stop = new AbortController();
  private load: Promise<LoadResult> | undefined;
  private failure: Error | undefined;
  /** Every request, unless it is not wanted; whole once the run has ended. */
  log = new RequestLog([]);
  /** Null until the run has ended. */
  whole: WholeSummary | null = null;

  constructor(private readonly options: LoadSenderOptions) {}

  onBegin(): void {
    const {
      entryPoints,
      plans,
      from = 0,
      secondsPerInterval,
      seed,
      loadShare,
      keepLog,
      onSent,
    } = this.options;
    let reported = 0;
    this.load = generateLoadApart({
      origins: entryPoints,
      intervals: plans.map((plan, index) => ({
        // One that has been sent takes no time, and its part of the seed's numbers: those to come are as they would be.
        seconds: index < from ? 0 : secondsPerInterval,
        requestsPerSecond: requestRates(plan, loadShare),
      })),
      seed,
      ...(keepLog !== undefined && { keepLog }),
      signal: this.stop.signal,
      onInterval: (load) => {
        const index = reported++;
        if (index >= from) onSent?.(plans[index]?.interval ?? '', load);
      },
    });
    // An update that is under way ends first: the interval's record then says that the load has failed.
    this.load.catch((error: unknown) => {
      this.failure = error instanceof Error ? error : new Error(String(error));
      this.options.onFailure?.(this.failure);
    });
  }

  /** @throws LoadError where the load's process has ended by itself */
  onRecord(): void {
    if (this.failure) throw this.failure;
  }

  async onEnd(failed: boolean): Promise<void> {
    if (failed) this.stop.abort();
    if (this.load) ({ log: this.log, whole: this.whole } = await this.load);
  }
}

/** A share of a plan's requests/s, by origin. */
export function requestRates(plan: IntervalPlan, share: number): Record<string, number> {
  return Object.fromEntries(Object.entries(demandOf(plan)).map(([origin, rate]) => [origin, share * rate]));
}
