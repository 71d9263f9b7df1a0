import { requestPathOf, type RequestPathView } from '../../driver/requestPath';
import type { Target } from '../../driver/target';
import { busiestMoments, type BusiestMoment } from '../../observe/busiestMoment';
import { observeRequests } from '../../observe/observeRequests';
import { PrometheusError } from '../../observe/prometheus';
import { watchReadyServers, type ReadyServers } from '../../observe/readyServers';
import { receivedRequests } from '../../observe/receivedRequests';
import type { ByPair } from '../../planning/intervalPlan';
import { capacityOf } from '../../stack/capacity';
import type { StackConfig } from '../../stack/stackConfig';
import { servedCounts } from './savings';

export interface WatchedInterval {
  /** Of every region that received anything; null where Prometheus does not tell. */
  readonly busiest: readonly BusiestMoment[] | null;
  /** Requests by origin and destination; null where Prometheus does not know all of them. */
  readonly served: ByPair | null;
}

/** Counts what a stack serves, and watches which servers are ready. */
export class IntervalWatch {
  private readonly path: RequestPathView;
  private readonly ended = new AbortController();
  private readonly ready: ReadyServers[] = [];
  private readonly watching: Promise<void>;

  constructor(
    { clusters }: Pick<Target, 'clusters'>,
    private readonly config: StackConfig,
    /** Of the planned requests that is sent: servers are counted at that share of what they carry. */
    private readonly loadShare = 1,
  ) {
    this.path = requestPathOf(config);
    this.watching = watchReadyServers(clusters, config, this.ended.signal, (moment) =>
      this.ready.push(moment),
    );
  }

  /** An interval that is just over; times in Unix ms. */
  async interval(fromMs: number, toMs: number): Promise<WatchedInterval> {
    // Waits for the scrape after the end.
    const served = servedCounts(await observeRequests({ ...this.path, fromMs, toMs }));
    return { served, busiest: await this.busiest(fromMs, toMs) };
  }

  async end(): Promise<void> {
    this.ended.abort();
    await this.watching;
  }

  private async busiest(fromMs: number, toMs: number): Promise<BusiestMoment[] | null> {
    const { prometheus, pairs } = this.path;
    try {
      const received = await receivedRequests(prometheus, pairs, Date.now() - fromMs);
      return busiestMoments(
        received.filter((span) => span.toMs <= toMs),
        this.ready,
        (region) => this.loadShare * capacityOf(this.config, region).requestsPerServer,
      );
    } catch (error) {
      if (!(error instanceof PrometheusError)) throw error;
      return null;
    }
  }
}
