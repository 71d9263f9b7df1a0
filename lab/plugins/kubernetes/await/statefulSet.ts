import { isOwnedBy } from '../kubernetesObject';
import { numberAt, textAt } from '../../provider/properties';
import { READY, waiting, type Assessment, type Awaiter, type Seen } from './assessment';
import { isObserved, selectorOf } from './conditions';
import { podReasons } from './podReasons';

/** Ready when all replicas are, and those that the update strategy renews have the new revision. */
export const statefulSet: Awaiter = {
  defaultTimeoutSeconds: 600,
  assessOnRead: true,
  related: (object) => ({
    pods: { gvk: { group: '', version: 'v1', kind: 'Pod' }, labelSelector: selectorOf(object) },
  }),
  assess,
};

function assess({ object, related }: Seen): Assessment {
  if (!isObserved(object)) return waiting('Waiting for the StatefulSet controller to see the change');
  const wanted = numberAt(object, 'spec', 'replicas') ?? 1;
  const ready = numberAt(object, 'status', 'readyReplicas') ?? 0;
  const updated = numberAt(object, 'status', 'updatedReplicas') ?? 0;
  const expectedUpdated = replicasToRenew(object, wanted);
  const sameRevision =
    textAt(object, 'status', 'currentRevision') === textAt(object, 'status', 'updateRevision');
  const settled = expectedUpdated < wanted ? updated >= expectedUpdated : sameRevision;
  if (
    ready >= wanted &&
    (numberAt(object, 'status', 'replicas') ?? 0) === wanted &&
    (settled || expectedUpdated === 0)
  ) {
    return READY;
  }
  const pods = (related['pods'] ?? []).filter((pod) => isOwnedBy(pod, object)).flatMap(podReasons);
  return waiting(`Waiting for StatefulSet to roll out (${ready}/${wanted} Pods ready, ${updated} updated)`, [
    `${ready} out of ${wanted} replicas succeeded readiness checks, ${updated} of ${expectedUpdated} have the new revision`,
    ...pods,
  ]);
}

/** With `OnDelete` people renew the pods; with a partition only the pods from its ordinal on are renewed. */
function replicasToRenew(object: Seen['object'], wanted: number): number {
  if (textAt(object, 'spec', 'updateStrategy', 'type') === 'OnDelete') return 0;
  return Math.max(
    wanted - (numberAt(object, 'spec', 'updateStrategy', 'rollingUpdate', 'partition') ?? 0),
    0,
  );
}
