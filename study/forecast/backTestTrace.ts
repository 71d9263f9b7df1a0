import { at, sum } from '../../policies/model/matrix';
import { isoOf, secondsOf } from '../../traces/time';
import type { Trace } from '../../traces/trace';
import { backTest, type BackTest } from './backTest';
import { ForecastError } from './forecaster';
import { forecasterNamed } from './forecasters';

/** How far a forecaster was off over all regions of a trace, by lead time. */
export interface TraceBackTest extends BackTest {
  readonly forecast: string;
  readonly series: 'requests' | 'carbon';
}

/** A year: more than any trace has without a hole. */
const allHours = 366 * 24;

/**
 * Back-tests forecasters on a trace, each forecast from the hours before it alone.
 * @param from the first hour in which a forecast is made, ISO 8601
 * @param to the first hour that is not forecast; the end of the trace when absent
 * @throws ForecastError
 */
export function backTestTrace(
  trace: Trace,
  from: string,
  to: string | undefined,
  forecasts: readonly string[],
  leads: number,
): TraceBackTest[] {
  const first = secondsOf(trace.at(from).start);
  const end = to === undefined ? secondsOf(trace.lastInterval) + trace.intervalSeconds : secondsOf(to);
  if (end <= first)
    throw new ForecastError(`no hour lies between ${from} and ${isoOf(end)}; --to must be after --from`);
  const rowsOf = {
    requests: trace.requestsBefore(end, allHours),
    carbon: trace.carbonBefore(end, allHours),
  };
  return forecasts.flatMap((forecast) =>
    (['requests', 'carbon'] as const).map((series) => {
      const rows = rowsOf[series];
      const fromIndex = rows.length - (end - first) / trace.intervalSeconds;
      const tests = trace.regions.map((region, index) =>
        backTest(
          forecasterNamed(forecast),
          rows.map((row) => at(row, index)),
          end / trace.intervalSeconds - rows.length,
          fromIndex,
          leads,
          `${series} of ${region}`,
        ),
      );
      return { forecast, series, ...pooled(tests, leads) };
    }),
  );
}

/** Errors in percent are pooled by their number, scaled errors have the same weight in every region. */
function pooled(tests: readonly BackTest[], leads: number): BackTest {
  const byLead = <T>(of: (lead: number) => T): T[] => Array.from({ length: leads }, (_, lead) => of(lead));
  const total = (key: 'count' | 'withInterval') =>
    byLead((lead) => sum(tests.map((test) => at(test[key], lead))));
  const weighted = (key: 'mape' | 'covered', by: 'count' | 'withInterval') =>
    byLead(
      (lead) =>
        sum(tests.map((test) => (at(test[by], lead) === 0 ? 0 : at(test[key], lead) * at(test[by], lead)))) /
        at(total(by), lead),
    );
  return {
    mape: weighted('mape', 'count'),
    mase: byLead((lead) => sum(tests.map((test) => at(test.mase, lead))) / tests.length),
    covered: weighted('covered', 'withInterval'),
    withInterval: total('withInterval'),
    count: total('count'),
  };
}
