import { PATCH_FIELD_MANAGER } from './annotations';
import { annotationOf, kindOf, toObject, toProperties } from './kubernetesObject';
import { newFieldManager } from './naming';
import { at, isMap, textAt, without, type Property, type PropertyMap } from '../provider/properties';
import { markSecrets } from './secrets';

// The genuine provider's own keys, so that a stack can go from one to the other.
const INPUTS = '__inputs';
const INITIAL_API_VERSION = '__initialApiVersion';
const FIELD_MANAGER = '__fieldManager';

/** What a resource's state says: the inputs that were applied last, and the object as it was then. */
export interface SavedState {
  readonly inputs: PropertyMap;
  readonly live: PropertyMap;
  readonly initialApiVersion: string | undefined;
  readonly fieldManager: string | undefined;
}

/** Outputs of a resource: the live object, with what later steps need to know; secrets marked as `given` has them. */
export function outputsOf(
  inputs: PropertyMap,
  live: PropertyMap,
  given: PropertyMap,
  saved: { readonly initialApiVersion: string; readonly fieldManager: string },
): PropertyMap {
  const outputs = markSecrets(toProperties(live), given);
  return {
    ...outputs,
    [INPUTS]: markSecrets(toProperties(inputs), given),
    [INITIAL_API_VERSION]: saved.initialApiVersion,
    [FIELD_MANAGER]: saved.fieldManager,
  };
}

/** The inverse of {@link outputsOf}, secrets in clear. */
export function parseOutputs(outputs: PropertyMap): SavedState {
  const object = toObject(outputs);
  const live = without(object, INPUTS, INITIAL_API_VERSION, FIELD_MANAGER);
  const inputs = object[INPUTS];
  return {
    inputs: inputs !== undefined && isMap(inputs) ? inputs : {},
    live,
    initialApiVersion: textAt(object, INITIAL_API_VERSION),
    fieldManager: textAt(object, FIELD_MANAGER),
  };
}

/** Who owns the fields of an object: as its annotation says, else as its state says, else somebody new. */
export function fieldManagerOf(inputs: PropertyMap, saved: SavedState | undefined): string {
  return annotationOf(inputs, PATCH_FIELD_MANAGER) || saved?.fieldManager || newFieldManager();
}

/** The parts of a live object that the inputs speak of, so that what the server filled in does not look like a change. */
export function prune(live: PropertyMap, inputs: PropertyMap): PropertyMap {
  return Object.fromEntries(
    Object.entries(live).flatMap(([key, value]) => {
      const input = inputs[key];
      return input === undefined ? [] : [[key, pruneValue(value, input)] as const];
    }),
  );
}

function pruneValue(value: Property, input: Property): Property {
  if (isMap(value) && isMap(input)) return prune(value, input);
  if (Array.isArray(value) && Array.isArray(input)) {
    return value.slice(0, input.length).map((item, index) => pruneValue(item, input[index] ?? null));
  }
  return value;
}

// Fields of the metadata that only the server writes.
const SERVERS_METADATA = [
  'creationTimestamp',
  'deletionGracePeriodSeconds',
  'deletionTimestamp',
  'generation',
  'managedFields',
  'resourceVersion',
  'selfLink',
  'uid',
];

/**
 * Inputs in the form that the server gives back: without fields that only it writes, a Secret's `stringData` as `data`,
 * and a definition of custom resources without a status. What is not known yet is left alone.
 */
export function normalise(inputs: PropertyMap): PropertyMap {
  const metadata = inputs['metadata'];
  let object = inputs;
  if (isMap(metadata)) {
    object = { ...object, metadata: without(metadata, ...SERVERS_METADATA) };
  }
  if (object['apiVersion'] === 'v1' && kindOf(object) === 'Secret') return normaliseSecret(object);
  if (kindOf(object) === 'CustomResourceDefinition') return normaliseDefinition(object);
  return object;
}

function normaliseSecret(object: PropertyMap): PropertyMap {
  const stringData = object['stringData'] ?? {};
  const data = object['data'] ?? {};
  if (!isMap(stringData) || !isMap(data)) return object;
  const clear = Object.entries(stringData).flatMap(([key, value]) =>
    typeof value === 'string' ? [{ key, value }] : [],
  );
  // Values that are not known yet cannot be encoded.
  if (clear.length < Object.keys(stringData).length) return object;
  if (object['data'] === undefined && clear.length === 0) return object;
  const encoded = [
    ...Object.entries(data).map(([key, value]) => [key, canonicalBase64(value)] as const),
    ...clear.map(({ key, value }) => [key, Buffer.from(value).toString('base64')] as const),
  ];
  return { ...without(object, 'stringData'), data: Object.fromEntries(encoded) };
}

/** Base64 text may hold line breaks, which the server drops. */
function canonicalBase64(value: Property): Property {
  if (typeof value !== 'string') return value;
  const compact = value.replace(/[\r\n]/g, '');
  return /^[A-Za-z0-9+/]*={0,2}$/.test(compact) ? Buffer.from(compact, 'base64').toString('base64') : value;
}

function normaliseDefinition(object: PropertyMap): PropertyMap {
  const rest = without(object, 'status');
  const spec = rest['spec'];
  // The server drops this deprecated field where it is false.
  if (at(rest, 'spec', 'preserveUnknownFields') === false && isMap(spec)) {
    return { ...rest, spec: without(spec, 'preserveUnknownFields') };
  }
  return rest;
}

/** A resource's inputs made up from a live object: all that a program could have said, for import. */
export function inputsFromLive(live: PropertyMap): PropertyMap {
  const rest = without(normalise(live), 'status');
  const annotations = at(rest, 'metadata', 'annotations');
  if (!isMap(annotations) || !isMap(rest['metadata'])) return rest;
  const kept = without(
    annotations,
    'deployment.kubernetes.io/revision',
    'kubectl.kubernetes.io/last-applied-configuration',
  );
  return { ...rest, metadata: { ...rest['metadata'], annotations: kept } };
}
