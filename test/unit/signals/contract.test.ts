import { spawnSync } from 'node:child_process';
import path from 'node:path';
import {
  checkContracts,
  contractKinds,
  exitCodeOf,
  renderContracts,
  type ContractResult,
} from '../../../signals/contract';
import type { Surroundings } from '../../../signals/surroundings';
import { closedPort } from '../loopbackServer';
import {
  canary,
  canaryPassword,
  carbonServer,
  cleanUp,
  forecastOf,
  hour,
  json,
  latestOf,
  now,
  surroundings,
  zonesOf,
  type CarbonServer,
} from './carbonServer';

afterEach(cleanUp);

/** All services at one address, each in its documented shapes. */
async function services(change: Partial<Record<string, CarbonServer['answer']>> = {}): Promise<CarbonServer> {
  const answers: Record<string, CarbonServer['answer']> = {
    '/v4/zones': (_, __, response) => {
      json(response, zonesOf(['DE']));
    },
    '/v4/carbon-intensity/latest': (_, request, response) => {
      if (request.headers['auth-token'] === canary) json(response, latestOf('DE', 380));
      else json(response, { message: 'Invalid auth-token' }, 401);
    },
    '/v4/carbon-intensity/forecast': (_, __, response) => {
      json(response, forecastOf('DE', [380, 370, 360]));
    },
    '/login': (_, request, response) => {
      const right = `Basic ${Buffer.from(`somebody:${canaryPassword}`).toString('base64')}`;
      if (request.headers.authorization === right) json(response, { token: 'canary-login' });
      else json(response, {}, 401);
    },
    '/v3/my-access': (_, __, response) => {
      const regions = [{ region: 'CAISO_NORTH', endpoints: [{ endpoint: 'v3/forecast' }] }];
      json(response, { signal_types: [{ signal_type: 'co2_moer', regions }] });
    },
    '/v3/forecast': (_, __, response) => {
      const meta = { region: 'CAISO_NORTH', signal_type: 'co2_moer', units: 'lbs_co2_per_mwh' };
      json(response, {
        data: [{ point_time: now, value: 900 }],
        meta: { ...meta, data_point_period_seconds: 300 },
      });
    },
    '/intensity': (_, __, response) => {
      const minutes = (from: number): string => `${hour(from).slice(0, 16)}Z`;
      const intensity = { forecast: 140, actual: 150, index: 'moderate' };
      json(response, { data: [{ from: minutes(-1), to: minutes(0), intensity }] });
    },
    '/co2eq': (_, __, response) => {
      const start = Date.parse(hour(-1)) / 1000;
      const values = { unix_seconds: [start, start + 900], co2eq: [300, 310] };
      json(response, { ...values, co2eq_forecast: [300, 305] });
    },
    '/emissions/bylocation': (_, __, response) => {
      json(response, [{ location: 'eastus', time: hour(-1), rating: 410, duration: '01:00:00' }]);
    },
    '/emissions/forecasts/current': (_, __, response) => {
      const point = { location: 'eastus', timestamp: hour(1), duration: 60, value: 400 };
      json(response, [{ forecastData: [point] }]);
    },
    ...(change as Record<string, CarbonServer['answer']>),
  };
  return carbonServer((url, request, response) => {
    const [, answer] = Object.entries(answers).find(([prefix]) => url.pathname.startsWith(prefix)) ?? [];
    if (answer) answer(url, request, response);
    else json(response, {}, 404);
  });
}

const place = ({ url }: Pick<CarbonServer, 'url'>): Surroundings =>
  surroundings(
    Object.fromEntries(
      ['ELECTRICITY_MAPS', 'WATTTIME', 'NESO', 'ENERGY_CHARTS', 'CARBON_AWARE_SDK'].map((name) => [
        `${name}_URL`,
        url,
      ]),
    ),
  );
const outcomes = (results: readonly ContractResult[]) =>
  results.map(({ source, outcome }) => [source, outcome]);

