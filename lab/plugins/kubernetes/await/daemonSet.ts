import { isOwnedBy } from '../kubernetesObject';
import { numberAt } from '../../provider/properties';
import { READY, waiting, type Assessment, type Awaiter, type Seen } from './assessment';
import { isObserved, selectorOf } from './conditions';
import { podReasons } from './podReasons';

/** Ready when every node that should has a pod of the current generation, and all of them are available. */
export const daemonSet: Awaiter = {
  defaultTimeoutSeconds: 600,
  assessOnRead: true,
  related: (object) => ({
    pods: { gvk: { group: '', version: 'v1', kind: 'Pod' }, labelSelector: selectorOf(object) },
  }),
  assess,
};

function assess({ object, related }: Seen): Assessment {
  if (!isObserved(object)) return waiting('Waiting for the DaemonSet controller to see the change');
  const count = (field: string): number => numberAt(object, 'status', field) ?? 0;
  const wanted = count('desiredNumberScheduled');
  const [scheduled, updated] = [count('currentNumberScheduled'), count('updatedNumberScheduled')];
  const [available, ready] = [count('numberAvailable'), count('numberReady')];
  if ([scheduled, updated, available, ready].every((number) => number >= wanted)) return READY;
  const status = `Waiting for DaemonSet pods: ${wanted} wanted, ${updated} updated, ${ready} ready, ${available} available`;
  const pods = (related['pods'] ?? []).filter((pod) => isOwnedBy(pod, object)).flatMap(podReasons);
  return waiting(status, [status.replace('Waiting for ', ''), ...pods]);
}
