import { PATCH_FORCE } from './annotations';
import type { ApiResponse } from './apiClient';
import { ApiError } from './apiErrors';
import type { Connection } from './connection';
import { pathSegments } from '../provider/diff';
import {
  annotationOf,
  apiVersionOf,
  gvkOf,
  kindOf,
  nameOf,
  namespaceOf,
  withMetadata,
  withoutMetadata,
} from './kubernetesObject';
import { at, isMap, mapsAt, textAt, without, type Property, type PropertyMap } from '../provider/properties';
import type { ProviderConfig } from './providerConfig';

const APPLY = 'application/apply-patch+yaml';
/** Owner of the fields of objects that were created and not yet applied again; the genuine provider's name for it. */
const CREATOR = 'pulumi-kubernetes';

export interface ApplyArgs {
  readonly inputs: PropertyMap;
  readonly fieldManager: string;
  readonly settings: ProviderConfig;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/** Path of the object that the inputs speak of. */
export async function objectPath(object: PropertyMap, { discovery }: Connection): Promise<string> {
  return await discovery.path(gvkOf(object), namespaceOf(object), nameOf(object));
}

export async function getObject(object: PropertyMap, connection: Connection): Promise<PropertyMap> {
  const path = await objectPath(object, connection);
  return (await connection.client.request({ method: 'GET', path })).body;
}

/** Makes the object, and fails where it exists. */
export async function createObject(args: ApplyArgs, connection: Connection): Promise<ApiResponse> {
  const { inputs } = args;
  const path = await connection.discovery.path(gvkOf(inputs), namespaceOf(inputs));
  return await connection.client.request({
    method: 'POST',
    path,
    query: { fieldManager: CREATOR, ...dryRun(args) },
    body: inputs,
    signal: args.signal,
  });
}

/** Makes the object, or takes over the fields that the inputs name where it exists. */
export async function upsertObject(args: ApplyArgs, connection: Connection): Promise<ApiResponse> {
  // In a preview an object that is replaced still exists, and its owner would be in the way.
  return await applyObject(args, args.dryRun || isForced(args), connection);
}

/**
 * Brings an object that exists to the inputs: fields that the inputs no longer name go, as far as nobody else owns
 * them. Definitions of custom resources are replaced as a whole, as their versions are a list that must not be merged.
 */
export async function updateObject(
  args: ApplyArgs & {
    readonly live: PropertyMap;
    readonly patchResource: boolean;
    readonly ignored: readonly string[];
  },
  connection: Connection,
): Promise<ApiResponse> {
  const { inputs, live } = args;
  if (kindOf(inputs) === 'CustomResourceDefinition') {
    return await connection.client.request({
      method: 'PUT',
      path: await objectPath(inputs, connection),
      query: { fieldManager: args.fieldManager, ...dryRun(args) },
      body: withMetadata(inputs, { resourceVersion: textAt(live, 'metadata', 'resourceVersion') ?? null }),
      signal: args.signal,
    });
  }
  if (!args.patchResource && !args.dryRun) await takeOverFields(args, connection);
  // In a preview the fields that the takeover would bring are still somebody else's.
  const force =
    isForced(args) || (args.dryRun && mapsAt(live, 'metadata', 'managedFields').some(isForerunner));
  const wanted = leaveIgnored(inputs, live, args.fieldManager, args.ignored);
  return await applyObject({ ...args, inputs: wanted }, force, connection);
}

async function applyObject(args: ApplyArgs, force: boolean, connection: Connection): Promise<ApiResponse> {
  try {
    return await connection.client.request({
      method: 'PATCH',
      path: await objectPath(args.inputs, connection),
      query: { fieldManager: args.fieldManager, force: String(force), ...dryRun(args) },
      body: args.inputs,
      contentType: APPLY,
      signal: args.signal,
    });
  } catch (error) {
    if (error instanceof ApiError && error.conflict) throw describeConflict(error, args);
    throw error;
  }
}

function describeConflict(error: ApiError, { inputs, fieldManager }: ApplyArgs): ApiError {
  const fields = mapsAt(error.status, 'details', 'causes').map(
    (cause) => `${textAt(cause, 'field') ?? ''} (${textAt(cause, 'message') ?? ''})`,
  );
  return new ApiError(
    error.code,
    error.status,
    `server-side apply field conflict detected: the fields of ${kindOf(inputs)} "${nameOf(inputs)}" that "${fieldManager}" applies belong to others: ${fields.join('; ') || error.message}. ` +
      `Take these fields out of the program, or take them over with the annotation ${PATCH_FORCE}: "true". (${error.message})`,
  );
}

function isForced({ inputs, settings }: ApplyArgs): boolean {
  return settings.enablePatchForce || annotationOf(inputs, PATCH_FORCE) === 'true';
}

function dryRun(args: ApplyArgs): { dryRun?: string } {
  return args.dryRun ? { dryRun: 'All' } : {};
}

/** Gives up all fields that a manager owns in an object. */
export async function relinquish(
  object: PropertyMap,
  fieldManager: string,
  connection: Connection,
): Promise<void> {
  await connection.client.request({
    method: 'PATCH',
    path: await objectPath(object, connection),
    query: { fieldManager },
    body: {
      apiVersion: apiVersionOf(gvkOf(object)),
      kind: kindOf(object),
      metadata: { name: nameOf(object), ...(namespaceOf(object) ? { namespace: namespaceOf(object) } : {}) },
    },
    contentType: APPLY,
  });
}

/** Owners whose fields an update takes over, as `manager/operation`: the resource's own creation, and kubectl apply. */
const FORERUNNERS = new Set([
  `${CREATOR}/Update`,
  'pulumi-kubernetes.exe/Update',
  'pulumi-resource-kubernetes/Update',
  'kubectl/Apply',
  'kubectl/Update',
  'before-first-apply/Update',
]);

function isForerunner(entry: PropertyMap): boolean {
  const owner = `${textAt(entry, 'manager') ?? ''}/${textAt(entry, 'operation') ?? ''}`;
  return FORERUNNERS.has(owner) && textAt(entry, 'subresource') === undefined;
}

/** Hands the forerunners' fields to the resource's own manager, so that fields dropped from the program go. */
async function takeOverFields(
  { live, fieldManager, signal }: ApplyArgs & { readonly live: PropertyMap },
  connection: Connection,
): Promise<void> {
  const entries = mapsAt(live, 'metadata', 'managedFields');
  const taken = entries.filter(isForerunner);
  if (taken.length === 0) return;
  const own = entries.filter((entry) => isOwn(entry, fieldManager));
  const merged = [...own, ...taken].reduce<PropertyMap>(
    (fields, entry) => unite(fields, at(entry, 'fieldsV1') as PropertyMap),
    {},
  );
  const managedFields = [
    ...entries.filter((entry) => !taken.includes(entry) && !own.includes(entry)),
    {
      manager: fieldManager,
      operation: 'Apply',
      apiVersion: textAt(taken[0], 'apiVersion') ?? '',
      time: textAt(taken[0], 'time') ?? null,
      fieldsType: 'FieldsV1',
      fieldsV1: merged,
    },
  ];
  await connection.client.request({
    method: 'PATCH',
    path: await objectPath(live, connection),
    body: [
      { op: 'replace', path: '/metadata/managedFields', value: managedFields },
      // Whoever changed the object meanwhile is not overruled.
      {
        op: 'replace',
        path: '/metadata/resourceVersion',
        value: textAt(live, 'metadata', 'resourceVersion'),
      },
    ],
    contentType: 'application/json-patch+json',
    signal,
  });
}

function isOwn(entry: PropertyMap, fieldManager: string): boolean {
  return entry['manager'] === fieldManager && entry['operation'] === 'Apply';
}

function unite(a: PropertyMap, b: PropertyMap): PropertyMap {
  const united = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const other = united[key];
    united[key] = other !== undefined && isMap(other) && isMap(value) ? unite(other, value) : value;
  }
  return united;
}

