import { at, sum } from '../policies/model/matrix';
import type { MeasuredTrace } from './cellResult';
import type { HourByBoth } from './countedOtherwise';
import type { ExperimentResult } from './runStudy';
import type { Spread } from './setting';
import { savingInterval, type Interval } from './savingInterval';
import { keepsBound, type TraceCell, type ZoneCell } from './studyCells';
import { studyBaselines } from './studyPolicies';

/** What a policy saves against a baseline, as a share of the baseline's grams. */
export interface Saving {
  readonly share: number;
  /** Over days that are drawn one by one, and week by week; null where there are too few. */
  readonly overDays: Interval | null;
  readonly overWeeks: Interval | null;
}

/** What a policy saves against a baseline by two methods of counting, over the hours that both have. */
export interface SavingByBoth {
  readonly share: number;
  readonly otherwiseShare: number;
  /** Whether it saves by the one and costs by the other. */
  readonly turns: boolean;
  /** Hours of which that is so. */
  readonly turnedHours: number;
  readonly hours: number;
}

/** A row of the table of a trace experiment. */
export interface TraceRow {
  readonly experiment: string;
  readonly servers: number;
  readonly spread: Spread;
  /** ms; null for none. */
  readonly boundMs: number | null;
  readonly policy: string;
  /** Null where the policy is not given forecasts. */
  readonly forecast: string | null;
  /** Largest error of the carbon intensities that it plans from, in percent. */
  readonly carbonErrorPercent: number;
  /** Why there is no result; null where there is one. */
  readonly why: string | null;
  /** Null where there is no result. */
  readonly measured: MeasuredTrace | null;
  readonly savedAgainst: Readonly<Partial<Record<string, Saving>>>;
  /** By baseline, where carbon is counted otherwise as well. */
  readonly savedByBoth: Readonly<Partial<Record<string, SavingByBoth>>>;
  /** Share of region-hours in which more requests come than the servers carry. */
  readonly overloaded: number | null;
  /** Points of saving against `latency` that perfect knowledge has more; null where one of them was not measured. */
  readonly pointsToOracle: number | null;
}

/** A row of the table of a zones experiment: gCO2e/kWh, the mean over all work. */
export interface ZoneRow {
  readonly experiment: string;
  readonly idlePercent: number;
  readonly boundMs: number;
  readonly errorPercent: number;
  readonly policy: string;
  readonly why: string | null;
  readonly zones: number | null;
  readonly gramsPerKwh: number | null;
  readonly publishedGramsPerKwh: number | null;
  /** Share above the proven optimum of the true carbon intensities; null where that was not measured. */
  readonly aboveOptimum: number | null;
}

/** The rows of a trace experiment; bounds count for every policy, also for those that keep none. */
export function traceRows({ experiment, cells }: ExperimentResult, seed: number): TraceRow[] {
  if (experiment.kind !== 'trace') return [];
  const results = cells.map(({ cell, result }) => ({ cell: cell as TraceCell, result }));
  const rows: TraceRow[] = [];
  const settings = experiment.spreads.flatMap((spread) =>
    experiment.servers.map((servers) => ({ spread, servers })),
  );
  for (const { spread, servers } of settings) {
    for (const bound of experiment.boundsMs) {
      const boundMs = bound === 'none' ? null : bound;
      const ofBound = results.filter(
        ({ cell }) =>
          cell.servers === servers &&
          cell.spread.regions === spread.regions &&
          cell.spread.hours === spread.hours &&
          cell.boundMs === (keepsBound(cell.policy) ? boundMs : null),
      );
      const measuredOf = (policy: string): MeasuredTrace | null => {
        const found = ofBound.find(
          ({ cell }) => cell.policy === policy && cell.forecast === null && cell.carbonErrorPercent === 0,
        )?.result;
        return found?.kind === 'trace' ? found : null;
      };
      // Where changes are free, the oracle is carbon that knows what will be.
      const oracle = measuredOf(experiment.switchingGrams > 0 ? 'oracle' : 'carbon');
      const latency = measuredOf('latency');
      for (const { cell, result } of ofBound) {
        const measured = result.kind === 'trace' ? result : null;
        const { policy, forecast, carbonErrorPercent } = cell;
        const savedAgainst: Record<string, Saving> = {};
        const savedByBoth: Record<string, SavingByBoth> = {};
        for (const baseline of studyBaselines) {
          const other = measuredOf(baseline);
          if (!measured || !other || baseline === policy) continue;
          savedAgainst[baseline] = savingAgainst(measured, other, seed);
          const byBoth = savingByBoth(measured, other);
          if (byBoth) savedByBoth[baseline] = byBoth;
        }
        rows.push({
          ...{
            experiment: experiment.name,
            servers,
            spread,
            boundMs,
            policy,
            forecast,
            carbonErrorPercent,
            measured,
            savedAgainst,
            savedByBoth,
          },
          why: result.kind === 'none' ? result.why : null,
          overloaded:
            measured &&
            measured.outcome.overloadMinutes / 60 / (measured.outcome.intervals * measured.regions),
          pointsToOracle:
            measured && latency && oracle
              ? (100 * (gramsOf(measured) - gramsOf(oracle))) / gramsOf(latency)
              : null,
        });
      }
    }
  }
  return rows;
}

