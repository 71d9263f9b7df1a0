import { readSignals, type RegionSignal } from '../../../signals/readSignals';
import type { ChosenValue } from '../../../signals/chooseValue';
import {
  canary,
  canaryPassword,
  carbonServer,
  cleanUp,
  config,
  forecastOf,
  hour,
  hourMs,
  json,
  latestOf,
  now,
  nowMs,
  surroundings,
} from './carbonServer';
import { shapes, sourceOf } from './shapes';

afterEach(cleanUp);

const region = (zone: string) => [{ name: 'here', signal: { zone } }];
const chosenOf = ([first]: RegionSignal[]): ChosenValue => first?.signal as ChosenValue;
const minutes = (from: number): string => `${new Date(nowMs + from * 60_000).toISOString().slice(0, 16)}Z`;

describe('Electricity Maps', () => {
  test.each(['v4', 'v3'])('%s gives the value of the hour, with how it was made', async (version) => {
    const tokens: unknown[] = [];
    const server = await carbonServer((_, request, response) => {
      tokens.push(request.headers['auth-token']);
      json(response, latestOf('FR', 42));
    });
    const source = { name: 'maps', kind: 'electricityMaps', baseUrl: server.url, version };
    const read = await readSignals(region('FR'), config(source), surroundings());
    expect(read).toEqual([
      {
        region: 'here',
        source: 'maps',
        zone: 'FR',
        signal: {
          from: 'source',
          ageSeconds: 0,
          value: {
            zone: 'FR',
            start: '2026-08-13T12:00:00Z',
            seconds: 3600,
            gramsPerKwh: 42,
            method: { signal: 'average', factors: 'lifeCycle', flowTraced: true },
            basis: 'estimated',
            tense: 'actual',
            source: 'maps',
            fetchedAt: now,
          },
        },
        faults: [],
      },
    ]);
    expect(tokens).toEqual([canary]);
    const asked = new URL(server.asked[0] ?? '', server.url);
    expect(asked.pathname).toBe(`/${version}/carbon-intensity/latest`);
    expect(Object.fromEntries(asked.searchParams)).toEqual({
      zone: 'FR',
      emissionFactorType: 'lifecycle',
      flowTraced: 'true',
      temporalGranularity: 'hourly',
      disableCallerLookup: 'true',
    });
  });

  test('is asked for a forecast only where it has no value', async () => {
    const server = await carbonServer((url, _, response) => {
      json(
        response,
        url.pathname.endsWith('forecast') ? forecastOf('FR', [51, 52, 53], -1) : latestOf('FR', null),
      );
    });
    const source = { name: 'maps', kind: 'electricityMaps', baseUrl: server.url };
    const read = await readSignals(region('FR'), config(source), surroundings());
    expect(chosenOf(read)).toMatchObject({
      from: 'forecast',
      value: { gramsPerKwh: 52, tense: 'forecast', start: '2026-08-13T12:00:00Z' },
    });
    expect(read[0]?.faults).toMatchObject([{ kind: 'null' }]);
  });

  test.each([
    [
      'emissionFactorType',
      { emissionFactorType: 'direct' },
      'emissionFactorType direct, asked for lifecycle',
    ],
    ['flowTraced', { flowTraced: false }, 'flowTraced false, asked for true'],
  ])('a value of another method than asked for is none: %s', async (_, change, message) => {
    const server = await carbonServer((_url, _request, response) => {
      json(response, { ...latestOf('FR', 20), ...change });
    });
    const source = { name: 'maps', kind: 'electricityMaps', baseUrl: server.url };
    const [read] = await readSignals(region('FR'), config(source), surroundings());
    expect(read?.signal).toHaveProperty('missing');
    expect(read?.faults[0]).toMatchObject({ kind: 'other method' });
    expect(read?.faults[0]?.message).toContain(message);
  });
});

