import fc from 'fast-check';
import { trafficIn } from '../../../driver/verify/servedWeights';
import { PrometheusError, samplesIn } from '../../../observe/prometheus';
import { checkPoints } from '../../../signals/checkPoints';
import { SignalError } from '../../../signals/fault';
import { openSource } from '../../../signals/openSource';
import type { Answer, CarbonSource } from '../../../signals/source';
import {
  cleanUp,
  config,
  forecastOf,
  hour,
  latestOf,
  nowMs,
  surroundings,
  zonesOf,
} from '../signals/carbonServer';
import { expectRefusal, fuzz, fuzzTimeoutMs, mutated, outcomeOf } from './mutations';

jest.setTimeout(fuzzTimeoutMs);

const overMutations = (body: unknown, look: (mutant: string) => Promise<void>): Promise<void> =>
  fc.assert(fc.asyncProperty(mutated(JSON.stringify(body)), look), fuzz);

test('Prometheus’s samples', async () => {
  const labels = { __name__: 'requests_total', service: 'north@file' };
  const values = [
    [1_764_357_600.123, '12'],
    [1_764_357_601.123, '1.5e+3'],
  ];
  const body = { status: 'success', data: { resultType: 'matrix', result: [{ metric: labels, values }] } };
  await overMutations(body, async (mutant) => {
    const read = await outcomeOf(() => samplesIn(mutant, 200, 'http://prometheus', 'up'));
    if ('error' in read) expectRefusal(read.error, PrometheusError);
    else {
      const samples = read.value.flatMap(({ samples: found }) => found);
      expect(samples.every(({ atMs, value }) => Number.isInteger(atMs) && Number.isFinite(value))).toBe(true);
    }
  });
});

test('Traefik’s services', async () => {
  const region = (name: string, status: string): object => ({
    name: `${name}@file`,
    loadBalancer: { servers: [{ url: 'http://192.0.2.1' }], healthCheck: { path: '/' } },
    serverStatus: { 'http://192.0.2.1': status },
  });
  const body = [
    region('north', 'UP'),
    region('south', 'DOWN'),
    { name: 'weighted_row@file', weighted: { services: [{ name: 'north', weight: 3 }, { name: 'south' }] } },
  ];
  await overMutations(body, async (mutant) => {
    const read = await outcomeOf(() => trafficIn(mutant, 'http://traefik/api'));
    if ('error' in read) expectRefusal(read.error, Error);
    else {
      const weights = Object.values(read.value.weights);
      expect(weights.every((weight) => Number.isInteger(weight) && weight >= 0)).toBe(true);
      expect(Object.values(read.value.answers).every((answers) => typeof answers === 'boolean')).toBe(true);
    }
  });
});