/** gCO2e, those of changes included. */
export function gramsOf({ outcome }: MeasuredTrace): number {
  return outcome.carbonGrams + outcome.switchingGrams;
}

function savingAgainst(measured: MeasuredTrace, baseline: MeasuredTrace, seed: number): Saving {
  const [own, other] = [measured, baseline].map(({ gramsByDay }) => gramsByDay.map(({ grams }) => grams)) as [
    number[],
    number[],
  ];
  return {
    share: 1 - gramsOf(measured) / gramsOf(baseline),
    overDays: savingInterval(own, other, 1, seed),
    overWeeks: savingInterval(own, other, 7, seed),
  };
}

function savingByBoth(
  { otherwise: own }: MeasuredTrace,
  { otherwise: other }: MeasuredTrace,
): SavingByBoth | null {
  if (own?.kind !== 'counted' || other?.kind !== 'counted') return null;
  const totalOf = (hours: readonly HourByBoth[], key: 'grams' | 'otherwise'): number =>
    sum(hours.map((hour) => hour[key]));
  const share = 1 - totalOf(own.hours, 'grams') / totalOf(other.hours, 'grams');
  const otherwiseShare = 1 - totalOf(own.hours, 'otherwise') / totalOf(other.hours, 'otherwise');
  const turnedHours = own.hours.filter((hour, position) => {
    const baseline = at(other.hours, position);
    return differs(hour.grams - baseline.grams, hour.otherwise - baseline.otherwise);
  }).length;
  return {
    ...{ share, otherwiseShare, turnedHours, hours: own.hours.length },
    turns: differs(share, otherwiseShare),
  };
}

/** Whether the one is above 0 and the other below. */
function differs(one: number, other: number): boolean {
  return one * other < 0;
}

/** @param publishedAt published gCO2e/kWh by bound and idle capacity, null where there is none */
export function zoneRows(
  { experiment, cells }: ExperimentResult,
  publishedAt: (boundMs: number, idlePercent: number) => number | null,
): ZoneRow[] {
  if (experiment.kind !== 'zones') return [];
  const results = cells.map(({ cell, result }) => ({ cell: cell as ZoneCell, result }));
  return results.map(({ cell, result }) => {
    const { idlePercent, boundMs, errorPercent, policy } = cell;
    const measured = result.kind === 'zones' ? result : null;
    const optimum = results.find(
      (other) =>
        other.cell.policy === 'exact' &&
        other.cell.errorPercent === 0 &&
        other.cell.idlePercent === idlePercent &&
        other.cell.boundMs === boundMs,
    )?.result;
    return {
      ...{ experiment: experiment.name, idlePercent, boundMs, errorPercent, policy },
      why: result.kind === 'none' ? result.why : null,
      zones: measured?.zones ?? null,
      gramsPerKwh: measured?.gramsPerKwh ?? null,
      publishedGramsPerKwh:
        policy === 'greedy' && errorPercent === 0 ? publishedAt(boundMs, idlePercent) : null,
      aboveOptimum:
        measured && optimum?.kind === 'zones' ? measured.gramsPerKwh / optimum.gramsPerKwh - 1 : null,
    };
  });
}
