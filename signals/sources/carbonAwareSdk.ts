import { z } from 'zod';
import type { SourceConfigOf } from '../../stack/stackConfig';
import { askJson, parseAnswer, questionTo, under, type JsonAnswer } from '../askJson';
import { answerOf, type Answer, type CarbonSource, type RawPoint } from '../source';
import type { Surroundings } from '../surroundings';

/** How far back it is asked, so that the newest value is among them. */
const backMs = 4 * 3600_000;

/** Hours, minutes and seconds, days before them where there are any: 1.00:00:00. */
const duration = z
  .string()
  .regex(/^(\d+\.)?\d\d:\d\d:\d\d(\.\d+)?$/)
  .transform((text) => {
    const [, days = '0', hours, minutes, seconds] = /^(?:(\d+)\.)?(\d\d):(\d\d):(\d\d)/.exec(text) ?? [];
    return ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
  });

const emissionsSchema = z.array(
  z.object({
    location: z.string(),
    time: z.string(),
    rating: z.unknown(),
    duration: duration.nullish(),
  }),
);
const forecastSchema = z.array(
  z.object({
    forecastData: z.array(
      z.object({
        location: z.string(),
        timestamp: z.string(),
        /** Minutes. */
        duration: z.number().positive(),
        value: z.unknown(),
      }),
    ),
  }),
);

/** The Web API of the Green Software Foundation's Carbon Aware SDK: g/kWh by the name of a cloud region. */
export function carbonAwareSdk(
  config: SourceConfigOf<'carbonAwareSdk'>,
  surroundings: Surroundings,
): CarbonSource {
  const { name, baseUrl, signal, factors, flowTraced, answersAs } = config;
  const ask = (url: URL): Promise<JsonAnswer> => askJson(questionTo(config, url), surroundings);
  /** The location as it was asked for, where the answer calls it as it should. */
  const asAsked = (location: string, zone: string): string =>
    location === (answersAs[zone] ?? zone) ? zone : location;

  async function latest(zone: string): Promise<Answer> {
    const nowMs = surroundings.nowMs();
    const url = under(baseUrl, 'emissions/bylocation');
    url.searchParams.set('location', zone);
    url.searchParams.set('time', new Date(nowMs - backMs).toISOString());
    url.searchParams.set('toTime', new Date(nowMs).toISOString());
    const answer = await ask(url);
    const points = parseAnswer(emissionsSchema, answer, { source: name, url });
    return answerOf(
      answer,
      points.map(({ location, time, rating, duration: seconds }): RawPoint => ({
        zone: asAsked(location, zone),
        start: time,
        seconds: seconds ?? 3600,
        value: rating,
        basis: 'not said',
        tense: 'actual',
      })),
    );
  }

  async function forecast(zone: string): Promise<Answer> {
    const url = under(baseUrl, 'emissions/forecasts/current');
    url.searchParams.set('location', zone);
    const answer = await ask(url);
    const forecasts = parseAnswer(forecastSchema, answer, { source: name, url });
    return answerOf(
      answer,
      forecasts.flatMap(({ forecastData }) =>
        forecastData.map(({ location, timestamp, duration: minutes, value }): RawPoint => ({
          zone: asAsked(location, zone),
          start: timestamp,
          seconds: minutes * 60,
          value,
          basis: 'not said',
          tense: 'forecast',
        })),
      ),
    );
  }

  return {
    name,
    identity: ['carbonAwareSdk', baseUrl, signal, factors, flowTraced].join(' '),
    method: { signal, factors, flowTraced },
    gramsPerUnit: 1,
    refreshSeconds: 300,
    latest,
    forecast,
  };
}
