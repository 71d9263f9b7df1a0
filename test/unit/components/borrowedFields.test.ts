import { loadYaml, type V1Deployment } from '@kubernetes/client-node';
import {
  formerFieldsOf,
  formerOwners,
  formerValues,
  setsReplicas,
  type ManagedFields,
} from '../../../components/borrowedDeployment/fields';

const ours = 'pulumi-casper-dev';
const cpuFields = (container = 'web', parts = ['limits', 'requests']): object => ({
  'f:template': {
    'f:spec': {
      'f:containers': {
        [`k:{"name":"${container}"}`]: {
          '.': {},
          'f:name': {},
          'f:resources': Object.fromEntries(parts.map((part) => [`f:${part}`, { 'f:cpu': {} }])),
        },
      },
    },
  },
});
const entry = (manager: string, spec: object, more: object = {}): ManagedFields => ({
  ...{ manager, operation: 'Update', apiVersion: 'apps/v1', fieldsType: 'FieldsV1' },
  fieldsV1: { 'f:spec': spec },
  ...more,
});

function deployment(
  managedFields: ManagedFields[],
  replicas = 3,
  resources: object = { limits: { cpu: '300m', memory: '1Gi' }, requests: { cpu: '20m' } },
): V1Deployment {
  const metadata = { resourceVersion: '7', managedFields };
  const template = { spec: { containers: [{ name: 'web', resources }] } };
  const spec = { replicas, selector: { matchLabels: { app: 'shop' } }, template };
  return loadYaml(JSON.stringify({ apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec }));
}

const helm = entry('helm', { 'f:replicas': {}, ...cpuFields() });
const before = deployment([helm]);
const former = formerFieldsOf(before, 'web');
const replicasOwner = { manager: 'helm', operation: 'Update' };

test('what a Deployment has is noted, with who has set it', () => {
  expect(former).toEqual({
    replicas: { value: 3, owner: replicasOwner },
    limit: { value: '300m', owner: replicasOwner },
    request: { value: '20m', owner: replicasOwner },
  });
  const scaled = deployment([
    entry('kubectl', { 'f:replicas': {} }, { subresource: 'scale' }),
    entry('argocd-controller', cpuFields('web', ['limits']), { operation: 'Apply' }),
  ]);
  expect(formerFieldsOf(scaled, 'web')).toEqual({
    replicas: { value: 3, owner: { manager: 'kubectl', operation: 'Update', subresource: 'scale' } },
    limit: { value: '300m', owner: { manager: 'argocd-controller', operation: 'Apply' } },
    request: { value: '20m' },
  });
  expect(formerFieldsOf(deployment([], 1, {}), 'web')).toEqual({
    replicas: { value: 1 },
    limit: {},
    request: {},
  });
  expect(setsReplicas(before, 'helm')).toBe(true);
  expect(setsReplicas(before, ours)).toBe(false);
});

/** Two pods of 101m by casper, which has taken these fields from helm. */
const patched = deployment(
  [
    entry('helm', { 'f:progressDeadlineSeconds': {} }),
    entry(
      ours,
      { 'f:replicas': {}, ...cpuFields() },
      {
        operation: 'Apply',
        fieldsV1: {
          'f:metadata': { 'f:annotations': { 'f:pulumi.com/patchForce': {}, 'f:theirs': {} } },
          'f:spec': { 'f:replicas': {}, ...cpuFields() },
        },
      },
    ),
  ],
  2,
  { limits: { cpu: '101m', memory: '1Gi' }, requests: { cpu: '91m' } },
);

const all = { managers: [ours], leaving: [ours] };

test('values are put back that the stack has set, and no others', () => {
  const resources = { limits: { cpu: '300m' }, requests: { cpu: '20m' } };
  const template = { spec: { containers: [{ name: 'web', resources }] } };
  expect(formerValues(patched, ours, 'web', former)).toEqual({ spec: { replicas: 3, template } });
  expect(formerValues(patched, ours, 'web', former, ['cpu'])).toEqual({ spec: { template } });
  // What had no CPU has none again.
  expect(formerValues(patched, ours, 'web', { ...former, limit: {}, request: {} })).toMatchObject({
    spec: {
      template: { spec: { containers: [{ resources: { limits: { cpu: null }, requests: { cpu: null } } }] } },
    },
  });
  const inPlace = deployment([helm, entry(ours, { 'f:replicas': {} })]);
  expect(formerValues(inPlace, ours, 'web', former)).toEqual({ spec: { replicas: 3 } });
  // Its owner has taken all of it back meanwhile.
  expect(formerValues(before, ours, 'web', former)).toBeNull();
});

test('fields are again of who had set them; no annotation and no manager names casper', () => {
  expect(formerOwners(patched, all, 'web', former)).toEqual({
    metadata: {
      resourceVersion: '7',
      annotations: { 'pulumi.com/patchForce': null },
      managedFields: [
        {
          ...{ manager: 'helm', operation: 'Update', apiVersion: 'apps/v1', fieldsType: 'FieldsV1' },
          fieldsV1: {
            'f:spec': {
              'f:progressDeadlineSeconds': {},
              'f:replicas': {},
              'f:template': {
                'f:spec': {
                  'f:containers': {
                    'k:{"name":"web"}': {
                      'f:resources': { 'f:limits': { 'f:cpu': {} }, 'f:requests': { 'f:cpu': {} } },
                    },
                  },
                },
              },
            },
          },
        },
      ],
    },
  });
  expect(formerOwners(before, all, 'web', former)).toBeNull();
});

test('an owner who had lost all its fields is there again; what nobody had set is nobody’s', () => {
  const byScale = {
    ...former,
    replicas: { value: 3, owner: { manager: 'kubectl', operation: 'Update', subresource: 'scale' } },
    limit: { value: '300m' },
    request: {},
  };
  const { metadata } = formerOwners(patched, all, 'web', byScale) as {
    metadata: { managedFields: object[] };
  };
  expect(metadata.managedFields).toEqual([
    entry('helm', { 'f:progressDeadlineSeconds': {} }),
    expect.objectContaining({
      ...{ manager: 'kubectl', operation: 'Update', subresource: 'scale', apiVersion: 'apps/v1' },
      fieldsV1: { 'f:spec': { 'f:replicas': {} } },
    }),
  ]);
});

test('of CPU alone, its owner has it beside the stack’s manager, which lets go of it next; replicas stay', () => {
  const some = { managers: [ours, 'giving'], leaving: ['giving'] };
  const { metadata } = formerOwners(patched, some, 'web', former, ['cpu']) as {
    metadata: { managedFields: ManagedFields[]; annotations: object };
  };
  expect(metadata.annotations).toEqual({});
  const [stack, owner] = metadata.managedFields;
  expect(stack).toEqual(patched.metadata?.managedFields?.[1]);
  expect(owner?.manager).toBe('helm');
  expect(JSON.stringify(owner?.fieldsV1)).toContain('f:cpu');
  expect(JSON.stringify(owner?.fieldsV1)).not.toContain('f:replicas');
  expect(formerOwners(before, some, 'web', former, ['cpu'])).toBeNull();
});
