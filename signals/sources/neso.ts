import { z } from 'zod';
import type { SourceConfigOf } from '../../stack/stackConfig';
import { askJson, parseAnswer, placeOf, questionTo, under } from '../askJson';
import { SignalError } from '../fault';
import { answerOf, type Answer, type CarbonSource, type RawPoint } from '../source';
import type { Surroundings } from '../surroundings';

const zoneOfBritain = 'GB';
const periodSeconds = 1800;
/** How far back it is asked: what is actual comes after its half hour. */
const backMs = 4 * 3600_000;
/** How long after its half hour an actual value may still come. */
const patienceMs = 3600_000;

/** Times have no seconds: 2018-01-20T12:00Z. */
const minute = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\dZ$/, 'expected a time as in 2018-01-20T12:00Z');
const intensitySchema = z.object({
  data: z.array(
    z.object({
      from: minute,
      to: minute,
      intensity: z.object({ forecast: z.unknown(), actual: z.unknown() }),
    }),
  ),
});

/** Great Britain's system operator: no key, half hours, direct emissions, imports by a fixed factor of each border. */
export function neso(config: SourceConfigOf<'neso'>, surroundings: Surroundings): CarbonSource {
  const { name, baseUrl } = config;

  async function latest(zone: string): Promise<Answer> {
    const nowMs = surroundings.nowMs();
    const halfHourMs = periodSeconds * 1000;
    const from = new Date(Math.floor((nowMs - backMs) / halfHourMs) * halfHourMs);
    const url = under(baseUrl, `intensity/${from.toISOString().slice(0, 16)}Z/fw24h`);
    if (zone !== zoneOfBritain) {
      throw new SignalError(
        'other zone',
        `${placeOf({ source: name, url })}: knows the zone ${zoneOfBritain} alone, not ${zone}; take another source for it`,
      );
    }
    const answer = await askJson(questionTo(config, url), surroundings);
    const { data } = parseAnswer(intensitySchema, answer, { source: name, url });
    return answerOf(
      answer,
      data.flatMap(({ from: start, to, intensity }) => {
        const common = { zone, start: toSeconds(start), seconds: periodSeconds, basis: 'estimated' } as const;
        const points: RawPoint[] = [{ ...common, value: intensity.forecast, tense: 'forecast' }];
        // Until then it is null as a matter of course.
        const due = Date.parse(toSeconds(to)) + patienceMs <= nowMs;
        if (intensity.actual != null || due)
          points.push({ ...common, value: intensity.actual, tense: 'actual' });
        return points;
      }),
    );
  }

  return {
    name,
    identity: ['neso', baseUrl].join(' '),
    method: { signal: 'average', factors: 'direct', flowTraced: false },
    gramsPerUnit: 1,
    refreshSeconds: 600,
    latest,
  };
}

function toSeconds(time: string): string {
  return time.replace(/Z$/, ':00Z');
}
