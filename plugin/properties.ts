import { Struct, type JavaScriptValue } from 'google-protobuf/google/protobuf/struct_pb';

/** A value that the engine knows only after the update. */
export class Unknown {
  public readonly kind = 'unknown';
}
export const UNKNOWN = new Unknown();

/** A value that must never be stored or shown in clear. */
export class Secret {
  constructor(public readonly element: Property) {}
}

/** A file or a collection of files, by what the engine knows of it: its hash, and its text, path, address or members. */
export class Asset {
  constructor(
    public readonly kind: 'asset' | 'archive',
    public readonly fields: PropertyMap,
  ) {}
}

export type Property = null | boolean | number | string | Property[] | PropertyMap | Secret | Unknown | Asset;
export interface PropertyMap {
  [key: string]: Property;
}

// The engine's own markers (pulumi/pulumi, sdk/go/common/resource: Sig, SecretSig, AssetSig, ArchiveSig; plugin: UnknownStringValue).
const SIGNATURE = '4dabf18193072939515e22adb298388d';
const SECRET = '1b47061264138c4ac30d75fd1eb44270';
const ASSET = 'c44067f5952c0a294b673a41bacd8c17';
const ARCHIVE = '0def7320c3a5731c473e5ecbe6d01bc7';
const UNKNOWN_STRING = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

/** What the engine sent, with its markers turned into {@link Secret} and {@link UNKNOWN}; an absent struct is empty. */
export function fromStruct(struct: Struct | undefined): PropertyMap {
  return struct ? (fromWire(struct.toJavaScript()) as PropertyMap) : {};
}

/** The inverse of {@link fromStruct}. */
export function toStruct(properties: PropertyMap): Struct {
  return Struct.fromJavaScript(toWire(properties) as Record<string, JavaScriptValue>);
}

function fromWire(value: JavaScriptValue): Property {
  if (value === UNKNOWN_STRING) return UNKNOWN;
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(fromWire);
  const fields = value as Record<string, JavaScriptValue>;
  if (fields[SIGNATURE] === SECRET) return new Secret(fromWire(fields['value'] ?? null));
  if (fields[SIGNATURE] === ASSET) return new Asset('asset', assetFields(fields));
  if (fields[SIGNATURE] === ARCHIVE) return new Asset('archive', assetFields(fields));
  return mapValues(fields, fromWire);
}

function assetFields(fields: Record<string, JavaScriptValue>): PropertyMap {
  return without(mapValues(fields, fromWire), SIGNATURE);
}

function toWire(value: Property): JavaScriptValue {
  if (value instanceof Unknown) return UNKNOWN_STRING;
  if (value instanceof Secret) return { [SIGNATURE]: SECRET, value: toWire(value.element) };
  if (value instanceof Asset) {
    return { [SIGNATURE]: value.kind === 'asset' ? ASSET : ARCHIVE, ...mapValues(value.fields, toWire) };
  }
  if (Array.isArray(value)) return value.map(toWire);
  return isMap(value) ? mapValues(value, toWire) : value;
}

function mapValues<A, B>(fields: Record<string, A>, convert: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, convert(value)]));
}

/** True for objects with fields: not for lists, secrets, assets and unknown values. */
export function isMap(value: Property | undefined): value is PropertyMap {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Secret) &&
    !(value instanceof Asset) &&
    !(value instanceof Unknown)
  );
}

/** The value at a path of field names; undefined where a step is missing or is no object. */
export function at(value: Property | undefined, ...path: string[]): Property | undefined {
  let here = value;
  for (const key of path) here = isMap(here) ? here[key] : undefined;
  return here;
}

/** The text at a path; undefined where there is none or it is no text. */
export function textAt(value: Property | undefined, ...path: string[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : undefined;
}

/** The number at a path; undefined where there is none. */
export function numberAt(value: Property | undefined, ...path: string[]): number | undefined {
  const found = at(value, ...path);
  return typeof found === 'number' ? found : undefined;
}

/** The list at a path; empty where there is none. */
export function listAt(value: Property | undefined, ...path: string[]): Property[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** The objects of the list at a path; empty where there is none. */
export function mapsAt(value: Property | undefined, ...path: string[]): PropertyMap[] {
  return listAt(value, ...path).filter(isMap);
}

/** A copy with some fields only. */
export function only(map: PropertyMap, keys: readonly string[]): PropertyMap {
  return Object.fromEntries(Object.entries(map).filter(([key]) => keys.includes(key)));
}

/** A copy without some fields. */
export function without(map: PropertyMap, ...keys: string[]): PropertyMap {
  return Object.fromEntries(Object.entries(map).filter(([key]) => !keys.includes(key)));
}

/** A copy in which secrets are replaced by what they hold. Unknown values stay. */
export function reveal(value: PropertyMap): PropertyMap {
  return revealValue(value) as PropertyMap;
}

function revealValue(value: Property): Property {
  if (value instanceof Secret) return revealValue(value.element);
  if (Array.isArray(value)) return value.map(revealValue);
  return isMap(value) ? mapValues(value, revealValue) : value;
}

export function containsUnknown(value: Property): boolean {
  return some(value, (part) => part instanceof Unknown);
}

export function containsSecret(value: Property): boolean {
  return some(value, (part) => part instanceof Secret);
}

function some(value: Property, test: (part: Property) => boolean): boolean {
  if (test(value)) return true;
  if (value instanceof Secret) return some(value.element, test);
  if (Array.isArray(value)) return value.some((part) => some(part, test));
  return isMap(value) && Object.values(value).some((part) => some(part, test));
}

/** Equality of values; the order of fields does not count, numbers are compared as numbers, assets by their hash. */
export function equal(a: Property | undefined, b: Property | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((part, index) => equal(part, b[index]));
  }
  if (a instanceof Secret && b instanceof Secret) return equal(a.element, b.element);
  if (a instanceof Asset && b instanceof Asset) {
    return a.kind === b.kind && equal(a.fields['hash'], b.fields['hash']);
  }
  if (!isMap(a) || !isMap(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => key in b && equal(a[key], b[key]));
}
