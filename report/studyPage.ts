import escapeHtml from 'escape-html';
import type { MapRow } from '../study/planningMap';
import type { Study } from '../study/studyFile';
import type { TraceRow, ZoneRow } from '../study/studySummary';
import { chart, type Point } from './chart';
import { page, table } from './html';
import type { StudyTable } from './studyTables';

/** A study on one page that needs nothing beside it: a chart and a table for each experiment. */
export async function studyPage(
  { title, about }: Pick<Study, 'title' | 'about'>,
  tables: readonly StudyTable[],
): Promise<string> {
  const parts: string[] = about === undefined ? [] : [paragraph(about)];
  for (const { name, about: what, notes, head, cells, rows, map } of tables) {
    parts.push(`<h2>${escapeHtml(name)}</h2>`, ...(what === null ? [] : [paragraph(what)]));
    parts.push(
      ...notes.map(paragraph),
      await (map.length > 0 ? mapChart(map) : chartOf(rows)),
      table(head, cells),
    );
  }
  return page(title, parts);
}

const paragraph = (text: string): string => `<p>${escapeHtml(text)}</p>`;

function mapChart(map: readonly MapRow[]): Promise<string> {
  const points = ascending(map, ({ regionsFilled }) => regionsFilled).map(
    ({ regionsFilled, boundMs, regionSpread, hourSpread, overLearnt }) => ({
      x: regionsFilled.toFixed(2),
      series: `${boundMs ?? 'any'} ms, ${regionSpread.toFixed(1)} between regions, ${hourSpread.toFixed(1)} between hours`,
      value: overLearnt === null ? null : 100 * overLearnt,
    }),
  );
  return chart(points, {
    title: 'Hourly plans from forecasts against the placement that earlier weeks teach',
    ...{ axis: '% of gCO2e', mark: 'line', xAxis: 'regions that the mean hour fills' },
  });
}

function chartOf(rows: readonly (TraceRow | ZoneRow)[]): Promise<string> {
  const traces = rows.filter((row) => 'measured' in row);
  if (traces.length > 0) {
    return chart(savingPoints(traces), {
      ...{ title: 'Saved against latency', axis: '% of gCO2e', mark: 'line', xAxis: 'latency bound, ms' },
    });
  }
  const zones = rows.filter((row) => 'gramsPerKwh' in row);
  if (zones.some(({ errorPercent }) => errorPercent > 0)) {
    return chart(errorPoints(zones), {
      ...{ title: 'Above the optimum', axis: '% of gCO2e', mark: 'line', xAxis: 'error of the forecast, %' },
    });
  }
  return chart(boundPoints(zones), {
    ...{ title: 'All work', axis: 'gCO2e/kWh', mark: 'line', xAxis: 'latency bound, ms' },
  });
}

function savingPoints(rows: readonly TraceRow[]): Point[] {
  const severalServers = new Set(rows.map(({ servers }) => servers)).size > 1;
  const severalSpreads = new Set(rows.map(({ spread }) => JSON.stringify(spread))).size > 1;
  return ascending(rows, ({ boundMs }) => boundMs ?? Infinity)
    .filter(({ policy }) => policy !== 'latency')
    .map(({ policy, forecast, carbonErrorPercent, servers, spread, boundMs, savedAgainst }) => ({
      x: String(boundMs ?? 'none'),
      series: [
        ...[policy, forecast, severalServers && `${servers} servers`],
        carbonErrorPercent > 0 && `errors of ${carbonErrorPercent} %`,
        severalSpreads && `spread ${spread.regions} ${spread.hours}`,
      ]
        .filter(Boolean)
        .join(', '),
      value: savedAgainst['latency'] ? 100 * savedAgainst['latency'].share : null,
    }));
}

function boundPoints(rows: readonly ZoneRow[]): Point[] {
  return ascending(rows, ({ boundMs }) => boundMs).map(({ policy, idlePercent, boundMs, gramsPerKwh }) => ({
    x: String(boundMs),
    series: `${policy}, ${idlePercent} % idle`,
    value: gramsPerKwh,
  }));
}

function errorPoints(rows: readonly ZoneRow[]): Point[] {
  return ascending(rows, ({ errorPercent }) => errorPercent).map((row) => ({
    x: String(row.errorPercent),
    series: `${row.policy}, ${row.idlePercent} % idle, ${row.boundMs} ms`,
    value: row.aboveOptimum === null ? null : 100 * row.aboveOptimum,
  }));
}

function ascending<T>(rows: readonly T[], of: (row: T) => number): T[] {
  return [...rows].sort((one, other) => of(one) - of(other));
}
