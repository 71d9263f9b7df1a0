import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseDocument } from 'yaml';
import { casperValues, parseProgramConfig, parseStackConfig } from '../../../config';

const committed = readFileSync(path.join(__dirname, '../../../Pulumi.dev.yaml'), 'utf8');

/** The committed baseline with one value put in place of another, or taken away. */
function baselineWith(at?: (string | number)[], value?: unknown): Record<string, unknown> {
  const document = parseDocument(committed);
  if (at && value === undefined) document.deleteIn(['config', ...at]);
  else if (at) document.setIn(['config', ...at], document.createNode(value));
  return casperValues((document.toJS() as { config: Record<string, unknown> }).config);
}

test('the committed baseline is accepted, and defaults are the reference’s', () => {
  const { capacity, plan } = parseStackConfig(baselineWith(['casper:capacity']), 'Pulumi.dev.yaml');
  expect(capacity).toEqual({
    requestsPerServer: 10,
    cpuMillicoresPerServer: 10,
    epsilonMillicores: 1,
    requestPercent: 90,
    maxServersPerRegion: 100,
  });
  expect(plan.regions['us-east-1']).toEqual({ servers: 28, cpuMillicores: 281 });
});

test('the program reads the same config from the JSON text that Pulumi hands it', () => {
  const values = baselineWith();
  const handed = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [`casper:${key}`, JSON.stringify(value)]),
  );
  expect(parseProgramConfig({ ...handed, 'other:key': 'x' }, 'dev')).toEqual(parseStackConfig(values, 'dev'));
  expect(() => parseProgramConfig({ ...handed, 'casper:plan': 'not json' }, 'dev')).toThrow(
    /stack dev.*casper:plan: .*"not json"/s,
  );
});

test('an unquoted interval means the same in the form that Pulumi makes of it', () => {
  const values = baselineWith(['casper:plan', 'interval'], '2022-08-13 00:00:00 +0000 UTC');
  expect(parseStackConfig(values, 'dev').plan.interval).toBe('2022-08-13T00:00:00Z');
});

const plan = 'casper:plan';
const remove = undefined;

test.each<[string, (string | number)[], unknown, RegExp]>([
  ['a misspelt top key', ['casper:capcity'], {}, /dev\.yaml cannot be used.*Unrecognized key: "capcity"/s],
  [
    'a misspelt inner key',
    ['casper:capacity', 'requestPercentage'],
    90,
    /casper:capacity: Unrecognized key: "requestPercentage"/,
  ],
  [
    'a weight for an unknown region',
    [plan, 'weights', 'us-east-1', 'atlantis'],
    1,
    /casper:plan\.weights\.us-east-1\.atlantis: not in casper:regions \(known regions: ap-southeast-2,.*correct the name/,
  ],
  [
    'a row for an unknown origin',
    [plan, 'weights', 'atlantis'],
    { 'us-east-1': 1 },
    /casper:plan\.weights\.atlantis: not in casper:regions/,
  ],
  [
    'a weight to a region without servers',
    [plan, 'weights', 'us-east-2'],
    { 'us-east-2': 1 },
    /weights\.us-east-2\.us-east-2: sends requests to a region without servers/,
  ],
  [
    'a weight of zero',
    [plan, 'weights', 'us-east-2'],
    { 'us-east-1': 0 },
    /weights\.us-east-2\.us-east-1: .*\(it is 0\)/,
  ],
  [
    'a region without a plan',
    [plan, 'regions', 'us-west-1'],
    remove,
    /casper:plan\.regions: us-west-1 is missing/,
  ],
  [
    'a plan for an unknown region',
    [plan, 'regions', 'atlantis'],
    { servers: 1, cpuMillicores: 11 },
    /casper:plan\.regions\.atlantis: not in casper:regions/,
  ],
  [
    'a region given twice',
    ['casper:regions', 6],
    { name: 'us-east-1' },
    /casper:regions: us-east-1 stands there twice/,
  ],
  [
    'millicores as text',
    [plan, 'regions', 'us-east-1', 'cpuMillicores'],
    '281m',
    /regions\.us-east-1\.cpuMillicores: .*expected.*\(it is "281m"\)/,
  ],
  [
    'a fraction of a server',
    [plan, 'regions', 'us-east-1', 'servers'],
    2.5,
    /regions\.us-east-1\.servers: .*\(it is 2\.5\)/,
  ],
  [
    'more servers than a region may have',
    [plan, 'regions', 'us-east-1', 'servers'],
    101,
    /servers: 101, expected at most casper:capacity\.maxServersPerRegion, 100/,
  ],
  [
    'servers without CPU',
    [plan, 'regions', 'us-east-1', 'cpuMillicores'],
    0,
    /cpuMillicores: 0 with 28 servers/,
  ],
  [
    'a region name that Kubernetes cannot take',
    ['casper:regions', 0, 'name'],
    'US_East',
    /casper:regions\.0\.name: expected lower-case/,
  ],
  [
    'an interval that is no time',
    [plan, 'interval'],
    'yesterday',
    /casper:plan\.interval: expected an ISO 8601 time.*"yesterday"/,
  ],
  ['no cluster', ['casper:cluster'], remove, /casper:cluster: .*expected/],
])('refuses %s, naming it', (_what, at, value, message) => {
  expect(() => parseStackConfig(baselineWith(at, value), 'Pulumi.dev.yaml')).toThrow(message);
});
