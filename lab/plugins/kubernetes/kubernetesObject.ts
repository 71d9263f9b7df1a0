import {
  at,
  isMap,
  reveal,
  textAt,
  UNKNOWN,
  without,
  type Property,
  type PropertyMap,
} from '../provider/properties';

/** Group, version and kind of an object; the core group is the empty text. */
export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export const nameOf = (object: PropertyMap): string => textAt(object, 'metadata', 'name') ?? '';
export const namespaceOf = (object: PropertyMap): string => textAt(object, 'metadata', 'namespace') ?? '';
export const kindOf = (object: PropertyMap): string => textAt(object, 'kind') ?? '';
export const uidOf = (object: PropertyMap): string => textAt(object, 'metadata', 'uid') ?? '';

/** The id that a resource of this object has in Pulumi's state: `namespace/name`, or `name` without a namespace. */
export function idOf(object: PropertyMap): string {
  const namespace = namespaceOf(object);
  return namespace ? `${namespace}/${nameOf(object)}` : nameOf(object);
}

/** The inverse of {@link idOf}. */
export function parseId(id: string): { namespace: string; name: string } {
  const [first = '', second] = id.split('/');
  return second === undefined ? { namespace: '', name: first } : { namespace: first, name: second };
}

export function gvkOf(object: PropertyMap): GroupVersionKind {
  const apiVersion = textAt(object, 'apiVersion') ?? '';
  const [first = '', second] = apiVersion.split('/');
  const [group, version] = second === undefined ? ['', first] : [first === 'core' ? '' : first, second];
  return { group, version, kind: kindOf(object) };
}

export function apiVersionOf({ group, version }: GroupVersionKind): string {
  return group ? `${group}/${version}` : version;
}

export function describeGvk(gvk: GroupVersionKind): string {
  return `${apiVersionOf(gvk)}/${gvk.kind}`;
}

/** The value of an annotation; undefined where it is absent or not known yet. */
export function annotationOf(object: PropertyMap, key: string): string | undefined {
  return textAt(object, 'metadata', 'annotations', key);
}

/** A copy with fields of the metadata set; metadata that are not known yet stay as they are. */
export function withMetadata(object: PropertyMap, fields: PropertyMap): PropertyMap {
  const metadata = object['metadata'];
  if (metadata === UNKNOWN) return object;
  return { ...object, metadata: { ...(isMap(metadata) ? metadata : {}), ...fields } };
}

/** A copy with an annotation set; annotations that are not known yet stay as they are. */
export function withAnnotation(object: PropertyMap, key: string, value: string): PropertyMap {
  const annotations = at(object, 'metadata', 'annotations');
  if (annotations === UNKNOWN) return object;
  return withMetadata(object, { annotations: { ...(isMap(annotations) ? annotations : {}), [key]: value } });
}

/** A copy without one field of the metadata. */
export function withoutMetadata(object: PropertyMap, ...fields: string[]): PropertyMap {
  const metadata = object['metadata'];
  if (!isMap(metadata)) return object;
  return { ...object, metadata: without(metadata, ...fields) };
}

export function isOwnedBy(object: PropertyMap, owner: PropertyMap): boolean {
  const references = at(object, 'metadata', 'ownerReferences');
  return (
    Array.isArray(references) && references.some((reference) => textAt(reference, 'uid') === uidOf(owner))
  );
}

// Pulumi's SDKs cannot have dashes in property names; these fields of custom resource definitions have them.
const EXTENSIONS = [
  'embedded-resource',
  'int-or-string',
  'list-map-keys',
  'list-type',
  'map-type',
  'preserve-unknown-fields',
  'validations',
].map((name) => [`x_kubernetes_${name.replaceAll('-', '_')}`, `x-kubernetes-${name}`] as const);
const TO_DASHES = new Map<string, string>(EXTENSIONS);
const TO_UNDERSCORES = new Map<string, string>(
  EXTENSIONS.map(([underscored, dashed]) => [dashed, underscored]),
);

/** The object that a resource's inputs or state stand for: without secrets' marks, and with the API's field names. */
export function toObject(properties: PropertyMap): PropertyMap {
  return rename(reveal(properties), TO_DASHES) as PropertyMap;
}

/** An object of the API with the field names that Pulumi's SDKs use. */
export function toProperties(object: PropertyMap): PropertyMap {
  return rename(object, TO_UNDERSCORES) as PropertyMap;
}

function rename(value: Property, names: ReadonlyMap<string, string>): Property {
  if (Array.isArray(value)) return value.map((part) => rename(part, names));
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [names.get(key) ?? key, rename(part, names)]),
  );
}
