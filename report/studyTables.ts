import type { ExperimentResult } from '../study/runStudy';
import type { Interval } from '../study/savingInterval';
import { studyBaselines } from '../study/studyPolicies';
import {
  gramsOf,
  traceRows,
  zoneRows,
  type Saving,
  type TraceRow,
  type ZoneRow,
} from '../study/studySummary';
import { readPublished } from '../traces/readZones';
import type { Cell } from './html';

/** An experiment as people read it, and its rows for programs. */
export interface StudyTable {
  readonly name: string;
  readonly about: string | null;
  /** What is particular to the data: generated, with holes. */
  readonly notes: readonly string[];
  readonly head: readonly string[];
  readonly cells: readonly (readonly Cell[])[];
  readonly rows: readonly (TraceRow | ZoneRow)[];
}

/** @throws TraceError for a table of published results that cannot be read */
export function studyTable(result: ExperimentResult, seed: number): StudyTable {
  const { name, about = null } = result.experiment;
  if (result.experiment.kind === 'trace') {
    const rows = traceRows(result, seed);
    return { name, about, notes: notesOf(rows), rows, ...traceTable(rows) };
  }
  const { published } = result.experiment;
  const rows = zoneRows(result, published === undefined ? () => null : readPublished(published));
  return { name, about, notes: missingResults(rows), rows, ...zoneTable(rows) };
}

function traceTable(rows: readonly TraceRow[]): Pick<StudyTable, 'head' | 'cells'> {
  const baselines = studyBaselines.filter((baseline) => rows.some(({ policy }) => policy === baseline));
  const hasOracle = rows.some(({ pointsToOracle }) => pointsToOracle !== null);
  return {
    head: [
      ...['policy', 'forecast', 'servers', 'bound ms', 'kg CO2e', 'mean ms', 'overloaded'],
      ...baselines.map((baseline) => `saved vs ${baseline}`),
      ...(hasOracle ? ['points to oracle'] : []),
    ],
    cells: rows.map(({ measured, ...row }) => [
      row.policy,
      row.forecast ?? '',
      row.servers,
      row.boundMs ?? 'none',
      measured
        ? `${(gramsOf(measured) / 1000).toFixed(3)}${measured.missingHours > 0 ? ' partial' : ''}`
        : 'none',
      measured?.outcome.meanLatencyMs?.toFixed(2) ?? '',
      row.overloaded === null ? '' : percent(row.overloaded, 2),
      ...baselines.map((baseline) => savingText(row.savedAgainst[baseline])),
      ...(hasOracle ? [row.pointsToOracle?.toFixed(1) ?? ''] : []),
    ]),
  };
}

/** The interval of weeks where there are enough, else that of days. */
function savingText(saving: Saving | undefined): string {
  if (!saving) return '';
  const interval = saving.overWeeks ?? saving.overDays;
  return `${percent(saving.share, 1)}${interval ? ` (${intervalText(interval)})` : ''}`;
}

const intervalText = ({ low, high }: Interval): string =>
  `${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)}`;
/** Adding 0 turns the -0 of a rounding error into 0. */
const percent = (share: number, digits: number): string =>
  `${(Number((100 * share).toFixed(digits)) + 0).toFixed(digits)} %`;

function notesOf(rows: readonly TraceRow[]): string[] {
  const measured = rows.flatMap((row) => (row.measured ? [row.measured] : []));
  const [first] = measured;
  if (!first) return missingResults(rows);
  const days = first.gramsByDay.length;
  return [
    `${first.from} to ${first.to}, ${first.outcome.intervals} hours${first.synthetic ? ', SYNTHETIC trace' : ''}`,
    ...(first.missingHours > 0
      ? [`PARTIAL: ${first.missingHours} hours more have holes in the data and are left out`]
      : []),
    days < 4
      ? `no confidence intervals: ${days} day${days === 1 ? '' : 's'} of data, and 4 are needed`
      : `in brackets: 95 % confidence intervals over ${days < 28 ? `${days} days` : `${Math.floor(days / 7)} weeks`}`,
    ...missingResults(rows),
  ];
}

/** Each reason once, with the rows that it holds for. */
function missingResults(rows: readonly (TraceRow | ZoneRow)[]): string[] {
  const byReason = Map.groupBy(
    rows.filter(({ why }) => why !== null),
    ({ why }) => why,
  );
  return [...byReason].map(([why, these]) => {
    const names = these.map(({ policy, boundMs }) => `${policy} within ${boundMs ?? 'any'} ms`);
    return `no result for ${[...new Set(names)].join(', ')}: ${why ?? ''}`;
  });
}

/** A row for each combination of limits, with the policies side by side. */
function zoneTable(rows: readonly ZoneRow[]): Pick<StudyTable, 'head' | 'cells'> {
  const policies = [...new Set(rows.map(({ policy }) => policy))];
  const hasErrors = rows.some(({ errorPercent }) => errorPercent > 0);
  const hasPublished = rows.some(({ publishedGramsPerKwh }) => publishedGramsPerKwh !== null);
  const byLimits = Map.groupBy(rows, (row) => [row.idlePercent, row.boundMs, row.errorPercent].join());
  return {
    head: [
      ...['idle %', 'bound ms', ...(hasErrors ? ['error %'] : []), ...(hasPublished ? ['published'] : [])],
      ...policies.flatMap((policy) => [policy, 'above optimum']),
    ],
    cells: [...byLimits.values()].map((these) => {
      const [first] = these;
      const published = these.find(({ publishedGramsPerKwh }) => publishedGramsPerKwh !== null);
      return [
        ...[first?.idlePercent ?? '', first?.boundMs ?? ''],
        ...(hasErrors ? [first?.errorPercent ?? ''] : []),
        ...(hasPublished ? [published?.publishedGramsPerKwh?.toFixed(2) ?? ''] : []),
        ...these.flatMap(({ gramsPerKwh, aboveOptimum }) => [
          gramsPerKwh?.toFixed(2) ?? 'none',
          aboveOptimum === null ? '' : percent(aboveOptimum, 1),
        ]),
      ];
    }),
  };
}
