import { setTimeout as sleep } from 'node:timers/promises';
import type { StackCluster } from '../cluster/stackClusters';
import { capacityOf } from '../stack/capacity';
import type { StackConfig } from '../stack/stackConfig';
import { steadyClock } from '../load/steadyClock';
import { busiestMoment, type BusiestMoment } from '../observe/busiestMoment';
import { observeRequests, type Observation } from '../observe/observeRequests';
import { PrometheusError } from '../observe/prometheus';
import { watchReadyServers, type ReadyServers } from '../observe/readyServers';
import { receivedRequests } from '../observe/receivedRequests';
import { requestPathOf, type RequestPathView } from './requestPath';
import type { AppliedInterval, RunObserver, ServedInterval } from './runObserver';

/** What Prometheus scrapes after a moment is there this much later: a scrape takes time too. */
const settleMs = 500;

/** Counts the requests that a stack serves while intervals run, and watches which servers are ready. */
export class RequestWatcher implements RunObserver {
  private readonly path: RequestPathView;
  private readonly ended = new AbortController();
  private ready: ReadyServers[] = [];
  private watching: Promise<void> | undefined;

  /**
   * @param loadShare share of the planned requests that is sent: ready servers are counted at that share of what they carry
   * @param nowMs the clock of the run, Unix time in ms that nobody sets
   * @throws NoRequestPathError
   */
  constructor(
    private readonly clusters: readonly StackCluster[],
    private readonly config: StackConfig,
    private readonly loadShare: number,
    private readonly nowMs = steadyClock(),
  ) {
    this.path = requestPathOf(config);
  }

  onBegin(): void {
    const onMoment = (moment: ReadyServers): unknown => this.ready.push(moment);
    this.watching = watchReadyServers(this.clusters, this.config, this.ended.signal, onMoment, this.nowMs);
  }

  async measure({ startedAtMs, endedAtMs, inForceAtMs }: AppliedInterval): Promise<ServedInterval> {
    await sleep(settleMs);
    // Counts up to a moment are in the last scrape before it: let one scrape pass with only the new weights.
    const steadyFromMs = Math.max(startedAtMs, inForceAtMs) + this.path.scrapeIntervalMs;
    const served = {
      observed: await this.observe(startedAtMs, endedAtMs),
      steady: steadyFromMs < endedAtMs ? await this.observe(steadyFromMs, endedAtMs) : [],
      busiest: await this.busiestFrom(startedAtMs),
    };
    const kept = this.ready.findLastIndex(({ atMs }) => atMs <= endedAtMs);
    this.ready = this.ready.slice(Math.max(0, kept));
    return served;
  }

  async onEnd(): Promise<void> {
    this.ended.abort();
    await this.watching;
  }

  private observe(fromMs: number, toMs: number): Promise<Observation[]> {
    return observeRequests({ ...this.path, fromMs, toMs, nowMs: this.nowMs });
  }

  private async busiestFrom(fromMs: number): Promise<BusiestMoment | null> {
    const { prometheus, pairs } = this.path;
    const received = await receivedRequests(prometheus, pairs, this.nowMs() - fromMs).catch(
      (error: unknown) => {
        if (error instanceof PrometheusError) return [];
        throw error;
      },
    );
    const carried = (region: string): number =>
      this.loadShare * capacityOf(this.config, region).requestsPerServer;
    return busiestMoment(received, this.ready, carried);
  }
}
