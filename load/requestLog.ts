import { slowMs, Tally, type Outcome, type RequestCounts } from './tally';

/** Nearest-rank percentiles in ms, of the values themselves and not of buckets. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** What became of the requests of some time. */
export interface LoadSummary extends RequestCounts {
  /** From the moment a request was due to the last byte of its answer, whatever the status; null without answers. */
  readonly latencyMs: Percentiles | null;
  /** How long after they were due requests left the generator; null when none did. */
  readonly lateMs: Percentiles | null;
}

/** Requests without an answer below status 400, those included that found no place. */
export function failedAtClient({ failed, notSent }: LoadSummary): number {
  return failed.status + failed.connection + failed.timeout + notSent;
}

export interface SlowRequest {
  readonly origin: string;
  /** Unix time in ms. */
  readonly dueAtMs: number;
  readonly latencyMs: number;
  readonly outcome: Outcome;
}

/** A part of the log; times are Unix times in ms, requests count by when they were due. */
export interface LogPart {
  readonly fromMs?: number;
  /** Not included. */
  readonly toMs?: number;
  readonly origin?: string;
}

/** A log in a form that processes send each other: a column a property, longer than `count`. */
export interface LoadRecords {
  readonly origins: readonly string[];
  readonly count: number;
  readonly dueMs: Float64Array<ArrayBuffer>;
  readonly lateMs: Float32Array<ArrayBuffer>;
  readonly latencyMs: Float32Array<ArrayBuffer>;
  readonly origin: Uint16Array<ArrayBuffer>;
  readonly outcome: Int16Array<ArrayBuffer>;
}

const unanswered = ['connection', 'timeout', 'notSent'] as const;
const initialCapacity = 4096;

/**
 * Every request that was due, in 20 bytes each, in the order of time: any window of it can be summed up afterwards. Counts
 * are exact; latencies are kept in 24 bits, to a sixteen-millionth of themselves (0.06 us of 1 s).
 */
export class RequestLog {
  /** Of those that are kept. */
  private count = 0;
  private forgotten = 0;
  private dueMs = new Float64Array(initialCapacity);
  private lateMs = new Float32Array(initialCapacity);
  private latencyMs = new Float32Array(initialCapacity);
  private origin = new Uint16Array(initialCapacity);
  /** A status, or minus the place in `unanswered` from 1; 0 while the request is under way. */
  private outcome = new Int16Array(initialCapacity);

  /** @param origins at most 65,536 names */
  constructor(private readonly origins: readonly string[]) {}

  /** The log that another process has kept. */
  static of({ origins, ...columns }: LoadRecords): RequestLog {
    return Object.assign(new RequestLog(origins), columns);
  }

  /** All of it, to be sent to another process. */
  records(): LoadRecords {
    const { origins, count, dueMs, lateMs, latencyMs, origin, outcome } = this;
    return { origins, count, dueMs, lateMs, latencyMs, origin, outcome };
  }

  /**
   * Adds a request; later ones must not be due earlier.
   * @param dueMs Unix time
   * @returns its number
   */
  add(origin: string, dueMs: number): number {
    if (this.count === this.dueMs.length) this.grow();
    const at = this.count++;
    this.dueMs[at] = dueMs;
    this.lateMs[at] = NaN;
    this.outcome[at] = 0;
    this.origin[at] = this.origins.indexOf(origin);
    return at + this.forgotten;
  }

  /** @param atMs Unix time at which it left */
  sent(id: number, atMs: number): void {
    const at = id - this.forgotten;
    this.lateMs[at] = atMs - (this.dueMs[at] ?? NaN);
  }

  /** @param atMs Unix time at which it was over */
  ended(id: number, atMs: number, outcome: Outcome): void {
    const at = id - this.forgotten;
    this.latencyMs[at] = atMs - (this.dueMs[at] ?? NaN);
    this.outcome[at] = typeof outcome === 'number' ? outcome : -1 - unanswered.indexOf(outcome);
  }

  /** Lets go of all that was due before a moment, so that its place is used again; all of it must be over. */
  forgetBefore(unixMs: number): void {
    const gone = this.firstDueFrom(unixMs);
    for (const column of [this.dueMs, this.lateMs, this.latencyMs, this.origin, this.outcome]) {
      column.copyWithin(0, gone, this.count);
    }
    this.count -= gone;
    this.forgotten += gone;
  }

  /** Sums up a part; requests that are still under way are left out. */
  summary(part: LogPart = {}): LoadSummary {
    const tally = new Tally();
    const most = this.firstDueFrom(part.toMs ?? Infinity) - this.firstDueFrom(part.fromMs ?? -Infinity);
    const [latencies, late] = [new Float32Array(most), new Float32Array(most)];
    let [answers, left] = [0, 0];
    for (const id of this.endedIn(part)) {
      const outcome = this.outcomeOf(id);
      const latencyMs = this.latencyMs[id] ?? NaN;
      tally.add(outcome, latencyMs);
      if (outcome !== 'notSent') late[left++] = this.lateMs[id] ?? NaN;
      if (typeof outcome === 'number') latencies[answers++] = latencyMs;
    }
    return {
      ...tally.summary(),
      latencyMs: percentilesOf(latencies.subarray(0, answers)),
      lateMs: percentilesOf(late.subarray(0, left)),
    };
  }

  /** The first requests of a part that took longer than 1 s. */
  slowRequests(part: LogPart = {}, limit = 100): SlowRequest[] {
    const found: SlowRequest[] = [];
    for (const id of this.endedIn(part)) {
      const latencyMs = this.latencyMs[id] ?? NaN;
      if (latencyMs <= slowMs) continue;
      if (found.length === limit) break;
      found.push({
        origin: this.origins[this.origin[id] ?? -1] ?? '',
        dueAtMs: this.dueMs[id] ?? NaN,
        latencyMs,
        outcome: this.outcomeOf(id),
      });
    }
    return found;
  }

  private *endedIn({ fromMs = -Infinity, toMs = Infinity, origin }: LogPart): Generator<number> {
    const wanted = origin === undefined ? undefined : this.origins.indexOf(origin);
    for (let id = this.firstDueFrom(fromMs); id < this.count; id++) {
      if ((this.dueMs[id] ?? NaN) >= toMs) return;
      if (this.outcome[id] !== 0 && (wanted === undefined || this.origin[id] === wanted)) yield id;
    }
  }

  private firstDueFrom(fromMs: number): number {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.dueMs[middle] ?? NaN) < fromMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private outcomeOf(id: number): Outcome {
    const code = this.outcome[id] ?? 0;
    return code > 0 ? code : (unanswered[-1 - code] ?? 'connection');
  }

  private grow(): void {
    const twice = <T extends { set(from: T): void }>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    const capacity = this.dueMs.length * 2;
    this.dueMs = twice(this.dueMs, new Float64Array(capacity));
    this.lateMs = twice(this.lateMs, new Float32Array(capacity));
    this.latencyMs = twice(this.latencyMs, new Float32Array(capacity));
    this.origin = twice(this.origin, new Uint16Array(capacity));
    this.outcome = twice(this.outcome, new Int16Array(capacity));
  }
}

/** Puts the values in order. */
function percentilesOf(values: Float32Array): Percentiles | null {
  if (values.length === 0) return null;
  values.sort();
  const at = (percent: number): number => values[Math.ceil((percent / 100) * values.length) - 1] ?? NaN;
  return { p50: at(50), p95: at(95), p99: at(99), max: at(100) };
}
