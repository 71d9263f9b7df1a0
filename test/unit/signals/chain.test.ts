import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readSignals, type RegionSignal } from '../../../signals/readSignals';
import {
  carbonServer,
  cleanUp,
  config,
  forecastOf,
  hour,
  hourMs,
  json,
  latestOf,
  maps,
  minuteMs,
  surroundings,
  text,
  type CarbonServer,
  type TestSurroundings,
} from './carbonServer';

afterEach(cleanUp);

const regions = [{ name: 'here', signal: { zone: 'FR' } }];

/** A source whose value at each time is what the test says. */
async function mapsServer(place: TestSurroundings, grams: () => number): Promise<CarbonServer> {
  return carbonServer(
    (_url, _request, response) => {
      json(response, latestOf('FR', grams(), hour(0, place.nowMs())));
    },
    () => place.nowMs(),
  );
}
const dead: CarbonServer['answer'] = (_url, _request, response) => {
  text(response, '', 500);
};
const described = ([read]: RegionSignal[]) => {
  const signal = read?.signal;
  return signal && 'from' in signal
    ? [signal.from, signal.value.gramsPerKwh, signal.ageSeconds / 60]
    : signal?.missing;
};

test('a source that dies: last known within its age, then missing, and the plan stays', async () => {
  const place = surroundings();
  const server = await mapsServer(place, () => 42);
  const read = async () => readSignals(regions, maps(server.url), place);
  expect(described(await read())).toEqual(['source', 42, 0]);
  server.answer = dead;
  place.later(10 * minuteMs);
  // The hour is not over, and its value was had: nobody is asked.
  expect(described(await read())).toEqual(['source', 42, 0]);
  expect(server.asked).toHaveLength(1);
  place.later(hourMs);
  const known = await read();
  expect(described(known)).toEqual(['lastKnown', 42, 30]);
  expect(known[0]?.faults).toMatchObject([{ kind: 'server error' }]);
  place.later(5.5 * hourMs);
  expect(described(await read())).toEqual(['lastKnown', 42, 360]);
  place.later(minuteMs);
  const gone = await read();
  expect(described(gone)).toBe(
    'no value of the zone FR from maps, none known within 360 min, no forecast, and no 3 days to make a mean of; the plan in force stays',
  );
  expect(gone[0]?.faults.map(({ kind }) => kind)).toEqual(['server error', 'stale', 'server error']);
});

test('a value that is over for too long is stale, though the source still gives it', async () => {
  const place = surroundings();
  const server = await carbonServer((url, _request, response) => {
    if (url.pathname.endsWith('latest')) json(response, latestOf('FR', 42, hour(-4)));
    else json(response, { error: 'no forecast' }, 404);
  });
  const read = await readSignals(regions, maps(server.url), place);
  expect(described(read)).toEqual(['lastKnown', 42, 200]);
  expect(read[0]?.faults[0]?.kind).toBe('stale');
  expect(read[0]?.faults[0]?.message).toContain('over for 200 min, fresh for 120');
});

test('a forecast that was had before still stands in when the source is dead', async () => {
  const place = surroundings();
  const server = await carbonServer(
    (url, _request, response) => {
      json(
        response,
        url.pathname.endsWith('latest') ? latestOf('FR', 0) : forecastOf('FR', [50, 51, 52, 53]),
      );
    },
    () => place.nowMs(),
  );
  const read = async () => readSignals(regions, maps(server.url), place);
  expect(described(await read())).toEqual(['forecast', 50, 0]);
  server.answer = dead;
  place.later(2 * hourMs);
  expect(described(await read())).toEqual(['forecast', 52, 0]);
  place.later(2 * hourMs);
  expect(described(await read())).toContain('the plan in force stays');
});

test("without a forecast, the zone's own mean at this hour, once it has three days", async () => {
  const place = surroundings();
  let grams = 100;
  const server = await mapsServer(place, () => grams);
  const read = async () => readSignals(regions, maps(server.url), place);
  for (grams of [100, 110, 120]) {
    await read();
    place.later(24 * hourMs);
  }
  server.answer = dead;
  const mean = await read();
  expect(described(mean)).toEqual(['mean', 110, 0]);
  expect(mean[0]?.signal).toMatchObject({ value: { tense: 'mean', basis: 'estimated' } });
  place.later(3 * hourMs);
  expect(described(await read())).toContain('the plan in force stays');
});

test('what is stuck ages like what is not there', async () => {
  const place = surroundings();
  const server = await mapsServer(place, () => 60);
  const read = async () => readSignals(regions, maps(server.url), place);
  for (let index = 0; index < 11; index++) {
    expect(described(await read())).toEqual(['source', 60, 0]);
    place.later(hourMs);
  }
  const stuck = await read();
  expect(described(stuck)).toEqual(['lastKnown', 60, 20]);
  expect(stuck[0]?.faults[0]).toMatchObject({ kind: 'stuck' });
  place.later(7 * hourMs);
  expect(described(await read())).toContain('the plan in force stays');
});

test('a file of kept values that was torn is as good as none', async () => {
  const place = surroundings();
  const server = await mapsServer(place, () => 42);
  await readSignals(regions, maps(server.url), place);
  const [file = ''] = readdirSync(place.folder);
  expect(file).toMatch(/^FR-[0-9a-f]{12}\.json$/);
  writeFileSync(path.join(place.folder, file), '{"version":1,"lat');
  expect(described(await readSignals(regions, maps(server.url), place))).toEqual(['source', 42, 0]);
  expect(server.asked).toHaveLength(2);
});

test('values of a source that is set up in another way are not taken for its own', async () => {
  const place = surroundings();
  const server = await mapsServer(place, () => 42);
  await readSignals(regions, maps(server.url), place);
  server.answer = dead;
  const direct = config({
    name: 'maps',
    kind: 'electricityMaps',
    baseUrl: server.url,
    attempts: 1,
    factors: 'direct',
  });
  expect(described(await readSignals(regions, direct, place))).toContain('the plan in force stays');
});

test("the provider's own lifetime is kept to", async () => {
  const place = surroundings();
  const server = await carbonServer(
    (_url, _request, response) => {
      response.setHeader('cache-control', 'public, max-age=1800');
      json(response, latestOf('FR', 42, hour(-1)));
    },
    () => place.nowMs(),
  );
  for (let index = 0; index < 7; index++) {
    await readSignals(regions, maps(server.url), place);
    place.later(5 * minuteMs);
  }
  expect(server.asked).toHaveLength(2);
});

test('a folder that cannot be written is an error, and says what to set', async () => {
  const place = surroundings();
  const server = await mapsServer(place, () => 42);
  const file = path.join(place.folder, 'file');
  writeFileSync(file, '');
  await expect(readSignals(regions, maps(server.url), { ...place, folder: file })).rejects.toThrow(
    /cannot be written: (EEXIST|ENOTDIR).*CASPER_CACHE/,
  );
});
