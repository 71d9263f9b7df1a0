import { changedBehindTheStack, foreignFields } from '../../../driver/foreignFields';
import { stopServers } from '../loopbackServer';
import { answerJson, fakeCluster } from './fakeCluster';

afterEach(stopServers);

const ours = { service: { namespace: 'casper' }, regions: [] };

/** As after `kubectl scale --replicas=0`, `kubectl set image` and `kubectl rollout restart`. */
const deployment = {
  metadata: {
    name: 'kiwix-east',
    labels: { 'app.kubernetes.io/instance': 'east' },
    managedFields: [
      {
        ...{ manager: 'pulumi-kubernetes-1a2b3c4d', operation: 'Apply', fieldsType: 'FieldsV1' },
        fieldsV1: { 'f:spec': { 'f:progressDeadlineSeconds': {} } },
      },
      {
        ...{ manager: 'kubectl', operation: 'Update', subresource: 'scale' },
        fieldsV1: { 'f:spec': { 'f:replicas': {} } },
      },
      {
        ...{ manager: 'kubectl-set', operation: 'Update' },
        fieldsV1: {
          'f:spec': {
            'f:template': {
              'f:spec': { 'f:containers': { 'k:{"name":"kiwix-serve"}': { '.': {}, 'f:image': {} } } },
            },
          },
        },
      },
      {
        ...{ manager: 'kubectl-rollout', operation: 'Update' },
        fieldsV1: {
          'f:spec': { 'f:template': { 'f:metadata': { 'f:annotations': { '.': {}, 'f:restartedAt': {} } } } },
        },
      },
      {
        ...{ manager: 'kube-controller-manager', operation: 'Update', subresource: 'status' },
        fieldsV1: { 'f:status': { 'f:replicas': {} } },
      },
    ],
  },
  spec: {
    replicas: 0,
    template: {
      metadata: { annotations: { restartedAt: 'now' } },
      spec: {
        containers: [
          { name: 'sidecar', image: 's' },
          { name: 'kiwix-serve', image: 'theirs' },
        ],
      },
    },
  },
};
const stateOf = (replicas: number) => ({
  resources: [
    { type: 'pulumi:pulumi:Stack' },
    {
      type: 'kubernetes:apps/v1:Deployment',
      inputs: { metadata: { name: 'kiwix-west' }, spec: { replicas: 7 } },
    },
    {
      type: 'kubernetes:apps/v1:Deployment',
      inputs: {
        metadata: { name: 'kiwix-east' },
        spec: { replicas, template: { spec: { containers: [{ name: 'kiwix-serve', image: 'ours' }] } } },
      },
    },
  ],
});

test('fields that somebody else has set are found, and those said that the stack had set otherwise', async () => {
  const kubeConfig = await fakeCluster((response, { url = '' }) => {
    answerJson(response, { items: url.includes('/deployments?') ? [deployment] : [] });
  });
  const foreign = await foreignFields(kubeConfig, ours);
  expect(foreign.map(({ manager, value }) => [manager, value])).toEqual([
    ['kubectl', 0],
    ['kubectl-set', 'theirs'],
    ['kubectl-rollout', 'now'],
  ]);
  const scaled = 'was changed by kubectl: Deployment kiwix-east spec.replicas, 0 instead of 1 (overwritten)';
  const image =
    'was changed by kubectl-set: Deployment kiwix-east spec.template.spec.containers{"name":"kiwix-serve"}.image, "theirs" instead of "ours" (overwritten)';
  expect(changedBehindTheStack(foreign, stateOf(1))).toEqual([scaled, image]);
  // Scaled down and up again.
  expect(changedBehindTheStack(foreign, stateOf(0))).toEqual([image]);
  expect(changedBehindTheStack(foreign, { resources: [] })).toEqual([]);
});

test('an API server that says nothing is not waited for', async () => {
  expect(await foreignFields(await fakeCluster(() => undefined), ours, 200)).toEqual([]);
});
