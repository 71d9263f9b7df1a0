import { AUTONAMED } from './annotations';
import { connectionOf, type ProviderContext } from './context';
import {
  annotationOf,
  kindOf,
  namespaceOf,
  toObject,
  toProperties,
  withMetadata,
  type GroupVersionKind,
} from './kubernetesObject';
import { wantsGeneratedName, withName, type Autonaming } from './naming';
import { isMap, type PropertyMap } from '../provider/properties';
import { markSecrets } from './secrets';
import { normalise } from './state';
import { resourceName } from '../provider/urn';
import { gvkOfUrn, isPatchResource } from './urn';

export interface CheckArgs {
  readonly urn: string;
  readonly news: PropertyMap;
  /** Inputs of the last update; undefined for a new resource. */
  readonly olds: PropertyMap | undefined;
  readonly seed: Uint8Array;
  readonly autonaming: Autonaming | undefined;
}

/** The inputs as they will be applied: normalised, named, and in a namespace. Throws for what can never be applied. */
export async function checkInputs(args: CheckArgs, context: ProviderContext): Promise<PropertyMap> {
  const { urn, olds } = args;
  if (!connectionOf(context) && context.settings.skipUpdateUnreachable) {
    context.log.warn(
      urn,
      'Cluster is unreachable but skipUpdateUnreachable flag is set to true, skipping...',
    );
    return olds ?? args.news;
  }
  const inputs = normalise(toObject(args.news));
  if (kindOf(inputs).endsWith('List') && isListOfObjects(inputs)) {
    throw new Error(
      'list resources exist for compatibility with YAML manifests and Helm charts, and cannot be created directly. Use the underlying resource type instead',
    );
  }
  if (annotationOf(inputs, AUTONAMED) !== undefined) {
    context.log.warn(urn, `ignoring user-specified value for internal annotation "${AUTONAMED}"`);
  }
  const patch = isPatchResource(urn, kindOf(inputs));
  const named = patch
    ? inputs
    : withName(inputs, olds && toObject(olds), resourceName(urn), args.seed, args.autonaming);
  if (patch && !isMap(named['metadata']))
    throw new Error('patch resources require the `.metadata.name` field to be set');
  if (wantsGeneratedName(named)) {
    throw new Error('the `.metadata.generateName` field is not supported in Server-Side Apply mode');
  }
  const placed = await withNamespace(named, gvkOfUrn(urn), context);
  return markSecrets(toProperties(placed), args.news);
}

function isListOfObjects(inputs: PropertyMap): boolean {
  return Array.isArray(inputs['items']) && inputs['spec'] === undefined;
}

async function withNamespace(
  object: PropertyMap,
  gvk: GroupVersionKind,
  context: ProviderContext,
): Promise<PropertyMap> {
  const metadata = object['metadata'];
  if (!isMap(metadata) || namespaceOf(object) !== '' || typeof metadata['namespace'] === 'object')
    return object;
  return (await isNamespaced(gvk, context))
    ? withMetadata(object, { namespace: context.defaultNamespace })
    : object;
}

// Kinds without a namespace that a program meets when its cluster cannot be asked.
const CLUSTER_KINDS = new Set([
  '/Namespace',
  '/Node',
  '/PersistentVolume',
  'admissionregistration.k8s.io/MutatingWebhookConfiguration',
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy',
  'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding',
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration',
  'apiextensions.k8s.io/CustomResourceDefinition',
  'apiregistration.k8s.io/APIService',
  'certificates.k8s.io/CertificateSigningRequest',
  'networking.k8s.io/IngressClass',
  'node.k8s.io/RuntimeClass',
  'rbac.authorization.k8s.io/ClusterRole',
  'rbac.authorization.k8s.io/ClusterRoleBinding',
  'scheduling.k8s.io/PriorityClass',
  'storage.k8s.io/CSIDriver',
  'storage.k8s.io/CSINode',
  'storage.k8s.io/StorageClass',
  'storage.k8s.io/VolumeAttachment',
]);

/**
 * True where objects of the kind live in namespaces. A kind that the server does not know (yet) is taken to: its
 * definition may come with the same update, and creation sets a wrong guess right.
 */
export async function isNamespaced(gvk: GroupVersionKind, context: ProviderContext): Promise<boolean> {
  const served = await connectionOf(context)?.discovery.find(gvk);
  return served?.namespaced ?? !CLUSTER_KINDS.has(`${gvk.group}/${gvk.kind}`);
}
