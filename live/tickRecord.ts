import type { Applied } from '../driver/reconcile';
import type { StackPlan } from '../stack/stackConfig';
import type { Moved } from './limitMoves';
import type { HeldTick } from './planTick';
import type { UsedValues } from './usedValues';

/**
 * What became of a tick: its plan was applied, was in force already, or was only made; the plan before it stays because
 * data are missing, because people said so, or because something failed.
 */
export type TickOutcome = 'applied' | 'unchanged' | 'planned' | 'held' | 'paused' | 'failed';

/** A tick, whatever became of it; a line of ticks.jsonl. */
export interface TickRecord {
  /** When it began, ISO 8601. */
  readonly at: string;
  /** Start of the interval that it is of. */
  readonly interval: string;
  readonly intervalSeconds: number;
  /** What it was made for: the clock, or evidence. */
  readonly why: string;
  readonly outcome: TickOutcome;
  /** By whose reasons the plan before it stays; null where a plan was made, and where something failed. */
  readonly heldBy: HeldTick['by'] | null;
  /** Why nothing was changed; empty where the plan is in force. */
  readonly reasons: readonly string[];
  /** What each value was and where it came from; null where nothing was read. */
  readonly values: UsedValues | null;
  /** Regions whose data are bad, to which nothing was moved. */
  readonly guarded: readonly string[];
  /** Whether it is one of the changes that casper:live.mostChangesAnHour counts; absent where it is not. */
  readonly forDemand?: true;
  /** The plan that was made; null where none was. Of a tick that is held, the one in force with more servers. */
  readonly plan: StackPlan | null;
  /** How many requests the plan moves; absent where no limit of casper:live asks for it. */
  readonly moved?: Moved;
  /** How long reading and planning took; null where nothing was read, and where that failed. */
  readonly planSeconds: number | null;
  /** Resources that were changed, and how long that took; null where nothing was applied. */
  readonly applied: { readonly changes: number; readonly seconds: number } | null;
}

/** What an update did, in a tick's record. */
export function appliedIn({ update }: Applied): Pick<TickRecord, 'outcome' | 'applied'> {
  const { changes, seconds } = update;
  return {
    outcome: changes.length > 0 ? 'applied' : 'unchanged',
    applied: { changes: changes.length, seconds },
  };
}

/** What becomes of a tick by whose reasons the plan in force stays. */
export function heldIn({ by }: Pick<HeldTick, 'by'>): Pick<TickRecord, 'outcome' | 'heldBy'> {
  return { outcome: by === 'people' ? 'paused' : 'held', heldBy: by };
}