/**
 * The inputs with the fields that `ignoreChanges` names as they are live: left out where only others own them, else with
 * the live value, so that the update neither changes nor drops them. Paths that go through lists are left to the engine.
 */
function leaveIgnored(
  inputs: PropertyMap,
  live: PropertyMap,
  fieldManager: string,
  ignored: readonly string[],
): PropertyMap {
  const entries = mapsAt(live, 'metadata', 'managedFields');
  return ignored.reduce((object, path) => {
    const segments = pathSegments(path);
    const owned = (entry: PropertyMap): boolean =>
      at(entry, 'fieldsV1', ...segments.map((segment) => `f:${segment}`)) !== undefined;
    const owners = entries.filter(owned);
    const foreign =
      owners.length > 0 && !owners.some((entry) => entry['manager'] === fieldManager || isForerunner(entry));
    const value = at(live, ...segments);
    if (foreign) return put(object, segments, undefined);
    return value === undefined ? object : put(object, segments, value);
  }, inputs);
}

function put(object: PropertyMap, [key, ...rest]: string[], value: Property | undefined): PropertyMap {
  if (key === undefined) return object;
  const inner = object[key];
  if (rest.length > 0) {
    return inner !== undefined && isMap(inner) ? { ...object, [key]: put(inner, rest, value) } : object;
  }
  if (value !== undefined) return { ...object, [key]: value };
  return without(object, key);
}

/**
 * An object without what changes at every write: to see whether a dry run would change anything. What the resource's own
 * manager and its forerunners own counts as owned by one.
 */
export function withoutBookkeeping(object: PropertyMap, fieldManager: string): PropertyMap {
  const entries = mapsAt(object, 'metadata', 'managedFields');
  const own = entries.filter((entry) => isOwn(entry, fieldManager) || isForerunner(entry));
  const fields = own.reduce<PropertyMap>(
    (united, entry) => unite(united, at(entry, 'fieldsV1') as PropertyMap),
    {},
  );
  return withMetadata(withoutMetadata(object, 'resourceVersion', 'generation'), { managedFields: fields });
}
