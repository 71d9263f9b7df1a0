import { annotationOf, isOwnedBy } from '../kubernetesObject';
import { numberAt, type PropertyMap } from '../../provider/properties';
import { READY, waiting, type Assessment, type Awaiter, type Seen } from './assessment';
import { conditionOf, describeCondition, isObserved, isTrue, selectorOf } from './conditions';
import { podReasons } from './podReasons';

const REVISION = 'deployment.kubernetes.io/revision';

/** Ready when the ReplicaSet of the current revision has all its pods ready and the Deployment is available. */
export const deployment: Awaiter = {
  defaultTimeoutSeconds: 600,
  assessOnRead: true,
  related: (object) => ({
    replicaSets: {
      gvk: { group: 'apps', version: 'v1', kind: 'ReplicaSet' },
      labelSelector: selectorOf(object),
    },
    pods: { gvk: { group: '', version: 'v1', kind: 'Pod' }, labelSelector: selectorOf(object) },
  }),
  assess,
};

function assess({ object, related }: Seen): Assessment {
  if (!isObserved(object)) return waiting('Waiting for the Deployment controller to see the change');
  const wanted = numberAt(object, 'spec', 'replicas') ?? 1;
  const revision = annotationOf(object, REVISION);
  const current = related['replicaSets']?.find(
    (set) => isOwnedBy(set, object) && annotationOf(set, REVISION) === revision,
  );
  const ready = current ? (numberAt(current, 'status', 'readyReplicas') ?? 0) : 0;
  const available = isTrue(conditionOf(object, 'Available'));
  if (
    current &&
    available &&
    ready >= wanted &&
    (numberAt(current, 'spec', 'replicas') ?? 0) >= wanted &&
    (numberAt(object, 'status', 'updatedReplicas') ?? 0) >= wanted &&
    isRolledOut(object, revision)
  ) {
    return READY;
  }
  const pods = (related['pods'] ?? [])
    .filter((pod) => current && isOwnedBy(pod, current))
    .flatMap(podReasons);
  const reasons = [...ownReasons(object), shortfall(ready, wanted, available), ...pods];
  const status = `Waiting for app ReplicaSet to be available (${ready}/${wanted} Pods available)`;
  return waiting(pods[0] === undefined ? status : `${status}; ${pods[0]}`, reasons);
}

/** The first revision is no rollout; its condition tells of progress only. */
function isRolledOut(object: PropertyMap, revision: string | undefined): boolean {
  const progressing = conditionOf(object, 'Progressing');
  // Without a progress deadline there is no such condition.
  if (!progressing || revision === '1') return true;
  return isTrue(progressing) && progressing['reason'] === 'NewReplicaSetAvailable';
}

function ownReasons(object: PropertyMap): string[] {
  const failure = conditionOf(object, 'ReplicaFailure');
  const bad = ['Progressing', 'Available']
    .map((type) => conditionOf(object, type))
    .filter((condition) => condition && !isTrue(condition));
  if (isTrue(failure)) bad.unshift(failure);
  const paused = (object['spec'] as PropertyMap)['paused'] === true ? ['The Deployment is paused'] : [];
  return [...paused, ...bad.map(describeCondition)].filter((reason) => reason !== '');
}

function shortfall(ready: number, wanted: number, available: boolean): string {
  return available
    ? `Attempted to roll forward to new ReplicaSet, but minimum number of Pods did not become live (${ready} of ${wanted})`
    : `Minimum number of live Pods was not attained (${ready} of ${wanted})`;
}
