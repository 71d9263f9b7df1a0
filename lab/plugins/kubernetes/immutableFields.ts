import { gvkOf } from './kubernetesObject';
import type { PropertyMap } from '../provider/properties';
import type { ProviderConfig } from './providerConfig';

const SELECTOR = ['spec.selector'];

const POD_SPEC = [
  'affinity automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks hostAliases hostIPC hostNetwork hostPID',
  'hostname imagePullSecrets nodeName nodeSelector overhead preemptionPolicy priority priorityClassName readinessGates',
  'restartPolicy runtimeClassName schedulerName securityContext serviceAccount serviceAccountName',
  'shareProcessNamespace subdomain terminationGracePeriodSeconds volumes',
].flatMap((line) => line.split(' ').map((field) => `spec.${field}`));

const CONTAINER = [
  'args command env image imagePullPolicy lifecycle livenessProbe ports readinessProbe resources securityContext stdin',
  'stdinOnce terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts workingDir',
].flatMap((line) =>
  line.split(' ').flatMap((field) => [`spec.containers[*].${field}`, `spec.initContainers[*].${field}`]),
);

const VOLUME_SOURCES =
  'awsElasticBlockStore azureDisk azureFile cephfs cinder csi fc flexVolume flocker gcePersistentDisk glusterfs hostPath iscsi local nfs photonPersistentDisk portworxVolume quobyte rbd scaleIO storageos vsphereVolume';

/**
 * Fields that only a new object can have otherwise, by group and kind; what the genuine provider replaces objects for.
 * A container's image of a bare pod could change in place, but is replaced all the same, as there.
 */
const BY_KIND: Record<string, readonly string[]> = {
  'apps/DaemonSet': SELECTOR,
  'apps/Deployment': SELECTOR,
  'apps/StatefulSet': [
    ...SELECTOR,
    'spec.podManagementPolicy',
    'spec.revisionHistoryLimit',
    'spec.serviceName',
    'spec.volumeClaimTemplates',
  ],
  'batch/Job': [...SELECTOR, 'spec.completions', 'spec.parallelism', 'spec.template'],
  'rbac.authorization.k8s.io/ClusterRoleBinding': ['roleRef'],
  'rbac.authorization.k8s.io/RoleBinding': ['roleRef'],
  'storage.k8s.io/StorageClass': ['parameters', 'provisioner'],
  '/PersistentVolume': VOLUME_SOURCES.split(' ').map((source) => `spec.${source}`),
  '/PersistentVolumeClaim': [...SELECTOR, 'spec.accessModes', 'spec.storageClassName', 'spec.volumeName'],
  '/Pod': [...POD_SPEC, ...CONTAINER],
  '/ResourceQuota': ['spec.scopes'],
  '/Secret': ['type'],
  '/Service': ['spec.clusterIP'],
};

/** Fields of every object: its identity. */
export const IDENTITY = ['metadata.name', 'metadata.namespace'];

type Mutability = Pick<ProviderConfig, 'enableConfigMapMutable' | 'enableSecretMutable'>;

/**
 * Paths of the fields whose change replaces the object, `[*]` for any item of a list; a path stands for all below it.
 * ConfigMaps and Secrets are replaced when their data change, unless the provider's settings make them mutable.
 */
export function immutableFields(object: PropertyMap, settings: Mutability): string[] {
  const { group, kind } = gvkOf(object);
  const fields = [...IDENTITY, ...(BY_KIND[`${group}/${kind}`] ?? [])];
  const sealed = object['immutable'] === true;
  if (group === '' && kind === 'ConfigMap' && (sealed || !settings.enableConfigMapMutable)) {
    fields.push('data', 'binaryData');
  }
  if (group === '' && kind === 'Secret' && (sealed || !settings.enableSecretMutable))
    fields.push('data', 'stringData');
  return fields;
}

/** True where a path, such as `spec.containers[0].image`, lies at or below one of the immutable fields. */
export function isImmutable(path: string, fields: readonly string[]): boolean {
  const plain = path.replace(/\[\d+\]/g, '[*]');
  return fields.some(
    (field) => plain === field || plain.startsWith(`${field}.`) || plain.startsWith(`${field}[`),
  );
}
