import type { BusiestMoment } from '../observe/busiestMoment';
import type { Observation } from '../observe/observeRequests';
import type { IntervalPlan } from '../planning/intervalPlan';
import type { StackPlan } from '../stack/stackConfig';
import type { StackChange } from './engine/update';
import type { Applied } from './reconcile';

/** What became of an interval's requests, by Prometheus. */
export interface ServedInterval {
  /** Over the whole interval, the change of plan included. */
  readonly observed: readonly Observation[];
  /** While only the plan was in force, to the interval's end; empty where it came into force after it. */
  readonly steady: readonly Observation[];
  /** When, over the whole interval, a destination received most of what was ready there; null where it is unknown. */
  readonly busiest: BusiestMoment | null;
}

/** One interval, and the plan that was in force in it. Times are Unix times in ms. */
export interface AppliedInterval extends Applied {
  readonly plan: IntervalPlan;
  /** What the stack was given: the plan, with the servers that the change to the next one takes. */
  readonly stackPlan: StackPlan;
  /** What each value that the plan was made from was, and where it came from; absent where that was a trace. */
  readonly values?: object;
  /** What the preview said would change; null where none was asked for, or there was no time for one. */
  readonly preview: StackChange | null;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** When the plan was in force: `up` had ended, so every proxy served the new weights. */
  readonly inForceAtMs: number;
  readonly outcome: IntervalOutcome;
  /** What the changes that were tried before failed of, in order. */
  readonly failures: readonly string[];
}

/**
 * Whether the interval's own plan came into force; or did so once a run that had ended before went on; or it has the plan
 * of the one before, because nothing could be planned for it; or because its own failed.
 */
export const intervalOutcomes = ['applied', 'interrupted', 'held', 'failed'] as const;
export type IntervalOutcome = (typeof intervalOutcomes)[number];

/** The whole of what one interval did; a line of intervals.jsonl in a run's folder. */
export interface IntervalRecord extends AppliedInterval {
  /** Absent where nothing was observed. */
  readonly served?: ServedInterval;
}

/** What looks on while intervals run: sends load, measures, records, prints. An error that it throws ends the run. */
export interface RunObserver {
  /** The first plan is in force, and the first interval begins. */
  onBegin?(): void;
  onApplied?(interval: AppliedInterval): void;
  /** Something that people should know while it goes on. */
  onNote?(note: string): void;
  /** Measures an interval that has ended, for the record of it; one of the observers at most does. */
  measure?(interval: AppliedInterval): Promise<ServedInterval>;
  /** All that there is to know of an interval: at its end where it is measured, else as soon as its plan is in force. */
  onRecord?(interval: IntervalRecord): void;
  /** The last interval has ended, or an error ended the run. */
  onEnd?(failed: boolean): Promise<void> | void;
}
