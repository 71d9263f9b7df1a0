import { z } from 'zod';
import type { SourceConfigOf } from '../../stack/stackConfig';
import { someOf, type ZoneRefusal } from '../access';
import { askJson, parseAnswer, placeOf, questionTo, under, type JsonAnswer, type Question } from '../askJson';
import { SignalError } from '../fault';
import { secretFrom } from '../secrets';
import { answerOf, type Answer, type CarbonSource, type RawPoint } from '../source';
import type { Surroundings } from '../surroundings';

const signalTypes = { marginal: 'co2_moer', average: 'co2_aoer' } as const;
const expectedUnit = 'lbs_co2_per_mwh';
/** g/kWh of one lb/MWh. */
const gramsPerUnit = 453.59237 / 1000;

/** A login lasts 30 minutes; another one is made a little before. */
const loginMs = 25 * 60_000;

const loginSchema = z.object({ token: z.string().min(1) });
const forecastSchema = z.object({
  data: z.array(z.object({ point_time: z.string(), value: z.unknown() })),
  meta: z.object({
    region: z.string(),
    signal_type: z.string(),
    units: z.string(),
    data_point_period_seconds: z.int().min(1),
  }),
});

/** What an account may ask, by signal and region. */
const accessSchema = z.object({
  signal_types: z.array(
    z.object({
      signal_type: z.string(),
      regions: z.array(
        z.object({ region: z.string(), endpoints: z.array(z.object({ endpoint: z.string() })).optional() }),
      ),
    }),
  ),
});

/** WattTime v3. `/v3/forecast` is what it wants to be asked live: its first point is the value of now. */
export function wattTime(config: SourceConfigOf<'wattTime'>, surroundings: Surroundings): CarbonSource {
  const { name, baseUrl, signal } = config;
  const user = secretFrom(surroundings.environment, config.userVariable, name);
  const password = secretFrom(surroundings.environment, config.passwordVariable, name);
  const basic = Buffer.from(`${user}:${password}`).toString('base64');
  const secrets = [basic, password];
  let login: { readonly token: Promise<string>; readonly untilMs: number } | undefined;

  const question = (url: URL, authorization: string, more: readonly string[] = []): Question => ({
    ...questionTo(config, url),
    headers: { authorization },
    secrets: [...secrets, ...more],
    planRefusal: /INVALID_SCOPE|\b(subscription|plan)\b/i,
  });

  async function logIn(): Promise<string> {
    const url = under(baseUrl, 'login');
    const answer = await askJson(question(url, `Basic ${basic}`), surroundings);
    return parseAnswer(loginSchema, answer, { source: name, url }).token;
  }

  /** All zones share one login, also those that are asked at the same time. */
  function token(): Promise<string> {
    if (!login || login.untilMs <= surroundings.nowMs()) {
      login = { token: logIn(), untilMs: surroundings.nowMs() + loginMs };
      login.token.catch(() => (login = undefined));
    }
    return login.token;
  }

  async function askLoggedIn(url: URL): Promise<JsonAnswer> {
    const held = await token();
    return askJson(question(url, `Bearer ${held}`, [held]), surroundings);
  }

  async function access(): Promise<ZoneRefusal> {
    const url = under(baseUrl, 'v3/my-access');
    const answer = parseAnswer(accessSchema, await askLoggedIn(url), { source: name, url });
    const ofSignal = answer.signal_types.find(({ signal_type }) => signal_type === signalTypes[signal]);
    return (zone) => {
      if (!ofSignal) {
        const others = answer.signal_types.map(({ signal_type }) => signal_type);
        return `the account may not ask for ${signalTypes[signal]} of any region, but for ${someOf(others)}`;
      }
      const own = ofSignal.regions.find(({ region }) => region === zone);
      if (!own) {
        const others = ofSignal.regions.map(({ region }) => region);
        return `the account may not ask for ${signalTypes[signal]} of it, but of ${someOf(others)}`;
      }
      const endpoints = own.endpoints?.map(({ endpoint }) => endpoint);
      if (endpoints?.some((endpoint) => /(^|\/)forecast\/?$/.test(endpoint)) ?? true) return null;
      return `the account may not ask v3/forecast of it, but ${someOf(endpoints ?? [])}`;
    };
  }

  async function latest(zone: string): Promise<Answer> {
    const url = under(baseUrl, 'v3/forecast');
    url.searchParams.set('region', zone);
    url.searchParams.set('signal_type', signalTypes[signal]);
    const answer = await askLoggedIn(url).catch((error: unknown) => {
      if (!(error instanceof SignalError) || error.kind !== 'unauthorised' || !login) throw error;
      // A login may end early; one made anew says whether it was that.
      login = undefined;
      return askLoggedIn(url);
    });
    const { data, meta } = parseAnswer(forecastSchema, answer, { source: name, url });
    const place = placeOf({ source: name, url });
    if (meta.units !== expectedUnit) {
      throw new SignalError('other unit', `${place}: units "${meta.units}", expected ${expectedUnit}`);
    }
    if (meta.signal_type !== signalTypes[signal]) {
      throw new SignalError(
        'other method',
        `${place}: signal_type "${meta.signal_type}", asked for ${signalTypes[signal]}`,
      );
    }
    return answerOf(
      answer,
      data.map(({ point_time, value }, index): RawPoint => ({
        zone: meta.region,
        start: point_time,
        seconds: meta.data_point_period_seconds,
        value,
        // All of it comes from a model.
        basis: 'estimated',
        tense: index === 0 ? 'actual' : 'forecast',
      })),
    );
  }

  return {
    name,
    identity: ['wattTime', baseUrl, signal].join(' '),
    method: { signal, factors: 'direct', flowTraced: false },
    gramsPerUnit,
    refreshSeconds: 300,
    latest,
    access,
  };
}