describe('WattTime', () => {
  const forecast = (change: Record<string, unknown> = {}, first: unknown = 1000) => ({
    data: [first, 900].map((value, index) => ({
      point_time: new Date(nowMs + index * 300_000).toISOString(),
      value,
    })),
    meta: {
      region: 'CAISO_NORTH',
      signal_type: 'co2_moer',
      units: 'lbs_co2_per_mwh',
      data_point_period_seconds: 300,
      generated_at: now,
      warnings: [],
      ...change,
    },
  });
  const source = (baseUrl: string) => config({ name: 'wt', kind: 'wattTime', baseUrl });

  test('logs in once for all zones, and pounds become grams', async () => {
    const seen: unknown[] = [];
    const server = await carbonServer((url, request, response) => {
      seen.push([url.pathname, request.headers.authorization]);
      if (url.pathname === '/login') json(response, { token: 'canary-login' });
      else json(response, forecast({ region: url.searchParams.get('region') }));
    });
    const regions = ['CAISO_NORTH', 'PJM_DC'].map((zone) => ({ name: zone.toLowerCase(), signal: { zone } }));
    const read = await readSignals(regions, source(server.url), surroundings());
    expect(read.map(({ signal }) => (signal as ChosenValue).value.gramsPerKwh)).toEqual([
      453.59237, 453.59237,
    ]);
    expect(chosenOf(read).value).toMatchObject({
      seconds: 300,
      method: { signal: 'marginal', factors: 'direct', flowTraced: false },
      basis: 'estimated',
      tense: 'actual',
    });
    const basic = Buffer.from(`somebody:${canaryPassword}`).toString('base64');
    expect(seen).toEqual([
      ['/login', `Basic ${basic}`],
      ['/v3/forecast', 'Bearer canary-login'],
      ['/v3/forecast', 'Bearer canary-login'],
    ]);
  });

  test('a login that has ended is made anew, once', async () => {
    let logins = 0;
    const server = await carbonServer((url, request, response) => {
      if (url.pathname === '/login') json(response, { token: `login-${++logins}` });
      else if (request.headers.authorization === 'Bearer login-1')
        json(response, { message: 'expired' }, 401);
      else json(response, forecast());
    });
    const read = await readSignals(region('CAISO_NORTH'), source(server.url), surroundings());
    expect([chosenOf(read).from, logins]).toEqual(['source', 2]);
  });

  test.each([
    ['another unit', { units: 'kg_co2_per_mwh' }, 'other unit', 'units "kg_co2_per_mwh"'],
    ['another signal', { signal_type: 'co2_aoer' }, 'other method', 'signal_type "co2_aoer"'],
    ['another region', { region: 'ERCOT' }, 'other zone', 'about the zone ERCOT, asked for CAISO_NORTH'],
  ])('%s is refused', async (_, change, kind, message) => {
    const server = await carbonServer((url, _request, response) => {
      json(response, url.pathname === '/login' ? { token: 'x' } : forecast(change));
    });
    const [read] = await readSignals(region('CAISO_NORTH'), source(server.url), surroundings());
    expect(read?.signal).toHaveProperty('missing');
    expect(read?.faults[0]?.kind).toBe(kind);
    expect(read?.faults[0]?.message).toContain(message);
  });

  test('a region that the account may not ask for is told from a wrong password', async () => {
    const server = await carbonServer((url, _, response) => {
      if (url.pathname === '/login') json(response, { token: 'x' });
      else json(response, { error: 'INVALID_SCOPE', message: 'not in your subscription' }, 403);
    });
    const [read] = await readSignals(region('PJM_DC'), source(server.url), surroundings());
    expect(read?.faults).toMatchObject([{ kind: 'not in the plan' }]);
    server.answer = (_url, _request, response) => {
      json(response, { message: `no such user, no explanation, ${canaryPassword}` }, 401);
    };
    const [wrong] = await readSignals(region('PJM_DC'), source(server.url), surroundings());
    expect(wrong?.faults).toMatchObject([{ kind: 'unauthorised' }]);
    expect(wrong?.faults[0]?.message).toContain('no such user, no explanation, ***');
  });
});

