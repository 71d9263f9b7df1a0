import { loadYaml, type V1Deployment } from '@kubernetes/client-node';
import { rolloutFault } from '../../../../driver/verify/rollouts';

const deployment = (generation: number, wanted: number, status: object): V1Deployment =>
  loadYaml(JSON.stringify({ metadata: { generation }, spec: { replicas: wanted }, status }));

test.each<[string, V1Deployment, string | null]>([
  [
    'done',
    deployment(3, 2, { observedGeneration: 3, replicas: 2, updatedReplicas: 2, readyReplicas: 2 }),
    null,
  ],
  [
    'done, its pods not ready: their matter',
    deployment(3, 2, { observedGeneration: 3, replicas: 2, updatedReplicas: 2 }),
    null,
  ],
  ['without pods', deployment(1, 0, { observedGeneration: 1 }), null],
  [
    'not seen by its controller yet',
    deployment(4, 2, { observedGeneration: 3, replicas: 2, updatedReplicas: 2 }),
    'its rollout is not done: 0 of 2 pods are of the newest template, 2 of one before',
  ],
  [
    'a pod of before serves on',
    deployment(4, 1, { observedGeneration: 4, replicas: 2, updatedReplicas: 1 }),
    'its rollout is not done: 1 of 1 pods are of the newest template, 1 of one before',
  ],
  [
    'pods that may not even be made',
    deployment(4, 2, { observedGeneration: 4, replicas: 1, updatedReplicas: 1 }),
    'its rollout is not done: 1 of 2 pods are of the newest template, 0 of one before',
  ],
])('a rollout that is %s', (_, found, fault) => {
  expect(rolloutFault(found)).toBe(fault);
});
