import type { MapRow } from '../study/planningMap';
import type { Cell } from './html';
import { percent } from './percent';

/** A row for each setting: four numbers, and what planning every hour adds. */
export function mapTable(rows: readonly MapRow[]): {
  readonly head: readonly string[];
  readonly cells: readonly (readonly Cell[])[];
} {
  const known = (share: number | null, digits = 1): string =>
    share === null ? 'none' : percent(share, digits);
  return {
    head: [
      ...['regions filled', 'bound ms', 'region spread', 'hour spread', 'static vs latency'],
      ...['hourly vs static', 'hourly vs static-learnt', 'overloaded'],
    ],
    cells: rows.map((row) => [
      row.regionsFilled.toFixed(2),
      row.boundMs ?? 'none',
      row.regionSpread.toFixed(2),
      row.hourSpread.toFixed(2),
      known(row.staticAgainstLatency),
      known(row.overStatic),
      known(row.overLearnt),
      known(row.overloaded, 2),
    ]),
  };
}
