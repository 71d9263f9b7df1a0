import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseDocument } from 'yaml';
import { failureDomainOf } from '../../../stack/failureDomain';
import { casperValues, parseStackConfig, type StackPlan } from '../../../stack/stackConfig';

const committed = readFileSync(path.join(__dirname, '../../../Pulumi.dev.yaml'), 'utf8');

/** The committed baseline, whose plan sends us-east-2's requests to us-east-1, with some of its plan changed. */
function baseline(change: Partial<StackPlan> = {}, keys: Record<string, unknown> = {}) {
  const { config } = parseDocument(committed).toJS() as { config: Record<string, unknown> };
  const values = casperValues(config);
  const plan = { ...(values['plan'] as StackPlan), ...change };
  return parseStackConfig({ ...values, plan, ...keys }, 'Pulumi.dev.yaml');
}
const backup = (row: Record<string, number>): Partial<StackPlan> => ({
  backup: { 'us-east-2': { 'us-east-1': row } },
});

test('a stack file that says nothing holds backups by limit, and has none yet', () => {
  const { resilience, plan } = baseline();
  expect(resilience).toEqual({ heldReady: 'limit', healthCheckSeconds: 1, healthCheckTimeoutMs: 2000 });
  expect([plan.backup, plan.without]).toEqual([undefined, undefined]);
});

test('what stands by is part of what a region may have, and lets a region without servers stand in', () => {
  const { regions } = baseline().plan;
  const standing = { ...regions, 'us-east-2': { servers: 0, cpuMillicores: 0, standbyMillicores: 281 } };
  const rows = { backup: { 'us-east-1': { 'us-east-1': { 'us-east-2': 1 } } } };
  expect(baseline({ regions: standing, ...rows }).plan.regions['us-east-2']).toEqual(standing['us-east-2']);
  expect(() =>
    baseline({
      regions: { ...regions, 'us-east-1': { servers: 28, cpuMillicores: 281, standbyMillicores: 800 } },
    }),
  ).toThrow(/us-east-1\.cpuMillicores: 1081 with standbyMillicores, expected at most 1001/);
});

test.each<[string, Partial<StackPlan>, RegExp]>([
  [
    'a backup of an unknown region',
    backup({ atlantis: 1 }),
    /casper:plan\.backup\.us-east-2\.us-east-1\.atlantis: not in casper:regions/,
  ],
  ['a backup by the lost region itself', backup({ 'us-east-1': 1 }), /us-east-1 cannot stand in for itself/],
  [
    'a backup in which no pod runs',
    backup({ 'eu-central-1': 1 }),
    /\.eu-central-1: no pod runs there; give casper:plan\.regions\.eu-central-1 standbyMillicores/,
  ],
  [
    'a backup of what gets nothing',
    { backup: { 'us-east-2': { 'us-west-1': { 'us-east-1': 1 } } } },
    /casper:plan\.weights\.us-east-2 sends nothing to us-west-1; remove the row/,
  ],
  [
    'an unknown region that is left out',
    { without: ['atlantis'] },
    /casper:plan\.without: atlantis is not in/,
  ],
  [
    'a region that is left out and gets requests',
    { without: ['us-east-1'] },
    /casper:plan\.without: us-east-1 is left out, but weights name it/,
  ],
])('refuses %s, naming it', (_what, change, message) => {
  expect(() => baseline(change)).toThrow(message);
});

test('refuses a level and a share that there are not', () => {
  expect(() => baseline({}, { resilience: { heldReady: 'all' } })).toThrow(/casper:resilience\.heldReady: /);
  expect(() => baseline({}, { resilience: { maxSharePercent: 0 } })).toThrow(
    /casper:resilience\.maxSharePercent: .*\(it is 0\)/,
  );
});

test('regions are lost alone, or together with those of their failure domain', () => {
  const regions = [{ name: 'a', failureDomain: 'x' }, { name: 'b' }];
  expect(failureDomainOf({ regions }, 'a')).toBe('x');
  expect(failureDomainOf({ regions }, 'b')).toBe('b');
});
