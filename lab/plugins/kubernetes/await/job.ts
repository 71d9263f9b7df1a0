import { isOwnedBy } from '../kubernetesObject';
import { at, numberAt } from '../../provider/properties';
import { READY, waiting, type Assessment, type Awaiter, type Seen } from './assessment';
import { conditionOf, describeCondition, isTrue, selectorOf } from './conditions';
import { podReasons } from './podReasons';

/** Ready when it is complete; failed as soon as it gives up. */
export const job: Awaiter = {
  defaultTimeoutSeconds: 600,
  assessOnRead: true,
  related: (object) => ({
    pods: { gvk: { group: '', version: 'v1', kind: 'Pod' }, labelSelector: selectorOf(object) },
  }),
  assess,
};

function assess({ object, related }: Seen): Assessment {
  if (isTrue(conditionOf(object, 'Complete'))) return READY;
  const pods = (related['pods'] ?? []).filter((pod) => isOwnedBy(pod, object)).flatMap(podReasons);
  const failed = conditionOf(object, 'Failed');
  if (isTrue(failed)) return { state: 'failed', reasons: [describeCondition(failed), ...pods] };
  const count = (field: string): number => numberAt(object, 'status', field) ?? 0;
  const counts = `(Active: ${count('active')} | Succeeded: ${count('succeeded')} | Failed: ${count('failed')})`;
  const suspended = at(object, 'spec', 'suspend') === true ? ['The Job is suspended'] : [];
  return waiting(`Waiting for Job to succeed ${counts}`, [
    ...suspended,
    `Job has not succeeded ${counts}`,
    ...pods,
  ]);
}
