import type { EngineEvent } from '@pulumi/pulumi/automation';
import { changesOf } from '../../../driver/engine/changes';
import { compare, parseQuota } from '../../../driver/verify/podCpu';

describe('compare', () => {
  const pod = (quotaMicros: number | null) => [{ name: 'pod', quotaMicros, periodMicros: 100_000 }];

  test('281m is 28,100 us of every 100,000', () => {
    expect(compare('r', 281, pod(28_100)).ok).toBe(true);
    expect(compare('r', 281, pod(28_000)).fault).toBe('pod may use 28000 of every 100000 us, expected 28100');
  });

  test('systemd’s rounding up to a whole percent is the same limit', () => {
    expect(compare('r', 281, pod(29_000)).ok).toBe(true);
    expect(compare('r', 281, pod(30_000)).ok).toBe(false);
  });

  test('kubelet’s smallest quota is that of 10m', () => {
    expect(compare('r', 1, pod(1000)).ok).toBe(true);
  });

  test('no limit, no pod and a pod too many are faults', () => {
    expect(compare('r', 281, pod(null)).fault).toContain('no CPU limit');
    expect(compare('r', 281, []).fault).toBe('0 ready pods, expected 1');
    expect(compare('r', 0, pod(1000)).fault).toBe('1 ready pods, expected 0');
    expect(compare('r', 0, []).ok).toBe(true);
  });
});

test('both versions of cgroups are read, and anything else is refused', () => {
  expect(parseQuota('28100 100000\n', 'p')).toEqual({ quotaMicros: 28_100, periodMicros: 100_000 });
  expect(parseQuota('28100\n100000\n', 'p')).toEqual({ quotaMicros: 28_100, periodMicros: 100_000 });
  expect(parseQuota('max 100000\n', 'p').quotaMicros).toBeNull();
  expect(parseQuota('-1\n100000\n', 'p').quotaMicros).toBeNull();
  for (const text of ['', '28100', 'abc 100000', '28100 0', '1 2 3']) {
    expect(() => parseQuota(text, 'pod-1: cat failed')).toThrow(/pod pod-1: cat failed/);
  }
});

describe('changesOf', () => {
  const event = (op: string, type: string, inputs?: object): EngineEvent =>
    ({
      resourcePreEvent: {
        metadata: {
          op,
          type,
          urn: `urn:pulumi:dev::casper::casper:index:KiwixRegion$${type}::us-east-1`,
          old: { inputs: { spec: { containers: [{ cpu: '281m' }] } } },
          new: { inputs },
          detailedDiff: inputs ? { 'spec.containers[0].cpu': { kind: 'update' } } : undefined,
        },
      },
    }) as unknown as EngineEvent;

  test('names the resource and the old and new value of each property', () => {
    expect(
      changesOf([
        event('update', 'kubernetes:apps/v1:Deployment', { spec: { containers: [{ cpu: '301m' }] } }),
      ]),
    ).toMatchObject([
      {
        operation: 'update',
        resource: 'Deployment us-east-1',
        properties: [{ path: 'spec.containers[0].cpu', before: '281m', after: '301m' }],
      },
    ]);
  });

  test('what stays the same, what is only read and what has no state of its own is no change', () => {
    expect(
      changesOf([
        event('same', 'kubernetes:apps/v1:Deployment'),
        event('read', 'pulumi:pulumi:StackReference'),
        event('create', 'casper:index:KiwixRegion'),
        { sequence: 1, timestamp: 1 },
      ]),
    ).toEqual([]);
  });
});
