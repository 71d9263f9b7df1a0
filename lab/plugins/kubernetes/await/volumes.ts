import { mapsAt, textAt, type PropertyMap } from '../../provider/properties';
import { READY, waiting, type Awaiter, type Seen } from './assessment';

/** Ready when it is bound, or when its class binds it only to its first pod. */
export const persistentVolumeClaim: Awaiter = {
  defaultTimeoutSeconds: 300,
  assessOnRead: false,
  related: () => ({
    classes: { gvk: { group: 'storage.k8s.io', version: 'v1', kind: 'StorageClass' }, clusterWide: true },
  }),
  assess: ({ object, related }: Seen) => {
    const phase = textAt(object, 'status', 'phase') ?? 'Pending';
    if (phase === 'Bound') return READY;
    if (phase === 'Pending' && bindsLate(object, related['classes'] ?? [])) return READY;
    return waiting(`Waiting for the PersistentVolumeClaim to be bound (${phase})`, [
      `PersistentVolumeClaim is ${phase}: no volume of class "${textAt(object, 'spec', 'storageClassName') ?? ''}" was bound to it`,
    ]);
  },
};

function bindsLate(claim: PropertyMap, classes: readonly PropertyMap[]): boolean {
  const name = textAt(claim, 'spec', 'storageClassName');
  const own = classes.find((candidate) => textAt(candidate, 'metadata', 'name') === name);
  return textAt(own, 'volumeBindingMode') === 'WaitForFirstConsumer';
}

/** Ready when it can be claimed or is. */
export const persistentVolume: Awaiter = {
  defaultTimeoutSeconds: 300,
  assessOnRead: false,
  assess: ({ object }: Seen) => {
    const phase = textAt(object, 'status', 'phase') ?? 'Pending';
    if (phase === 'Available' || phase === 'Bound') return READY;
    const reasons = mapsAt(object, 'status', 'conditions').map(
      (condition) => textAt(condition, 'message') ?? '',
    );
    return waiting(`Waiting for the PersistentVolume to be available (${phase})`, [
      `PersistentVolume is ${phase}`,
      ...reasons,
    ]);
  },
};
