import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readRegions } from '../../../traces/readRegions';

const folder = mkdtempSync(path.join(tmpdir(), 'casper-regions-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function read(text: string) {
  const file = path.join(folder, 'regions.csv');
  writeFileSync(file, text);
  return readRegions(file, ['north', 'south']);
}

test('what is said of a region, and nothing where nothing is', () => {
  const rows =
    read(`region,servers,idle_watts,dynamic_watts,pue,embodied_grams_per_hour,price_per_hour,destinations
north,12,80,120,1.15,20.5,0.05,north south
south,,,,,,,south
`);
  expect([...rows]).toEqual([
    [
      'north',
      {
        maxServers: 12,
        idleWatts: 80,
        dynamicWatts: 120,
        pue: 1.15,
        embodiedGramsPerServerHour: 20.5,
        pricePerServerHour: 0.05,
        destinations: ['north', 'south'],
      },
    ],
    ['south', { destinations: ['south'] }],
  ]);
});

test.each([
  [
    'negative power',
    'region,idle_watts\nnorth,-5\n',
    /:2 column idle_watts: "-5", expected watts, 0 or more/,
  ],
  [
    'embodied carbon below 0',
    'region,embodied_grams_per_hour\nnorth,-1\n',
    /embodied_grams_per_hour: "-1", expected gCO2e a server-hour, 0 or more/,
  ],
  ['a PUE under 1', 'region,pue\nnorth,0.9\n', /column pue: "0.9", expected a PUE from 1 to 5/],
  ['half a server', 'region,servers\nnorth,2.5\n', /column servers: "2.5", expected a whole number/],
  ['a price that is no number', 'region,price_per_hour\nnorth,free\n', /column price_per_hour: "free"/],
  ['a server that carries nothing', 'region,requests_per_server\nnorth,0\n', /requests_per_server: "0"/],
  [
    'an unknown region',
    'region,servers\nwest,2\n',
    /"west" is no region of the trace, which has: north, south/,
  ],
  ['an unknown destination', 'region,destinations\nnorth,west\n', /column destinations: "west" is no region/],
  ['an unknown column', 'region,watts\nnorth,2\n', /column "watts" is not known; expected any of: region/],
  ['a region twice', 'region,servers\nnorth,2\nnorth,3\n', /:3 repeats north/],
  ['contradictory servers', 'region,servers,min_servers\nnorth,2,3\n', /min_servers 3 above servers 2/],
])('refuses %s, naming it', (_what, text, message) => {
  expect(() => read(text)).toThrow(message);
});
