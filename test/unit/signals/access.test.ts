import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { askAccess } from '../../../signals/askAccess';
import {
  canary,
  carbonServer,
  cleanUp,
  config,
  hourMs,
  json,
  maps,
  surroundings,
  text,
  type CarbonServer,
} from './carbonServer';

afterEach(cleanUp);

const regions = [
  { name: 'paris', signal: { zone: 'FR' } },
  { name: 'frankfurt', signal: { zone: 'DE' } },
  { name: 'california', signal: { zone: 'US-CAL-CISO' } },
];
const carbonOnly = { access: ['carbon-intensity/latest', 'carbon-intensity/history'] };

/** Electricity Maps as it lists zones: all of them without a token, those of the token with one. */
function zonesServer(zones: Record<string, unknown>): Promise<CarbonServer> {
  return carbonServer((_, request, response) => {
    if (request.headers['auth-token'] === canary) json(response, zones);
    else json(response, { message: 'Invalid auth-token' }, 401);
  });
}

describe('Electricity Maps', () => {
  test.each(['v4', 'v3'])('%s: all zones may be had; that is kept for a day', async (version) => {
    const server = await zonesServer({
      FR: carbonOnly,
      DE: { zoneName: 'Germany', access: ['*'] },
      'US-CAL-CISO': { zoneName: 'CAISO' },
    });
    const place = surroundings();
    const signals = maps(server.url, { version });
    expect(await askAccess(regions, signals, place)).toEqual([]);
    expect(server.asked).toEqual([`/${version}/zones`]);
    place.later(hourMs);
    expect(await askAccess(regions, signals, place)).toEqual([]);
    expect(server.asked).toHaveLength(1);
    const [kept = ''] = readdirSync(place.folder);
    expect(readFileSync(path.join(place.folder, kept), 'utf8')).not.toContain(canary);
  });

  test('rights for one zone of three: the other two are named at once, and asked for again', async () => {
    const server = await zonesServer({
      FR: carbonOnly,
      DE: { access: ['power-breakdown/latest'] },
    });
    const place = surroundings();
    const asked = askAccess(regions, maps(server.url), place);
    await expect(asked).rejects.toThrow('The carbon intensity of some regions cannot be had');
    await expect(asked).rejects.toThrow(
      'frankfurt (zone DE of maps): the token is not for carbon-intensity/latest of it, but for power-breakdown/latest',
    );
    await expect(asked).rejects.toThrow(
      'california (zone US-CAL-CISO of maps): the token is not for it, but for FR, DE',
    );
    await expect(asked).rejects.not.toThrow('paris');
    server.answer = (_, __, response) => {
      json(response, { FR: carbonOnly, DE: carbonOnly, 'US-CAL-CISO': carbonOnly });
    };
    expect(await askAccess(regions, maps(server.url), place)).toEqual([]);
  });

  test('no token: every region of the source is named, with the variable', async () => {
    const signals = maps('http://127.0.0.1:1');
    await expect(askAccess(regions, signals, surroundings({ ELECTRICITY_MAPS_TOKEN: '' }))).rejects.toThrow(
      /paris, frankfurt, california: .*needs the environment variable ELECTRICITY_MAPS_TOKEN, which is not set/,
    );
  });

  test('a wrong token: every region is named, and the token is not', async () => {
    const server = await zonesServer({});
    const wrong = surroundings({ ELECTRICITY_MAPS_TOKEN: 'canary-wrong' });
    const asked = askAccess(regions, maps(server.url), wrong);
    await expect(asked).rejects.toThrow(
      /paris, frankfurt, california: maps, .*\/v4\/zones: status 401, "Invalid auth-token"; check the credential/,
    );
    await expect(asked).rejects.not.toThrow('canary-wrong');
  });

  test.each([
    [
      '503',
      (server: CarbonServer) =>
        (server.answer = (_, __, response) => {
          text(response, '', 503);
        }),
    ],
    [
      'a page',
      (server: CarbonServer) =>
        (server.answer = (_, __, response) => {
          text(response, '<html>');
        }),
    ],
    [
      'another shape',
      (server: CarbonServer) =>
        (server.answer = (_, __, response) => {
          json(response, [1]);
        }),
    ],
    [
      '404',
      (server: CarbonServer) =>
        (server.answer = (_, __, response) => {
          text(response, '', 404);
        }),
    ],
  ])('%s in its place is no refusal, and is said', async (_, make) => {
    const server = await zonesServer({});
    make(server);
    const [note, ...more] = await askAccess(regions, maps(server.url), surroundings());
    expect(note).toMatch(/^what the account of maps may ask for is not known: maps, .*\/v4\/zones/);
    expect(more).toEqual([]);
  });
});

describe('WattTime', () => {
  const places = [
    { name: 'california', signal: { zone: 'CAISO_NORTH' } },
    { name: 'paris', signal: { zone: 'FR' } },
    { name: 'frankfurt', signal: { zone: 'DE' } },
  ];
  const ofRegion = (region: string, ...endpoints: string[]) => ({
    region,
    region_full_name: region,
    endpoints: endpoints.map((endpoint) => ({ endpoint, models: [{ model: '2023-03-01' }] })),
  });
  const accessServer = (signalType: string, ...own: unknown[]): Promise<CarbonServer> =>
    carbonServer((url, request, response) => {
      if (url.pathname === '/login') json(response, { token: 'canary-login' });
      else if (request.headers.authorization !== 'Bearer canary-login') json(response, {}, 401);
      else json(response, { signal_types: [{ signal_type: signalType, regions: own }] });
    });
  const signalsOf = ({ url }: CarbonServer) =>
    config({ name: 'watt', kind: 'wattTime', baseUrl: url, attempts: 1 });

  test('rights for one region of three: the others are named at once', async () => {
    const server = await accessServer(
      'co2_moer',
      ofRegion('CAISO_NORTH', 'v3/forecast', 'v3/historical'),
      ofRegion('FR', 'v3/historical', 'v3/forecast/historical'),
    );
    const asked = askAccess(places, signalsOf(server), surroundings());
    await expect(asked).rejects.toThrow(
      'paris (zone FR of watt): the account may not ask v3/forecast of it, but v3/historical, v3/forecast/historical',
    );
    await expect(asked).rejects.toThrow(
      'frankfurt (zone DE of watt): the account may not ask for co2_moer of it, but of CAISO_NORTH, FR',
    );
    await expect(asked).rejects.not.toThrow('california');
    expect(server.asked).toEqual(['/login', '/v3/my-access']);
  });

  test('another signal than the account has', async () => {
    const server = await accessServer('co2_aoer', ofRegion('CAISO_NORTH', 'v3/forecast'));
    await expect(askAccess(places.slice(0, 1), signalsOf(server), surroundings())).rejects.toThrow(
      'the account may not ask for co2_moer of any region, but for co2_aoer',
    );
  });

  test('a wrong password: all regions are named, and the password is not', async () => {
    const server = await carbonServer((_, __, response) => {
      json(response, { error: 'bad credentials' }, 401);
    });
    const asked = askAccess(places, signalsOf(server), surroundings());
    await expect(asked).rejects.toThrow(/california, paris, frankfurt: watt, .*\/login: status 401/);
    await expect(asked).rejects.not.toThrow('canary-password');
  });
});

test('sources without accounts are asked nothing', async () => {
  const server = await carbonServer((_, __, response) => {
    json(response, {});
  });
  const signals = config({ name: 'charts', kind: 'energyCharts', baseUrl: server.url });
  expect(await askAccess(regions, signals, surroundings())).toEqual([]);
  expect(server.asked).toEqual([]);
});
