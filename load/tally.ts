/** Requests that took longer are listed one by one. */
export const slowMs = 1000;

/** How a request ended: the HTTP status of its answer, or why there was none. */
export type Outcome = number | 'connection' | 'timeout' | 'notSent';

/** How many requests ended how. */
export interface RequestCounts {
  /** What the schedule asked for: sent + notSent. */
  readonly due: number;
  /** answered + failed. */
  readonly sent: number;
  /** Answers with a status under 400. */
  readonly answered: number;
  /** By kind: an answer with a status from 400 on, no connection or a broken one, no answer in time. */
  readonly failed: { readonly status: number; readonly connection: number; readonly timeout: number };
  /** Found no place within the time-out, because as many as may be were under way: the load was less than asked for. */
  readonly notSent: number;
  /** How often each status from 400 on was answered. */
  readonly errorStatuses: Readonly<Record<string, number>>;
  /** How many took longer than 1 s, answered or not. */
  readonly slow: number;
}

/** Counts requests that are over, by how they ended. */
export class Tally {
  private readonly counts = {
    due: 0,
    answered: 0,
    status: 0,
    connection: 0,
    timeout: 0,
    notSent: 0,
    slow: 0,
  };
  private readonly errorStatuses: Record<string, number> = {};

  add(outcome: Outcome, latencyMs: number): void {
    const { counts, errorStatuses } = this;
    counts.due++;
    if (latencyMs > slowMs) counts.slow++;
    if (typeof outcome !== 'number') {
      counts[outcome]++;
    } else if (outcome < 400) {
      counts.answered++;
    } else {
      counts.status++;
      errorStatuses[outcome] = (errorStatuses[outcome] ?? 0) + 1;
    }
  }

  addAll(other: Tally): void {
    for (const kind of Object.keys(this.counts) as (keyof typeof this.counts)[]) {
      this.counts[kind] += other.counts[kind];
    }
    for (const [status, count] of Object.entries(other.errorStatuses)) {
      this.errorStatuses[status] = (this.errorStatuses[status] ?? 0) + count;
    }
  }

  summary(): RequestCounts {
    const { due, answered, notSent, slow, ...failed } = this.counts;
    return { due, sent: due - notSent, answered, failed, notSent, errorStatuses: this.errorStatuses, slow };
  }
}
