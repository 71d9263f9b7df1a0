import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { ClusterError } from '../../../cluster/connection';
import { overrides } from '../../../driver/overrides';
import { casperValues, parseStackConfig, type StackConfig, type StackPlan } from '../../../stack/stackConfig';

const text = readFileSync(path.join(__dirname, '../../../Pulumi.dev.yaml'), 'utf8');
const values = casperValues((parse(text) as { config: Record<string, unknown> }).config);
const baseline = values['plan'] as StackPlan;

const withPlan = (change: Partial<StackPlan>, others: Record<string, unknown> = {}): StackConfig =>
  parseStackConfig({ ...values, ...others, plan: { ...baseline, ...change } }, 'dev');
const servers = (region: string, count: number, cpuMillicores = 10 * count + 1): StackPlan['regions'] => ({
  ...baseline.regions,
  [region]: { servers: count, cpuMillicores },
});
const none = Object.fromEntries(
  Object.keys(baseline.regions).map((region) => [region, { servers: 0, cpuMillicores: 0 }]),
);
const requestsPerSecond = { 'us-east-1': 200, 'us-east-2': 80 };

test.each<[string, Partial<StackPlan>, RegExp]>([
  ['nobody is served', { regions: none, weights: {} }, /no region has a server.*--force servesNobody/],
  [
    'an origin has no row',
    { weights: { ...baseline.weights, 'us-east-2': {} } },
    /weights\.us-east-2: missing or empty, so requests that come from there fail.*--force originWithoutRow/,
  ],
  [
    'servers have no CPU to speak of',
    { regions: servers('us-east-1', 100, 1) },
    /us-east-1\.cpuMillicores: 1, expected at least 1000 for 100 servers.*--force overCapacity/,
  ],
  [
    'the rows send more than is carried',
    { requestsPerSecond: { ...requestsPerSecond, 'us-west-1': 51 } },
    /us-west-1\.servers: 5 carry 50 requests\/s, the rows send 51 there; give it 6/,
  ],
  [
    'two origins together send more than is carried',
    { requestsPerSecond: { ...requestsPerSecond, 'us-east-2': 81 } },
    /us-east-1\.servers: 28 carry 280 requests\/s, the rows send 281 there; give it 29/,
  ],
])('refused, unless accepted by name: %s', (_what, change, message) => {
  expect(() => withPlan(change)).toThrow(message);
  const name = /--force (\w+)/.exec(message.source)?.[1] ?? 'overCapacity';
  expect(() => withPlan({ ...change, accepts: [name as 'overCapacity'] })).not.toThrow();
  const another = name === 'nodeCpu' ? 'overCapacity' : 'nodeCpu';
  expect(() => withPlan({ ...change, accepts: [another] })).toThrow(message);
});

test('what just fits is a plan; so is one that says nothing of rates, and a stack that serves nobody by what it is', () => {
  expect(() => withPlan({ requestsPerSecond })).not.toThrow();
  expect(() => withPlan({})).not.toThrow();
  expect(() => withPlan({ regions: none, weights: {} }, { scope: 'platform' })).not.toThrow();
});

describe('what is forced is told', () => {
  const short = (): Promise<void> => Promise.reject(new ClusterError('the nodes cannot hold this plan'));
  const fits = (): Promise<void> => Promise.resolve();

  test('fault by fault, in words', async () => {
    const config = withPlan({
      regions: servers('us-east-1', 100, 1),
      accepts: ['overCapacity', 'nodeCpu', 'servesNobody'],
    });
    expect(await overrides(config, short)).toEqual([
      expect.stringMatching(/^forced \(overCapacity\): .*1, expected at least 1000/),
      'forced (nodeCpu): the nodes cannot hold this plan',
    ]);
    expect(await overrides(withPlan({ accepts: ['overCapacity'] }), fits)).toEqual([]);
  });

  test('nodes without room are refused where nobody has accepted that, and so is a cluster that does not answer', async () => {
    await expect(overrides(withPlan({}), short)).rejects.toThrow(ClusterError);
    const broken = (): Promise<void> => Promise.reject(new Error('ECONNREFUSED'));
    await expect(overrides(withPlan({ accepts: ['nodeCpu'] }), broken)).rejects.toThrow('ECONNREFUSED');
  });
});
