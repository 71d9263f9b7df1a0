import { pendingCreates } from '../../../../driver/engine/pendingOperations';

const state = (...operations: [string, string][]): object => ({
  version: 3,
  deployment: {
    pending_operations: operations.map(([type, resource]) => ({
      type,
      resource: { urn: `urn:pulumi:dev::casper::${resource}::it`, type: resource, custom: true },
    })),
  },
});

test('only what was being made is unknown: changes and deletions are done again', () => {
  const all = state(
    ['updating', 'aws:ec2/instance:Instance'],
    ['deleting', 'aws:ec2/instance:Instance'],
    ['creating', 'aws:ec2/instance:Instance'],
  );
  expect(pendingCreates(all)).toEqual([
    { urn: 'urn:pulumi:dev::casper::aws:ec2/instance:Instance::it', mayBeMadeAgain: false },
  ]);
});

test.each([
  ['command:local:Command', true],
  ['command:remote:Command', true],
  ['kubernetes:apps/v1:Deployment', true],
  ['casper:index:PodCpu', true],
  ['kubernetes:helm.sh/v3:Release', false],
  ['random:index/randomId:RandomId', false],
])('%s may be made again: %s', (type, mayBeMadeAgain) => {
  expect(pendingCreates(state(['creating', type]))).toMatchObject([{ mayBeMadeAgain }]);
});

test.each([{ deployment: {} }, { deployment: { pending_operations: null } }, state()])(
  'a state without any',
  (exported) => {
    expect(pendingCreates(exported)).toEqual([]);
  },
);

test('what is no state of Pulumi is refused', () => {
  expect(() => pendingCreates({ deployment: { pending_operations: [{ type: 'creating' }] } })).toThrow(
    /resource/,
  );
});
