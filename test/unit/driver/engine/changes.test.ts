import type { EngineEvent } from '@pulumi/pulumi/automation';
import { changesOf } from '../../../../driver/engine/changes';

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
