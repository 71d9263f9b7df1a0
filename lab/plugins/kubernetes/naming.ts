import { createHash, randomBytes } from 'node:crypto';
import { AUTONAMED } from './annotations';
import { annotationOf, nameOf, withAnnotation, withMetadata } from './kubernetesObject';
import { at, textAt, Unknown, type PropertyMap } from '../provider/properties';

/** What the engine's autonaming settings say: `disable`, or a name of the engine's making. */
export type Autonaming = { readonly mode: 'disable' } | { readonly mode: 'proposed'; readonly name: string };

/** True where the program names the object, be it by a name that is not known yet. */
export function isNamed(object: PropertyMap): boolean {
  return at(object, 'metadata', 'name') instanceof Unknown || nameOf(object) !== '';
}

export function isAutonamed(object: PropertyMap): boolean {
  return annotationOf(object, AUTONAMED) === 'true';
}

/** True where the program leaves the name to the API server. */
export function wantsGeneratedName(object: PropertyMap): boolean {
  const prefix = at(object, 'metadata', 'generateName');
  return (
    !isNamed(object) &&
    (prefix instanceof Unknown || (textAt(object, 'metadata', 'generateName') ?? '') !== '')
  );
}

/**
 * The object with a name: its own, else the one that it was given automatically before, else a new one of the resource's
 * name and 8 hexadecimal digits that follow from the engine's seed.
 */
export function withName(
  object: PropertyMap,
  old: PropertyMap | undefined,
  resource: string,
  seed: Uint8Array,
  autonaming: Autonaming | undefined,
): PropertyMap {
  if (isNamed(object)) return object;
  if (old) return isAutonamed(old) ? named(object, nameOf(old)) : object;
  if (wantsGeneratedName(object)) return object;
  if (autonaming?.mode === 'disable') {
    throw new Error('autonaming is disabled, resource requires the .metadata.name field to be set');
  }
  return named(object, autonaming?.name ?? `${resource}-${eightDigits(seed)}`);
}

function named(object: PropertyMap, name: string): PropertyMap {
  return withAnnotation(withMetadata(object, { name }), AUTONAMED, 'true');
}

function eightDigits(seed: Uint8Array): string {
  const source = seed.length > 0 ? createHash('sha256').update(seed).digest() : randomBytes(4);
  return source.toString('hex').slice(0, 8);
}

/** A name for the owner of a resource's fields; the resource's state keeps it. */
export function newFieldManager(): string {
  return `pulumi-kubernetes-${randomBytes(4).toString('hex')}`;
}