test('services that answer as documented keep it, a wrong credential among what is tried', async () => {
  const results = await checkContracts(contractKinds, place(await services()));
  expect(renderContracts(results)).not.toContain('canary');
  expect(results.map(({ source, outcome, lines }) => [source, outcome, lines.length])).toEqual([
    ['electricityMaps', 'kept', 4],
    ['wattTime', 'kept', 3],
    ['neso', 'kept', 1],
    ['energyCharts', 'kept', 1],
    ['carbonAwareSdk', 'kept', 2],
  ]);
  expect(exitCodeOf(results)).toBe(0);
});

test('what has no account is named as not run, and counts for nothing', async () => {
  const none = { ...place(await services()), environment: {} };
  const results = await checkContracts(['electricityMaps', 'wattTime', 'carbonAwareSdk'], none);
  expect(renderContracts(results)).toBe(
    [
      'electricityMaps: NOT RUN: ELECTRICITY_MAPS_TOKEN not set',
      'wattTime: NOT RUN: WATTTIME_USER and WATTTIME_PASSWORD not set',
      'carbonAwareSdk: NOT RUN: CARBON_AWARE_SDK_URL not set',
    ].join('\n'),
  );
  expect(exitCodeOf(results)).toBe(1);
});

test('a plan without forecasts is no broken contract', async () => {
  const server = await services({
    '/v4/carbon-intensity/forecast': (_, __, response) => {
      json(response, { error: 'Request unauthorized for zoneKey=DE,requestType=forecast' }, 401);
    },
  });
  const [maps] = await checkContracts(['electricityMaps'], place(server));
  expect(maps).toMatchObject({ outcome: 'kept' });
  expect(maps?.lines).toContain("forecast: not run, as the account's plan has none");
});

test.each<[string, string, CarbonServer['answer'], RegExp]>([
  [
    'another shape',
    '/v4/carbon-intensity/latest',
    (_, __, response) => {
      json(response, { data: [{ zone: 'DE', value: 380 }] });
    },
    /^other shape: .*not the documented answer: zone/,
  ],
  [
    'a value of yesterday',
    '/v4/carbon-intensity/latest',
    (_, __, response) => {
      json(response, latestOf('DE', 380, hour(-24)));
    },
    /^now: the newest value is over for 23.3 h, expected 6 at most/,
  ],
  [
    'kilograms',
    '/v4/carbon-intensity/latest',
    (_, __, response) => {
      json(response, latestOf('DE', 0.38));
    },
    /^now: no value; .*another unit\?/,
  ],
  [
    'an answer to whatever token',
    '/v4/carbon-intensity/latest',
    (_, __, response) => {
      json(response, latestOf('DE', 380));
    },
    /^a wrong credential: an answer, expected unauthorised/,
  ],
  [
    'another zone than the account has',
    '/v4/zones',
    (_, __, response) => {
      json(response, zonesOf(['FR']));
    },
    /^name a zone that the account has in ELECTRICITY_MAPS_ZONE/,
  ],
])('%s is broken, with the reason', async (_, address, answer, message) => {
  const results = await checkContracts(['electricityMaps'], place(await services({ [address]: answer })));
  expect(outcomes(results)).toEqual([['electricityMaps', 'broken']]);
  expect(results[0]?.lines.at(-1)).toMatch(message);
  expect(exitCodeOf(results)).toBe(1);
});

test('nobody who answers is broken, and not kept', async () => {
  const results = await checkContracts(['neso'], place({ url: await closedPort() }));
  expect(outcomes(results)).toEqual([['neso', 'broken']]);
  expect(exitCodeOf(results)).toBe(1);
});

describe('the program', () => {
  const run = (...kinds: string[]) =>
    spawnSync(
      process.execPath,
      [path.resolve(__dirname, '../../../dist/signals/contractMain.js'), ...kinds],
      {
        env: { PATH: process.env['PATH'] },
        encoding: 'utf8',
      },
    );

  test('ends with 1 where nothing was run', () => {
    const { status, stdout, stderr } = run('electricityMaps', 'wattTime');
    expect([status, stderr]).toEqual([1, 'nothing was run\n']);
    expect(stdout).toContain('electricityMaps: NOT RUN');
  });

  test('refuses a source that there is not', () => {
    const { status, stderr } = run('entsoe');
    expect(status).toBe(1);
    expect(stderr).toContain('no source entsoe; expected some of electricityMaps, wattTime, neso');
  });
});
