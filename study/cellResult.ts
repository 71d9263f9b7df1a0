import type { Otherwise } from './countedOtherwise';
import type { SimulatedOutcome } from './outcome';
import type { Setting } from './setting';

/** What a cell of a study comes to. */
export type CellResult = MeasuredTrace | MeasuredZones | NotMeasured;

export interface MeasuredTrace {
  readonly kind: 'trace';
  /** Start of the first hour, and of the first that is not part of it. */
  readonly from: string;
  readonly to: string;
  readonly regions: number;
  /** Whether the trace is generated and not measured. */
  readonly synthetic: boolean;
  /** Hours between `from` and `to` that the trace has no complete data of; they are left out. */
  readonly missingHours: number;
  readonly setting: Setting;
  /** How carbon is counted. */
  readonly accounting: string;
  readonly outcome: SimulatedOutcome;
  /** Hours whose plan breaks a limit. */
  readonly brokenIntervals: number;
  /** gCO2e by the day in UTC, those of changes included. */
  readonly gramsByDay: readonly { readonly day: string; readonly grams: number }[];
  /** By other intensities as well; null where that is not asked for. */
  readonly otherwise: Otherwise | null;
}

export interface MeasuredZones {
  readonly kind: 'zones';
  readonly zones: number;
  readonly draws: number;
  /** Mean over all work and draws. */
  readonly gramsPerKwh: number;
}

/** There is no result, and why. */
export interface NotMeasured {
  readonly kind: 'none';
  readonly why: string;
}

export function notMeasured(why: string): NotMeasured {
  return { kind: 'none', why };
}