describe('a source of carbon intensity', () => {
  afterAll(cleanUp);
  afterEach(() => {
    jest.restoreAllMocks();
  });
  const times = [0, 1, 2, 3].map((from) => Date.parse(hour(from - 2)) / 1000);
  const minute = (from: number): string => `${hour(from).slice(0, 16)}Z`;
  const sources: [string, string, unknown][] = [
    ['electricityMaps', 'FR', latestOf('FR', 42.5)],
    [
      'wattTime',
      'CAISO_NORTH',
      {
        token: 'x',
        data: [0, 1, 2].map((from) => ({ point_time: hour(from), value: 870.1 + from })),
        meta: {
          region: 'CAISO_NORTH',
          signal_type: 'co2_moer',
          units: 'lbs_co2_per_mwh',
          data_point_period_seconds: 3600,
        },
      },
    ],
    [
      'neso',
      'GB',
      {
        data: [-1, 0, 1].map((from) => ({
          from: minute(from),
          to: minute(from + 0.5),
          intensity: { forecast: 120, actual: 118, index: 'low' },
        })),
      },
    ],
    [
      'energyCharts',
      'de',
      { unix_seconds: times, co2eq: [300.5, 310, null, null], co2eq_forecast: [null, 301, 305, 299] },
    ],
    [
      'carbonAwareSdk',
      'westeurope',
      [{ location: 'westeurope', time: hour(0), rating: 288.5, duration: '01:00:00' }],
    ],
  ];
  const isLogin = (url: unknown): boolean => url instanceof URL && url.pathname === '/login';

  /** A source of a kind, opened anew for each answer, and its answer to everything. */
  function answering(kind: string): { open: () => CarbonSource; answer: (body: string) => void } {
    const around = surroundings();
    const own = kind === 'carbonAwareSdk' ? { signal: 'average', factors: 'lifeCycle' } : {};
    const {
      sources: [set],
    } = config({ name: 'it', kind, baseUrl: 'http://carbon.example', attempts: 1, ...own });
    if (!set) throw new Error('no source');
    let body = '';
    jest.spyOn(globalThis, 'fetch').mockImplementation((url) =>
      Promise.resolve(
        // A login is no part of what is mutated here, but where it stands in one body with the rest.
        new Response(isLogin(url) && !body.includes('"data"') ? '{"token":"x"}' : body, {
          headers: { 'content-type': 'application/json', date: new Date(nowMs).toUTCString() },
        }),
      ),
    );
    return { open: () => openSource(set, around), answer: (mutant) => void (body = mutant) };
  }

  /** Reads mutants of an answer; every value that is taken can be what it says. */
  async function overAnswers(
    kind: string,
    zone: string,
    body: unknown,
    ask: (source: CarbonSource) => Promise<Answer>,
  ): Promise<void> {
    const { open, answer } = answering(kind);
    let taken = 0;
    await overMutations(body, async (mutant) => {
      answer(mutant);
      const source = open();
      const read = await outcomeOf(async () => {
        const { points } = await ask(source);
        return checkPoints(points, { source, zone, nowMs, known: [] });
      });
      if ('error' in read) {
        expectRefusal(read.error, SignalError);
        return;
      }
      const values = [...read.value.actual, ...read.value.forecast];
      taken += values.length;
      for (const { gramsPerKwh, start, seconds } of values) {
        expect(gramsPerKwh).toBeGreaterThanOrEqual(1);
        expect(gramsPerKwh).toBeLessThanOrEqual(2000);
        expect(Date.parse(start)).not.toBeNaN();
        expect(seconds > 0 && Number.isFinite(seconds)).toBe(true);
      }
    });
    // Were every answer refused, nothing would have been looked at.
    expect(taken).toBeGreaterThan(0);
  }

  test.each(sources)('%s', async (kind, zone, body) => {
    await overAnswers(kind, zone, body, (source) => source.latest(zone));
  });

  const forecasts: [string, string, unknown][] = [
    ['electricityMaps', 'FR', forecastOf('FR', [42.5, 43, null, 47])],
    [
      'carbonAwareSdk',
      'westeurope',
      [
        {
          generatedAt: hour(0),
          location: 'westeurope',
          forecastData: [0, 1, 2].map((from) => ({
            ...{ location: 'westeurope', timestamp: hour(from), duration: 60, value: 288.5 + from },
          })),
        },
      ],
    ],
  ];
  test.each(forecasts)('%s, its forecast', async (kind, zone, body) => {
    await overAnswers(kind, zone, body, (source) =>
      source.forecast ? source.forecast(zone) : Promise.reject(new Error('it has none')),
    );
  });

  const accesses: [string, string, unknown][] = [
    ['electricityMaps', 'FR', zonesOf(['FR', 'DE', 'US-CAL-CISO'])],
    [
      'wattTime',
      'CAISO_NORTH',
      {
        signal_types: [
          {
            signal_type: 'co2_moer',
            regions: [
              { region: 'CAISO_NORTH', endpoints: [{ endpoint: 'v3/forecast' }, { endpoint: 'historical' }] },
              { region: 'PJM_DC' },
            ],
          },
        ],
      },
    ],
  ];
  test.each(accesses)(
    '%s, what an account may ask: granted, or refused with a reason',
    async (kind, zone, body) => {
      const { open, answer } = answering(kind);
      let granted = 0;
      await overMutations(body, async (mutant) => {
        answer(mutant);
        const source = open();
        const read = await outcomeOf(async () => {
          if (!source.access) throw new Error('it does not say');
          return (await source.access())(zone);
        });
        if ('error' in read) expectRefusal(read.error, SignalError);
        else if (read.value === null) granted += 1;
        else expect(read.value.length).toBeGreaterThan(20);
      });
      expect(granted).toBeGreaterThan(0);
    },
  );
});
