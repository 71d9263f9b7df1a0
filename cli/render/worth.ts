import { notesOf, traceTable } from '../../report/studyTables';
import { percent } from '../../report/percent';
import type { Interval } from '../../study/savingInterval';
import type { Saving, TraceRow } from '../../study/studySummary';
import { worthwhileShare, type Worth } from '../../study/worth';
import { table } from './render';

/** One paragraph and one table: whether moving a service's load is worth it. */
export function renderWorth(worth: Worth): string {
  const { head, cells } = traceTable(worth.rows);
  return [
    paragraphOf(worth),
    '',
    ...notesOf(worth.rows),
    table(
      [...head],
      cells.map((row) => [...row]),
    ),
  ].join('\n');
}

function paragraphOf({ rows, setting, verdict }: Worth): string {
  const learnt = rowOf(rows, 'static-learnt', false)?.savedAgainst['latency'];
  const planned = rowOf(rows, 'carbon', true);
  const latency = rowOf(rows, 'carbon', false)?.savedAgainst['latency'];
  const sentences: string[] = [];
  if (setting) {
    const bound = setting.boundMs === null ? 'no latency bound' : `a bound of ${setting.boundMs} ms`;
    sentences.push(
      `The mean hour fills ${setting.regionsFilled.toFixed(2)} regions, under ${bound}; the dirtiest grid emits ` +
        `${setting.regionSpread.toFixed(1)} times as much as the cleanest, and an hour differs from its region's mean by a ` +
        `factor of ${setting.hourSpread.toFixed(2)}.`,
    );
  }
  const saved = planned?.savedAgainst['latency'];
  const more = planned?.savedAgainst['static-learnt'];
  if (!learnt || !planned || !saved || !more) {
    const stays = rowOf(rows, 'static', false)?.savedAgainst['latency'];
    return [
      'Whether moving the load is worth it cannot be said: a part of the comparison has no result, for the reason below.',
      ...(stays ? [`Known in advance, the best placement that stays saves ${savedText(stays)}.`] : []),
      ...(latency ? [`Knowing everything in advance, hourly plans save ${savedText(latency)}.`] : []),
      ...sentences,
    ].join(' ');
  }
  const verdicts = {
    hourly: 'Moving the load is worth it, and so is planning it anew every hour.',
    once: 'Moving the load is worth it, once: planning it anew every hour adds little.',
    nothing: 'Moving the load is not worth it.',
    unknown: '',
  };
  return [
    verdicts[verdict],
    `Against serving every request at its nearest region, a single placement learnt from the two weeks before saves ${savedText(learnt)} of gCO2e,`,
    `and hourly plans from forecasts (${planned.forecast ?? ''}) ${savedText(saved)}: ${savedText(more)} less than the placement that stays,`,
    `with ${percent(planned.overloaded ?? NaN, 2)} of region-hours overloaded.`,
    ...(latency ? [`Knowing everything in advance would save ${savedText(latency)}.`] : []),
    ...sentences,
    `Each step is asked to save at least ${percent(worthwhileShare, 0)}.`,
  ].join(' ');
}

function rowOf(rows: readonly TraceRow[], policy: string, forecasts: boolean): TraceRow | undefined {
  return rows.find((row) => row.policy === policy && (row.forecast !== null) === forecasts);
}

function savedText({ share, overWeeks, overDays }: Saving): string {
  const interval = overWeeks ?? overDays;
  return `${percent(share, 1)}${interval ? ` (${between(interval)})` : ''}`;
}

const between = ({ low, high }: Interval): string =>
  `${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)}`;
