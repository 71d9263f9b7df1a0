import { z } from 'zod';
import type { SourceConfigOf } from '../../stack/stackConfig';
import { someOf, type ZoneRefusal } from '../access';
import { askJson, parseAnswer, placeOf, questionTo, under, type JsonAnswer } from '../askJson';
import { SignalError } from '../fault';
import { secretFrom } from '../secrets';
import type { Method } from '../signalValue';
import { answerOf, type Answer, type CarbonSource, type RawPoint } from '../source';
import type { Surroundings } from '../surroundings';

const hourSeconds = 3600;
const factorTypes = { lifeCycle: 'lifecycle', direct: 'direct' } as const;

/** The value may be anything here: what it can be is looked at later, and said. */
const latestSchema = z.object({
  zone: z.string(),
  carbonIntensity: z.unknown(),
  datetime: z.string(),
  emissionFactorType: z.string().optional(),
  flowTraced: z.boolean().optional(),
  isEstimated: z.boolean().nullish(),
});
const forecastSchema = z.object({
  zone: z.string(),
  forecast: z.array(z.object({ carbonIntensity: z.unknown(), datetime: z.string() })),
});

/** With a token: the zones that it is for, and what of each, as `carbon-intensity/latest` or `*` for everything. */
const zonesSchema = z.record(z.string(), z.object({ access: z.array(z.string()).optional() }));
const wanted = /^(\*|carbon-intensity(\/(\*|latest))?)$/;

/** Electricity Maps, `carbon-intensity/latest` and `carbon-intensity/forecast`: both the same in v4 and v3. */
export function electricityMaps(
  config: SourceConfigOf<'electricityMaps'>,
  surroundings: Surroundings,
): CarbonSource {
  const { name, baseUrl, version, factors, flowTraced } = config;
  const token = secretFrom(surroundings.environment, config.tokenVariable, name);
  const method: Method = { signal: 'average', factors, flowTraced };

  const asked = (url: URL): Promise<JsonAnswer> =>
    askJson(
      {
        ...questionTo(config, url),
        headers: { 'auth-token': token },
        secrets: [token],
        planRefusal: /unauthorized for zonekey|requesttype=/i,
      },
      surroundings,
    );

  async function access(): Promise<ZoneRefusal> {
    const url = under(baseUrl, `${version}/zones`);
    const zones = parseAnswer(zonesSchema, await asked(url), { source: name, url });
    return (zone) => {
      const own = zones[zone];
      if (!own) return `the token is not for it, but for ${someOf(Object.keys(zones))}`;
      if (own.access?.some((what) => wanted.test(what)) ?? true) return null;
      return `the token is not for carbon-intensity/latest of it, but for ${someOf(own.access ?? [])}`;
    };
  }

  async function ask(what: string, zone: string): Promise<JsonAnswer & { url: URL }> {
    const url = under(baseUrl, `${version}/carbon-intensity/${what}`);
    url.searchParams.set('zone', zone);
    url.searchParams.set('emissionFactorType', factorTypes[factors]);
    url.searchParams.set('flowTraced', String(flowTraced));
    url.searchParams.set('temporalGranularity', 'hourly');
    // Without it an unknown zone is answered with the one that the caller's address is in.
    url.searchParams.set('disableCallerLookup', 'true');
    return { ...(await asked(url)), url };
  }

  async function latest(zone: string): Promise<Answer> {
    const answer = await ask('latest', zone);
    const place = { source: name, url: answer.url };
    const { emissionFactorType, flowTraced: traced, ...value } = parseAnswer(latestSchema, answer, place);
    if ((emissionFactorType ?? factorTypes[factors]) !== factorTypes[factors]) {
      throw otherMethod(`emissionFactorType ${emissionFactorType ?? ''}`, factorTypes[factors]);
    }
    if ((traced ?? flowTraced) !== flowTraced) throw otherMethod(`flowTraced ${traced}`, String(flowTraced));
    return answerOf(answer, [
      {
        zone: value.zone,
        start: value.datetime,
        seconds: hourSeconds,
        value: value.carbonIntensity,
        basis: value.isEstimated == null ? 'not said' : value.isEstimated ? 'estimated' : 'measured',
        tense: 'actual',
      },
    ]);

    function otherMethod(got: string, expected: string): SignalError {
      return new SignalError('other method', `${placeOf(place)}: ${got}, asked for ${expected}`);
    }
  }

  async function forecast(zone: string): Promise<Answer> {
    const answer = await ask('forecast', zone);
    const parsed = parseAnswer(forecastSchema, answer, { source: name, url: answer.url });
    return answerOf(
      answer,
      parsed.forecast.map(({ carbonIntensity, datetime }): RawPoint => ({
        zone: parsed.zone,
        start: datetime,
        seconds: hourSeconds,
        value: carbonIntensity,
        basis: 'estimated',
        tense: 'forecast',
      })),
    );
  }

  return {
    name,
    identity: ['electricityMaps', baseUrl, version, factors, flowTraced].join(' '),
    method,
    gramsPerUnit: 1,
    refreshSeconds: 300,
    latest,
    forecast,
    access,
  };
}
