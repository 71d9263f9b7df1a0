import { mapRows, type MapRow } from '../study/planningMap';
import type { ExperimentResult } from '../study/runStudy';
import type { Interval } from '../study/savingInterval';
import { studyBaselines } from '../study/studyPolicies';
import {
  gramsOf,
  traceRows,
  zoneRows,
  type Saving,
  type SavingByBoth,
  type TraceRow,
  type ZoneRow,
} from '../study/studySummary';
import { readPublished } from '../traces/readZones';
import type { Cell } from './html';
import { mapTable } from './mapTable';
import { otherwiseNotes } from './otherwiseNotes';
import { percent } from './percent';

/** An experiment as people read it, and its rows for programs. */
export interface StudyTable {
  readonly name: string;
  readonly about: string | null;
  /** What is particular to the data: generated, with holes. */
  readonly notes: readonly string[];
  readonly head: readonly string[];
  readonly cells: readonly (readonly Cell[])[];
  readonly rows: readonly (TraceRow | ZoneRow)[];
  /** Of an experiment that shows settings in place of results. */
  readonly map: readonly MapRow[];
}

/** @throws TraceError for a table of published results that cannot be read */
export function studyTable(result: ExperimentResult, seed: number): StudyTable {
  const { name, about = null } = result.experiment;
  if (result.experiment.kind === 'trace') {
    const rows = traceRows(result, seed);
    const { alsoBy } = result.experiment;
    const notes = [...notesOf(rows), ...(alsoBy ? otherwiseNotes(rows, alsoBy) : [])];
    const map = result.experiment.show === 'map' ? mapRows(rows) : [];
    const shown = map.length > 0 ? mapTable(map) : traceTable(rows, alsoBy?.signal);
    return { name, about, notes, rows, map, ...shown };
  }
  const { published } = result.experiment;
  const rows = zoneRows(result, published === undefined ? () => null : readPublished(published));
  return { name, about, notes: missingResults(rows), rows, map: [], ...zoneTable(rows) };
}

/** A row for each result. */
export function traceTable(rows: readonly TraceRow[], otherSignal = ''): Pick<StudyTable, 'head' | 'cells'> {
  const severalSpreads = new Set(rows.map(({ spread }) => JSON.stringify(spread))).size > 1;
  const hasErrors = rows.some(({ carbonErrorPercent }) => carbonErrorPercent > 0);
  const baselines = studyBaselines.filter((baseline) => rows.some(({ policy }) => policy === baseline));
  const byBoth = baselines.filter((baseline) => rows.some(({ savedByBoth }) => savedByBoth[baseline]));
  const hasOracle = rows.some(({ pointsToOracle }) => pointsToOracle !== null);
  return {
    head: [
      ...[
        'policy',
        'forecast',
        ...(hasErrors ? ['error %'] : []),
        'servers',
        ...(severalSpreads ? ['spread'] : []),
        'bound ms',
        'kg CO2e',
        'mean ms',
        'overloaded',
      ],
      ...baselines.map((baseline) => `saved vs ${baseline}`),
      ...byBoth.map((baseline) => `vs ${baseline}, ${otherSignal}`),
      ...(hasOracle ? ['points to oracle'] : []),
    ],
    cells: rows.map(({ measured, ...row }) => [
      row.policy,
      row.forecast ?? '',
      ...(hasErrors ? [row.carbonErrorPercent] : []),
      row.servers,
      ...(severalSpreads ? [`${row.spread.regions} ${row.spread.hours}`] : []),
      row.boundMs ?? 'none',
      measured
        ? `${(gramsOf(measured) / 1000).toFixed(3)}${measured.missingHours > 0 ? ' partial' : ''}`
        : 'none',
      measured?.outcome.meanLatencyMs?.toFixed(2) ?? '',
      row.overloaded === null ? '' : percent(row.overloaded, 2),
      ...baselines.map((baseline) => savingText(row.savedAgainst[baseline])),
      ...byBoth.map((baseline) => otherwiseText(row.savedByBoth[baseline])),
      ...(hasOracle ? [row.pointsToOracle?.toFixed(1) ?? ''] : []),
    ]),
  };
}

function otherwiseText(saving: SavingByBoth | undefined): string {
  return saving ? `${percent(saving.otherwiseShare, 1)}${saving.turns ? ' TURNS' : ''}` : '';
}

/** The interval of weeks where there are enough, else that of days. */
function savingText(saving: Saving | undefined): string {
  if (!saving) return '';
  const interval = saving.overWeeks ?? saving.overDays;
  return `${percent(saving.share, 1)}${interval ? ` (${intervalText(interval)})` : ''}`;
}

const intervalText = ({ low, high }: Interval): string =>
  `${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)}`;

/** What should be known of the results: hours, holes, how carbon is counted, what has no result and why. */
export function notesOf(rows: readonly TraceRow[]): string[] {
  const measured = rows.flatMap((row) => (row.measured ? [row.measured] : []));
  const [first] = measured;
  if (!first) return missingResults(rows);
  const days = first.gramsByDay.length;
  return [
    `gCO2e by ${first.accounting}`,
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
