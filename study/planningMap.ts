import type { Setting, Spread } from './setting';
import { gramsOf, type TraceRow } from './studySummary';

/** One setting, and what planning every hour adds there. Shares of the other's grams; null where there is no result. */
export interface MapRow extends Setting {
  readonly experiment: string;
  readonly servers: number;
  readonly spread: Spread;
  /** ms; null for none. */
  readonly boundMs: number | null;
  /** The forecast that plans are made from where they cannot know what comes; null where the study has none. */
  readonly forecast: string | null;
  /** What the best placement that stays saves against the nearest region. */
  readonly staticAgainstLatency: number | null;
  /** What planning every hour saves against the best placement that stays, both with all known in advance. */
  readonly overStatic: number | null;
  /** The same by what can be known: plans from forecasts against the placement that earlier weeks teach. */
  readonly overLearnt: number | null;
  /** Share of region-hours in which more requests come than were planned for, with those plans. */
  readonly overloaded: number | null;
}

/**
 * A row for each setting of an experiment, of the rows of its results. The first forecast counts.
 * @param rows of one experiment
 */
export function mapRows(rows: readonly TraceRow[]): MapRow[] {
  const bySetting = Map.groupBy(rows, ({ servers, spread, boundMs }) =>
    JSON.stringify([servers, spread, boundMs]),
  );
  return [...bySetting.values()].flatMap((these) => {
    const [first] = these;
    const measured = these.find((row) => row.measured)?.measured;
    if (!first || !measured) return [];
    const { experiment, servers, spread, boundMs } = first;
    const withoutErrors = these.filter(({ carbonErrorPercent }) => carbonErrorPercent === 0);
    const grams = (policy: string, forecast: string | null = null): number | null => {
      const found = withoutErrors.find((row) => row.policy === policy && row.forecast === forecast)?.measured;
      return found ? gramsOf(found) : null;
    };
    const forecast = these.find((row) => row.policy === 'carbon' && row.forecast !== null)?.forecast ?? null;
    const planned = withoutErrors.find((row) => row.policy === 'carbon' && row.forecast === forecast);
    return [
      {
        ...{ experiment, servers, spread, boundMs, forecast },
        ...measured.setting,
        staticAgainstLatency: saved(grams('static'), grams('latency')),
        overStatic: saved(grams('carbon'), grams('static')),
        overLearnt: saved(grams('carbon', forecast), grams('static-learnt')),
        overloaded: planned?.overloaded ?? null,
      },
    ];
  });
}

function saved(grams: number | null, baseline: number | null): number | null {
  return grams === null || baseline === null ? null : 1 - grams / baseline;
}
