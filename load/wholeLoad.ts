import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { LoadSummary, Percentiles, SlowRequest } from './requestLog';
import { slowMs, Tally } from './tally';

/** What became of all requests of a load, however long it lasted. */
export interface WholeSummary {
  readonly total: LoadSummary;
  readonly byOrigin: Readonly<Record<string, LoadSummary>>;
  /** The first ten that took longer than 1 s. */
  readonly slowRequests: readonly SlowRequest[];
}

const listedSlow = 10;
/** In us, up to an hour. A percentile is within a thousandth of that of the nearest rank, or of the rank beside it. */
const buckets = { lowest: 1, highest: 3_600_000_000, figures: 3 };

/** Sums up requests as they end, in memory that does not grow with them. Counts and maxima are exact. */
export class WholeLoad {
  private readonly sums = new Map<string, Sum>();
  private readonly slowRequests: SlowRequest[] = [];

  constructor(origins: readonly string[]) {
    for (const origin of origins) this.sums.set(origin, new Sum());
  }

  /** @param lateMs how long after it was due it left; NaN where it did not */
  add(request: SlowRequest, lateMs: number): void {
    this.sums.get(request.origin)?.add(request, lateMs);
    if (request.latencyMs > slowMs && this.slowRequests.length < listedSlow) this.slowRequests.push(request);
  }

  summary(): WholeSummary {
    const all = new Sum();
    for (const sum of this.sums.values()) all.addAll(sum);
    return {
      total: all.summary(),
      byOrigin: Object.fromEntries([...this.sums].map(([origin, sum]) => [origin, sum.summary()])),
      slowRequests: this.slowRequests,
    };
  }
}

/** Of one origin, or of all. */
class Sum {
  private readonly tally = new Tally();
  private readonly latency = new Spread();
  private readonly late = new Spread();

  add({ outcome, latencyMs }: SlowRequest, lateMs: number): void {
    this.tally.add(outcome, latencyMs);
    if (outcome !== 'notSent') this.late.add(lateMs);
    if (typeof outcome === 'number') this.latency.add(latencyMs);
  }

  addAll(other: Sum): void {
    this.tally.addAll(other.tally);
    this.latency.addAll(other.latency);
    this.late.addAll(other.late);
  }

  summary(): LoadSummary {
    const [latencyMs, lateMs] = [this.latency.percentiles(), this.late.percentiles()];
    return { ...this.tally.summary(), latencyMs, lateMs };
  }
}

/** Durations. */
class Spread {
  private readonly micros: RecordableHistogram = createHistogram(buckets);
  private maxMs = 0;

  add(ms: number): void {
    this.maxMs = Math.max(this.maxMs, ms);
    this.micros.record(Math.min(buckets.highest, Math.max(buckets.lowest, Math.round(ms * 1000))));
  }

  addAll(other: Spread): void {
    this.maxMs = Math.max(this.maxMs, other.maxMs);
    this.micros.add(other.micros);
  }

  percentiles(): Percentiles | null {
    if (this.micros.count === 0) return null;
    const at = (percent: number): number => Math.min(this.maxMs, this.micros.percentile(percent) / 1000);
    return { p50: at(50), p95: at(95), p99: at(99), max: this.maxMs };
  }
}
