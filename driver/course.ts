import type { IntervalPlan } from '../planning/intervalPlan';
import type { StackPlan } from '../stack/stackConfig';
import type { Applied } from './reconcile';

/** A plan, and what the stack is given for it. */
export interface Change {
  readonly plan: IntervalPlan;
  readonly stackPlan: StackPlan;
  /** As in `AppliedInterval`. */
  readonly values?: object;
  /** Regions in clusters that do not answer: what runs there stays as it is. */
  readonly asTheyAre?: readonly string[];
  /** Why it was planned anew within its interval. */
  readonly why?: string;
  /** Whether it stands in for the interval's own plan, which did not come into force. */
  readonly standsIn?: boolean;
  /** Whether the run had ended before this interval was done, and goes on with it. */
  readonly interrupted?: boolean;
}

/** When an interval begins and ends, Unix ms. */
export interface Span {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** Where `runIntervals` has its intervals from: a trace's, known from the beginning, or the wall clock's. */
export interface Course {
  /** Unix time in ms, by the clock that its intervals go by. */
  nowMs(): number;
  /** Whether the run goes on to the interval at a position. */
  has(index: number): boolean;
  /** @param inForceAtMs when its plan was in force; that of the first one is begunAtMs */
  spanOf(index: number, begunAtMs: number, inForceAtMs: number): Span;
  /** Plans an interval where there is cause to, before it begins or while it lasts; whether it did. */
  lookAround(index: number): Promise<boolean>;
  /** The plan of an interval; undefined where there is none, or none is known yet. */
  at(index: number): Change | undefined;
  /** Waits some milliseconds, or until there may be cause to look around. */
  changedWithin(milliseconds: number): Promise<void>;
  /** Told of every change that was applied. */
  applied?(index: number, change: Change, applied: Applied): void;
  /**
   * Told of a change that was not applied.
   * @param within whether it was made within its interval, in which another plan is in force
   * @returns `again`: another plan has been made, which is to be tried; `later`: the run goes on without
   * @throws what ends the run
   */
  failed(index: number, error: unknown, within: boolean): Promise<'again' | 'later'>;
  /** Whether a change that failed is tried again within its interval; never when absent. */
  triesAgain?(): boolean;
  /** Told of a preview that failed: throws what ends the run. It ends it when absent. */
  previewFailed?(error: unknown): void;
  /** What served in an interval in which nothing was applied; absent, or null, where that is recorded elsewhere. */
  missed?(index: number): Change | null;
  /** Throws why the run ended before its last interval, if that is not as it should be. */
  ended?(): void;
}