describe('NESO', () => {
  const halfHours = (actual: readonly unknown[]) => ({
    data: actual.map((value, index) => ({
      from: minutes(-110 + index * 30),
      to: minutes(-80 + index * 30),
      intensity: { forecast: 266, actual: value, index: 'moderate' },
    })),
  });
  const source = (baseUrl: string) => config({ name: 'gb', kind: 'neso', baseUrl });

  test('gives the newest half hour that is over; the one under way is null as a matter of course', async () => {
    const server = await carbonServer((_url, _request, response) => {
      json(response, halfHours([250, 255, 263, null, null]));
    });
    const read = await readSignals(region('GB'), source(server.url), surroundings());
    expect(chosenOf(read)).toMatchObject({
      from: 'source',
      ageSeconds: 20 * 60,
      value: { gramsPerKwh: 263, start: '2026-08-13T11:30:00Z', seconds: 1800, tense: 'actual' },
    });
    expect(read[0]?.faults).toEqual([]);
    expect(server.asked).toEqual(['/intensity/2026-08-13T08:00Z/fw24h']);
  });

  test('without any, its forecast stands in, in the same answer', async () => {
    const server = await carbonServer((_url, _request, response) => {
      json(response, halfHours([null, null, null, null, null]));
    });
    const read = await readSignals(region('GB'), source(server.url), surroundings());
    expect(chosenOf(read)).toMatchObject({ from: 'forecast', value: { gramsPerKwh: 266 } });
    expect(read[0]?.faults).toMatchObject([{ kind: 'null' }]);
    expect(server.asked).toHaveLength(1);
  });

  test('knows Great Britain alone, and is not asked for anything else', async () => {
    const server = await carbonServer((_url, _request, response) => response.end());
    const [read] = await readSignals(region('FR'), source(server.url), surroundings());
    expect(read?.faults[0]).toMatchObject({ kind: 'other zone' });
    expect(read?.faults[0]?.message).toContain('knows the zone GB alone, not FR');
    expect(server.asked).toEqual([]);
  });

  test('a refusal is quoted', async () => {
    const server = await carbonServer((_url, _request, response) => {
      json(response, { error: { code: '400 Bad Request', message: 'Please enter a valid date' } }, 400);
    });
    const [read] = await readSignals(region('GB'), source(server.url), surroundings());
    expect(read?.faults[0]).toMatchObject({ kind: 'refused' });
    expect(read?.faults[0]?.message).toContain('status 400, "Please enter a valid date"');
  });
});

describe('energy-charts', () => {
  const quarters = Array.from({ length: 16 }, (_, index) => nowMs / 1000 - 1200 - 3 * 3600 + index * 900);
  const source = (baseUrl: string) => config({ name: 'charts', kind: 'energyCharts', baseUrl });

  test('gives the newest quarter that is not null', async () => {
    const server = await carbonServer((_url, _request, response) => {
      json(response, {
        unix_seconds: quarters,
        co2eq: quarters.map((_, index) => (index < 11 ? 300 + index : null)),
        co2eq_forecast: quarters.map(() => 333),
        deprecated: false,
      });
    });
    const read = await readSignals(region('DE'), source(server.url), surroundings());
    expect(chosenOf(read)).toMatchObject({
      from: 'source',
      value: { gramsPerKwh: 310, start: '2026-08-13T11:30:00Z', seconds: 900, tense: 'actual' },
    });
    expect(read[0]?.faults).toEqual([]);
    expect(server.asked).toEqual(['/co2eq?country=de']);
  });

  test('arrays that are not as long as each other are refused', async () => {
    const server = await carbonServer((_url, _request, response) => {
      json(response, { unix_seconds: quarters, co2eq: [1], co2eq_forecast: [] });
    });
    const [read] = await readSignals(region('DE'), source(server.url), surroundings());
    expect(read?.faults[0]).toMatchObject({ kind: 'other shape' });
    expect(read?.faults[0]?.message).toContain('16 times, 1 values and 0 forecasts');
  });
});

