import path from 'node:path';
import { calibrationTarget, limitsToTry } from '../../../calibrate/calibrationTarget';
import { CalibrationError } from '../../../calibrate/calibrationError';
import type { StackConfig } from '../../../stack/stackConfig';
import { readStackFile } from '../../../stack/stackFile';
import { existingConfig } from '../stack/existing';

/** The baseline, whose us-west-1 serves itself, with addresses for all. */
const baseline = readStackFile(path.join(__dirname, '../../../Pulumi.dev.yaml'));
const config: StackConfig = {
  ...baseline,
  regions: baseline.regions.map((region, index) => ({
    ...region,
    loadBalancer: { address: '192.0.2.1', port: 8081 + index },
  })),
};
/** The same with us-west-1 serving nobody. */
const idle: StackConfig = {
  ...config,
  plan: { ...config.plan, weights: { ...config.plan.weights, 'us-west-1': { 'eu-west-3': 1 } } },
};

test('a region that serves nobody: where it answers, and what it has by the plan', () => {
  expect(calibrationTarget(idle, 'us-west-1', false)).toMatchObject({
    ...{ region: 'us-west-1', address: 'http://192.0.2.1:8086', namespace: 'casper', pods: 1 },
    ...{ limitMillicores: 51, requestMillicores: 46, cluster: { context: 'casper-lab' } },
  });
});

test('what stands by counts into the limit, and not into the request', () => {
  const standby: StackConfig = {
    ...idle,
    plan: {
      ...idle.plan,
      regions: {
        ...idle.plan.regions,
        'us-west-1': { servers: 5, cpuMillicores: 51, standbyMillicores: 200 },
      },
    },
  };
  expect(calibrationTarget(standby, 'us-west-1', false)).toMatchObject({
    limitMillicores: 251,
    requestMillicores: 46,
  });
});

const refusals: [string, StackConfig, string, string][] = [
  [
    'an unknown region',
    config,
    'mars',
    'mars: no such region in casper:regions; there are ap-southeast-2, eu-central-1, eu-west-3, us-east-1, us-east-2, us-west-1',
  ],
  [
    'a Deployment of somebody else’s',
    existingConfig(),
    'paris',
    'paris is a Deployment that this stack only patches',
  ],
  ['a region without pods', config, 'us-east-2', 'us-east-2 has no pods by casper:plan'],
  ['a region without an address', baseline, 'us-west-1', 'us-west-1 has no loadBalancer in casper:regions'],
  [
    'a region that serves others',
    config,
    'us-east-1',
    'us-east-1 serves us-east-1, us-east-2, who would wait or go elsewhere',
  ],
  [
    'a region that stands by for others',
    {
      ...idle,
      plan: { ...idle.plan, backup: { 'eu-central-1': { 'eu-west-3': { 'us-west-1': 1 } } } },
    },
    'us-west-1',
    'us-west-1 is the backup of eu-central-1, who would wait',
  ],
];
test.each(refusals)('%s is refused', (_, stack, region, message) => {
  const ask = (): unknown => calibrationTarget(stack, region, false);
  expect(ask).toThrow(CalibrationError);
  expect(ask).toThrow(message);
});

test('a region that serves somebody may be disturbed where that is asked for', () => {
  expect(calibrationTarget(config, 'us-east-1', true).region).toBe('us-east-1');
  expect(() => calibrationTarget(config, 'us-east-2', true)).toThrow('has no pods');
});

describe('limits', () => {
  const target = calibrationTarget(idle, 'us-west-1', false);

  test('are shares of a full region where none are named', () => {
    expect(limitsToTry(undefined, target)).toEqual([100, 200, 400]);
  });

  test('are tried from the smallest, each once', () => {
    expect(limitsToTry([400, 50, 100, 50], target)).toEqual([50, 100, 400]);
    expect(limitsToTry([10, 11, 1001], target)).toEqual([10, 11, 1001]);
  });

  test('above what its pod may have, or below what the kernel knows, are refused', () => {
    expect(() => limitsToTry([100, 200, 1002], target)).toThrow(
      '--cpu 1002: expected 10 to 1001 millicores for us-west-1',
    );
    expect(() => limitsToTry([9, 200, 400], target)).toThrow('--cpu 9: expected 10 to 1001');
  });

  test('that epsilon swallows are refused', () => {
    const wide = { ...target, capacity: { ...target.capacity, epsilonMillicores: 60 } };
    expect(() => limitsToTry([60, 100, 200], wide)).toThrow(
      '--cpu 60: expected 61 to 1060 millicores for us-west-1: more than epsilonMillicores (60)',
    );
  });

  test('of several pods are those of all of them', () => {
    const pods = { ...target, pods: 3, capacity: { ...target.capacity, serversPerPod: 20 } };
    expect(() => limitsToTry([29, 100, 200], pods)).toThrow('--cpu 29: expected 30 to 603 millicores');
    expect(() => limitsToTry([30, 100, 604], pods)).toThrow('its 3 pods may have');
  });

  test('that are two, or one twice, are too few for a line', () => {
    expect(() => limitsToTry([100, 200, 100], target)).toThrow('--cpu 100,200: a line');
  });
});
