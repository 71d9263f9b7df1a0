import type { EngineEvent } from '@pulumi/pulumi/automation';
import { changesOf, fallbacksOf, programWarnings, underWay } from '../../../../driver/engine/changes';

describe('changesOf', () => {
  const event = (op: string, type: string, inputs?: object, custom = true): EngineEvent =>
    ({
      resourcePreEvent: {
        metadata: {
          op,
          type,
          urn: `urn:pulumi:dev::casper::casper:index:KiwixRegion$${type}::us-east-1`,
          old: { custom, inputs: { spec: { containers: [{ cpu: '281m' }] } } },
          new: { custom, inputs },
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
        event('create', 'casper:index:KiwixRegion', undefined, false),
        { sequence: 1, timestamp: 1 },
      ]),
    ).toEqual([]);
  });
});

describe('fallbacksOf', () => {
  const done = (op: string, fallback: unknown): EngineEvent =>
    ({
      resOutputsEvent: {
        metadata: {
          ...{ op, type: 'pulumi-nodejs:casper:PodCpu' },
          urn: 'urn:pulumi:dev::casper::casper:index:KiwixRegion$pulumi-nodejs:casper:PodCpu::us-east-1',
          new: { custom: true, outputs: { limitMillicores: 281, fallback } },
        },
      },
    }) as unknown as EngineEvent;

  test('says which region’s pods were replaced, and why; an update before this one is no news', () => {
    expect(
      fallbacksOf([
        done('update', 'us-east-1 was not resized within 30 s; the pods were replaced'),
        done('same', 'long ago'),
        done('update', ''),
        { sequence: 1, timestamp: 1 },
      ]),
    ).toEqual(['us-east-1 was not resized within 30 s; the pods were replaced']);
  });
});

test('the program’s own warnings are notes, once and without colours; a resource’s are not', () => {
  const warning = (message: string, urn?: string, severity = 'warning'): EngineEvent =>
    ({ diagnosticEvent: { message, severity, ...(urn && { urn }) } }) as unknown as EngineEvent;
  const stack = 'urn:pulumi:dev::casper::pulumi:pulumi:Stack::casper-dev';
  expect(
    programWarnings([
      warning('<{%fg 3%}>the order goes by the outputs<{%reset%}>\n', stack),
      warning('the order goes by the outputs'),
      warning('deprecated', 'urn:pulumi:dev::casper::kubernetes:core/v1:Service::a'),
      warning('something else', stack, 'info'),
      warning('using pulumi-resource-kubernetes from $PATH at /usr/bin/pulumi-resource-kubernetes'),
    ]),
  ).toEqual(['the order goes by the outputs']);
});

test('what was begun and not finished is under way, in its order; components and providers are nobody’s wait', () => {
  const step = (name: string, type: string, custom = true) => ({
    metadata: { op: 'create', type, urn: `urn:pulumi:dev::casper::${type}::${name}`, new: { custom } },
  });
  const command = 'command:remote:Command';
  const begun = ['one', 'two', 'three', 'four'].map((name) => ({ resourcePreEvent: step(name, command) }));
  const events = [
    ...begun,
    { resourcePreEvent: step('region', 'casper:index:Region', false) },
    { resourcePreEvent: step('default', 'pulumi:providers:kubernetes') },
    { resOutputsEvent: step('one', command) },
    { resOpFailedEvent: step('three', command) },
  ] as unknown as EngineEvent[];
  expect(underWay(events)).toEqual(['Command two', 'Command four']);
});