describe('Carbon Aware SDK', () => {
  const source = (baseUrl: string, more: Record<string, unknown> = {}) =>
    config({ name: 'sdk', kind: 'carbonAwareSdk', baseUrl, signal: 'marginal', factors: 'direct', ...more });
  const emissions = (location: string, ratings: readonly unknown[]) =>
    ratings.map((rating, index) => ({
      location,
      time: hour(index - ratings.length + 1),
      rating,
      duration: '01:00:00',
    }));

  test('is asked by the name of the cloud region', async () => {
    const server = await carbonServer((_url, _request, response) => {
      json(response, emissions('eastus', [500, 510]));
    });
    const regions = [{ name: 'here', cloud: { provider: 'azure', region: 'eastus' } as const }];
    const read = await readSignals(regions, source(server.url), surroundings());
    expect(chosenOf(read)).toMatchObject({
      from: 'source',
      value: { gramsPerKwh: 510, seconds: 3600, zone: 'eastus', basis: 'not said' },
    });
    expect(server.asked[0]).toMatch(/^\/emissions\/bylocation\?location=eastus&time=2026-08-13T08%3A20/);
  });

  test('its -1 for null is no value; its forecast stands in', async () => {
    const server = await carbonServer((url, _request, response) => {
      const forecast = {
        generatedAt: now,
        location: 'eastus',
        forecastData: [{ location: 'eastus', timestamp: hour(0), duration: 60, value: 480 }],
      };
      json(response, url.pathname === '/emissions/bylocation' ? emissions('eastus', [-1, -1]) : [forecast]);
    });
    const read = await readSignals(region('eastus'), source(server.url), surroundings());
    expect(chosenOf(read)).toMatchObject({ from: 'forecast', value: { gramsPerKwh: 480 } });
    expect(read[0]?.faults).toMatchObject([{ kind: 'negative' }]);
    expect(server.asked[1]).toBe('/emissions/forecasts/current?location=eastus');
  });

  test('a location that its answers call by another name is told so, and else refused', async () => {
    const server = await carbonServer((_url, _request, response) => {
      json(response, emissions('PJM_DC', [500]));
    });
    const strict = await readSignals(region('eastus'), source(server.url), surroundings());
    expect(strict[0]?.faults[0]).toMatchObject({ kind: 'other zone' });
    const told = source(server.url, { answersAs: { eastus: 'PJM_DC' } });
    expect(chosenOf(await readSignals(region('eastus'), told, surroundings())).value).toMatchObject({
      zone: 'eastus',
      gramsPerKwh: 500,
    });
  });
});

test('a zone that two regions share is asked for once', async () => {
  const server = await carbonServer((url, _request, response) => {
    json(response, latestOf(url.searchParams.get('zone') ?? '', 400));
  });
  const regions = ['us-east-1', 'us-east-2', 'us-west-1'].map((name) => ({
    name,
    cloud: { provider: 'aws', region: name } as const,
  }));
  const source = config({ name: 'maps', kind: 'electricityMaps', baseUrl: server.url });
  const read = await readSignals(regions, source, surroundings());
  expect(read.map(({ region: name, zone }) => [name, zone])).toEqual([
    ['us-east-1', 'US-MIDA-PJM'],
    ['us-east-2', 'US-MIDA-PJM'],
    ['us-west-1', 'US-CAL-CISO'],
  ]);
  expect(server.asked).toHaveLength(2);
});

test('regions whose methods differ are refused before anything is asked, naming them', async () => {
  const server = await carbonServer((_url, _request, response) => response.end());
  const mixed = config(
    { name: 'charts', kind: 'energyCharts', baseUrl: server.url },
    { name: 'wt', kind: 'wattTime', baseUrl: server.url },
  );
  const regions = [
    { name: 'eu-central-1', signal: { zone: 'DE' } },
    { name: 'us-west-1', signal: { source: 'wt', zone: 'CAISO_NORTH' } },
  ];
  const reading = readSignals(regions, mixed, surroundings());
  await expect(reading).rejects.toThrow('average, life cycle, not flow-traced: eu-central-1 (charts)');
  await expect(reading).rejects.toThrow('marginal, direct, not flow-traced: us-west-1 (wt)');
  expect(server.asked).toEqual([]);
});

