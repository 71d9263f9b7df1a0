import { z } from 'zod';
import type { SourceConfigOf } from '../../stack/stackConfig';
import { isoOf } from '../../traces/time';
import { askJson, parseAnswer, placeOf, questionTo, under } from '../askJson';
import { SignalError } from '../fault';
import { answerOf, type Answer, type CarbonSource, type RawPoint } from '../source';
import type { Surroundings } from '../surroundings';

/** How long after its period a value may still come. */
const patienceSeconds = 2 * 3600;

const co2eqSchema = z.object({
  unix_seconds: z.array(z.int().min(0).max(4_102_444_800)).min(2, 'expected at least two times'),
  co2eq: z.array(z.unknown()),
  co2eq_forecast: z.array(z.unknown()),
});

/** Fraunhofer ISE's energy-charts: no key, Europe by country, parallel arrays with nulls for what is not there yet. */
export function energyCharts(
  config: SourceConfigOf<'energyCharts'>,
  surroundings: Surroundings,
): CarbonSource {
  const { name, baseUrl, factors } = config;

  async function latest(zone: string): Promise<Answer> {
    const url = under(baseUrl, 'co2eq');
    url.searchParams.set('country', zone.toLowerCase());
    const answer = await askJson(questionTo(config, url), surroundings);
    const {
      unix_seconds: starts,
      co2eq,
      co2eq_forecast,
    } = parseAnswer(co2eqSchema, answer, { source: name, url });
    if (co2eq.length !== starts.length || co2eq_forecast.length !== starts.length) {
      throw new SignalError(
        'other shape',
        `${placeOf({ source: name, url })}: ${starts.length} times, ${co2eq.length} values and ${co2eq_forecast.length} forecasts, expected as many of each`,
      );
    }
    const seconds = periodOf(starts);
    const nowSeconds = surroundings.nowMs() / 1000;
    return answerOf(
      answer,
      starts.flatMap((start, index) => {
        const common = { zone, start: isoOf(start), seconds, basis: 'estimated' } as const;
        const due = start + seconds + patienceSeconds <= nowSeconds;
        const points: RawPoint[] = [];
        const [actual, forecast] = [co2eq[index], co2eq_forecast[index]];
        if (actual !== null || due) points.push({ ...common, value: actual, tense: 'actual' });
        if (forecast !== null) points.push({ ...common, value: forecast, tense: 'forecast' });
        return points;
      }),
    );
  }

  return {
    name,
    identity: ['energyCharts', baseUrl, factors].join(' '),
    method: { signal: 'average', factors, flowTraced: false },
    gramsPerUnit: 1,
    refreshSeconds: 900,
    latest,
  };
}

/** The shortest distance between two times that follow each other: a hole is longer, a time that stands twice is 0. */
function periodOf(starts: readonly number[]): number {
  const distances = starts
    .slice(1)
    .map((start, index) => Math.abs(start - (starts[index] ?? start)))
    .filter((distance) => distance > 0);
  return distances.length > 0 ? Math.min(...distances) : 3600;
}
