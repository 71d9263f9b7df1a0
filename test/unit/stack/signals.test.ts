import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseDocument } from 'yaml';
import { casperValues, parseStackConfig } from '../../../stack/stackConfig';

const committed = readFileSync(path.join(__dirname, '../../../Pulumi.dev.yaml'), 'utf8');
const canary = 'canary-5f21';

/** The committed baseline with a casper:signals, and each region in its cloud. */
function baseline(signals?: unknown, region: Record<string, unknown> = {}) {
  const { config } = parseDocument(committed).toJS() as { config: Record<string, unknown> };
  const values = casperValues(config);
  const regions = (values['regions'] as { name: string }[]).map(({ name }, index) => ({
    name,
    ...(index === 0 ? region : { cloud: { provider: 'aws', region: name } }),
  }));
  return parseStackConfig(
    { ...values, regions, ...(signals !== undefined && { signals }) },
    'Pulumi.dev.yaml',
  );
}
const maps = { name: 'maps', kind: 'electricityMaps' };
const byHand = { signal: { zone: 'AU-NSW' } };

test('a stack file without casper:signals has none', () => {
  expect(baseline().signals).toBeUndefined();
});

test('what is left out has the providers’ own addresses, and names of variables', () => {
  const { signals } = baseline({ sources: [maps, { name: 'wt', kind: 'wattTime' }] }, byHand);
  expect(signals).toMatchObject({
    freshMinutes: 120,
    lastKnownMinutes: 360,
    sources: [
      {
        baseUrl: 'https://api.electricitymaps.com',
        version: 'v4',
        tokenVariable: 'ELECTRICITY_MAPS_TOKEN',
        factors: 'lifeCycle',
        flowTraced: true,
        timeoutSeconds: 10,
        attempts: 3,
      },
      { userVariable: 'WATTTIME_USER', passwordVariable: 'WATTTIME_PASSWORD', signal: 'marginal' },
    ],
  });
});

test('a recording needs no cloud or zone: its columns are called like the regions', () => {
  const tape = { name: 'tape', kind: 'recorded', folder: 'x', signal: 'average', factors: 'direct' };
  const { signals } = baseline({ sources: [tape] }, {});
  expect(signals?.sources).toEqual([{ ...tape, flowTraced: false }]);
});

test.each<[string, unknown, Record<string, unknown>, string]>([
  [
    'a recording without a folder',
    { sources: [{ name: 'tape', kind: 'recorded', signal: 'average', factors: 'direct' }] },
    {},
    'casper:signals.sources.0.folder: ',
  ],
  [
    'a recording that does not say what its figures are',
    { sources: [{ name: 'tape', kind: 'recorded', folder: 'x' }] },
    {},
    'casper:signals.sources.0.signal: ',
  ],
  ['a PUE below 1', { sources: [maps] }, { ...byHand, pue: 0.9 }, 'casper:regions.0.pue: '],
  ['a PUE in percent', { sources: [maps] }, { ...byHand, pue: 120 }, 'casper:regions.0.pue: '],
  ['a PUE as text', { sources: [maps] }, { ...byHand, pue: '1.2' }, 'casper:regions.0.pue: '],
  ['no source', { sources: [] }, byHand, 'casper:signals.sources: '],
  ['an unknown kind', { sources: [{ name: 'x', kind: 'tea' }] }, byHand, 'casper:signals.sources.0.kind: '],
  ['one name twice', { sources: [maps, maps] }, byHand, 'the name maps stands there twice'],
  [
    'a region nobody knows the place of',
    { sources: [maps] },
    {},
    'casper:regions.ap-southeast-2: neither cloud nor signal.zone',
  ],
  [
    'an unknown source',
    { sources: [maps] },
    { signal: { source: 'tea', zone: 'AU-NSW' } },
    'signal.source: tea is not in casper:signals (known sources: maps)',
  ],
  ['a source without signals', undefined, { signal: { source: 'tea' } }, 'there is no casper:signals'],
  [
    'a zone that is a path',
    { sources: [maps] },
    { signal: { zone: '../x' } },
    'casper:regions.0.signal.zone: expected letters, digits',
  ],
  [
    'a Carbon Aware SDK without its method',
    { sources: [{ name: 'sdk', kind: 'carbonAwareSdk', baseUrl: 'http://localhost:1' }] },
    byHand,
    'casper:signals.sources.0.signal: ',
  ],
  [
    'an address of another protocol',
    { sources: [{ ...maps, baseUrl: 'file:///etc' }] },
    byHand,
    'casper:signals.sources.0.baseUrl: expected an address that begins with https:// or http://',
  ],
])('refuses %s, naming it', (_what, signals, region, message) => {
  expect(() => baseline(signals, region)).toThrow(message);
});

test.each([
  [
    'instead of a variable',
    { ...maps, tokenVariable: canary },
    'casper:signals.sources.maps.tokenVariable: expected the name',
  ],
  ['as a key of its own', { ...maps, token: canary }, 'Unrecognized key: "token"'],
  [
    'in an address',
    { ...maps, baseUrl: `https://a:${canary}@b.example` },
    'sources.maps.baseUrl: has a user, a password',
  ],
  [
    'in a parameter',
    { ...maps, baseUrl: `https://b.example/?key=${canary}` },
    'credentials come from the environment',
  ],
])('a credential %s is refused, and not shown', (_what, source, message) => {
  let said = '';
  try {
    baseline({ sources: [source] }, byHand);
  } catch (error) {
    said = String(error);
  }
  expect(said).toContain(message);
  expect(said).not.toContain(canary);
});