test('a region whose zone nobody knows is named, with what to set', async () => {
  const source = config({ name: 'maps', kind: 'electricityMaps' });
  const regions = [
    { name: 'one', cloud: { provider: 'aws', region: 'mars-1' } as const },
    { name: 'two' },
    { name: 'three', signal: { zone: 'DE' } },
  ];
  const reading = readSignals(regions, source, surroundings());
  await expect(reading).rejects.toThrow(
    /one: the zone of aws mars-1 is not known for maps[^]*two: neither cloud nor signal\.zone[^]*Set signal\.zone/,
  );
  await expect(reading).rejects.not.toThrow(/three/);
});

test.each(['', '   ', `${canary}\nx`])('a credential that cannot be one is not shown: %j', async (token) => {
  const source = config({ name: 'maps', kind: 'electricityMaps' });
  const reading = readSignals(region('DE'), source, surroundings({ ELECTRICITY_MAPS_TOKEN: token }));
  await expect(reading).rejects.toThrow(/ELECTRICITY_MAPS_TOKEN/);
  await expect(reading).rejects.not.toThrow(canary);
});

/**
 * A day of six regions, a tick every quarter of an hour, against what each source says that it allows: requests in five
 * minutes, null where it publishes no number, and the SDK is a host of one's own. `startHours` is where its newest period
 * begins, from the hour of now.
 */
const days: readonly {
  readonly kind: string;
  readonly zones: readonly string[];
  readonly startHours: number;
  readonly inFiveMinutes: number | null;
  readonly asked: number;
}[] = [
  // An hour's value is there as it begins: once a zone in each of the 25 hours that a day's ticks touch.
  {
    ...{ kind: 'electricityMaps', zones: ['DE', 'FR', 'GB', 'ES', 'SE', 'PL'], startHours: 0 },
    ...{ inFiveMinutes: null, asked: 25 * 6 },
  },
  // Its periods are shorter than a tick's distance; a process logs in for itself. docs.watttime.org: 3,000 a user.
  {
    ...{ kind: 'wattTime', zones: ['A', 'B', 'C', 'D', 'E', 'F'], startHours: 0 },
    ...{ inFiveMinutes: 3000, asked: 96 * 7 },
  },
  // One zone, whatever the number of regions.
  { ...{ kind: 'neso', zones: Array<string>(6).fill('GB'), startHours: -1 }, inFiveMinutes: null, asked: 96 },
  {
    ...{ kind: 'energyCharts', zones: ['DE', 'FR', 'AT', 'ES', 'SE', 'PL'], startHours: -2 },
    ...{ inFiveMinutes: null, asked: 96 * 6 },
  },
  {
    ...{ kind: 'carbonAwareSdk', zones: ['A', 'B', 'C', 'D', 'E', 'F'], startHours: 0 },
    ...{ inFiveMinutes: null, asked: 25 * 6 },
  },
];

test.each(days)(
  '24 hours of six regions of $kind are $asked requests',
  async ({ kind, zones, startHours, inFiveMinutes, asked }) => {
    const shape = shapes.find((one) => one.kind === kind);
    if (!shape) throw new Error(`no shape of ${kind}`);
    const place = surroundings();
    const server = await carbonServer(
      (url, _request, response) => {
        const { searchParams } = url;
        const zone = ['zone', 'region', 'location'].map((name) => searchParams.get(name)).find(Boolean) ?? '';
        const value = 400 + (place.nowMs() % 7);
        if (url.pathname === '/login') json(response, { token: 'x' });
        else json(response, shape.body(value, hour(startHours, place.nowMs()), zone));
      },
      () => place.nowMs(),
    );
    const regions = zones.map((zone, index) => ({ name: `region-${index}`, signal: { zone } }));
    let most = 0;
    for (let tick = 0; tick < 24 * 4; tick++) {
      const before = server.asked.length;
      const read = await readSignals(regions, sourceOf(shape, server.url), place);
      expect(read.map(({ signal }) => (signal as ChosenValue).from)).toEqual(zones.map(() => 'source'));
      most = Math.max(most, server.asked.length - before);
      place.later(hourMs / 4);
    }
    expect(server.asked.length).toBe(asked);
    // Ticks are further apart than five minutes.
    expect(most).toBeLessThanOrEqual(inFiveMinutes ?? zones.length);
  },
);
