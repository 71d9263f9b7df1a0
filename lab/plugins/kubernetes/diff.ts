import { PropertyDiff } from '@pulumi/pulumi/proto/provider_pb';
import { isImmutable } from './immutableFields';
import { equal, isMap, Unknown, type Property, type PropertyMap } from './properties';
import { sameQuantity } from './quantity';

type Kind = PropertyDiff.Kind;
const { ADD, ADD_REPLACE, DELETE, DELETE_REPLACE, UPDATE, UPDATE_REPLACE } = PropertyDiff.Kind;
const REPLACING = new Map<Kind, Kind>([
  [ADD, ADD_REPLACE],
  [DELETE, DELETE_REPLACE],
  [UPDATE, UPDATE_REPLACE],
]);

/** Changes by path, such as `spec.template.spec.containers[0].image`, in the form that the engine prints. */
export type DetailedDiff = Map<string, Kind>;

/** What changes from the old object, pruned to what the old inputs spoke of, to the new inputs. */
export function detailedDiff(
  old: PropertyMap,
  next: PropertyMap,
  immutable: readonly string[],
): DetailedDiff {
  const changes: DetailedDiff = new Map();
  const add = (path: string, kind: Kind): void => {
    changes.set(path, isImmutable(path, immutable) ? (REPLACING.get(kind) ?? kind) : kind);
  };
  compareMaps('', old, next, add);
  return changes;
}

type Add = (path: string, kind: Kind) => void;

function compareMaps(path: string, old: PropertyMap, next: PropertyMap, add: Add): void {
  for (const key of new Set([...Object.keys(old), ...Object.keys(next)])) {
    compare(join(path, key), old[key], next[key], add);
  }
}

function compare(path: string, old: Property | undefined, next: Property | undefined, add: Add): void {
  // A null and a field that is not there are the same to the API.
  const before = old ?? undefined;
  const after = next ?? undefined;
  if (before === undefined && after === undefined) return;
  if (after instanceof Unknown) add(path, before === undefined ? ADD : UPDATE);
  else if (before === undefined) add(path, ADD);
  else if (after === undefined) add(path, DELETE);
  else if (isMap(before) && isMap(after)) compareMaps(path, before, after, add);
  else if (Array.isArray(before) && Array.isArray(after)) compareLists(path, before, after, add);
  else if (!equal(before, after) && !sameAmount(path, before, after)) add(path, UPDATE);
}

function compareLists(path: string, old: Property[], next: Property[], add: Add): void {
  for (let index = 0; index < Math.max(old.length, next.length); index++) {
    const [before, after] = [old[index], next[index]];
    const item = `${path}[${index}]`;
    if (index >= old.length) add(item, ADD);
    else if (index >= next.length) add(item, DELETE);
    else compare(item, before, after, add);
  }
}

// Fields whose values, or whose fields' values, are amounts of a resource.
const AMOUNTS =
  /(^|\.)(limits|requests|hard|capacity|allocatable|overhead|default|defaultRequest|min|max|maxLimitRequestRatio|used|sizeLimit|divisor|averageValue|podFixed)(\.|\[|$)/;

function sameAmount(path: string, old: Property, next: Property): boolean {
  if (!AMOUNTS.test(path)) return false;
  const texts = [old, next].map((value) => (typeof value === 'number' ? String(value) : value));
  const [before, after] = texts;
  return typeof before === 'string' && typeof after === 'string' && sameQuantity(before, after);
}

function join(path: string, key: string): string {
  if (/[."[\]]/.test(key)) return `${path}["${key.replaceAll('"', '\\"')}"]`;
  return path ? `${path}.${key}` : key;
}

/** Takes out the changes at or below the paths that the program's `ignoreChanges` names. */
export function withoutIgnored(changes: DetailedDiff, ignored: readonly string[]): DetailedDiff {
  const paths = ignored.map(pathSegments);
  return new Map(
    [...changes].filter(([path]) => !paths.some((ignore) => covers(ignore, pathSegments(path)))),
  );
}

/** Parts of a property path: `a.b[0]["c.d"]` and `*` for anything. */
export function pathSegments(path: string): string[] {
  return [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|([^.[\]]+)/g)].map(
    ([, quoted, index, plain]) => quoted?.replaceAll('\\"', '"') ?? index ?? plain ?? '',
  );
}

function covers(ignore: string[], path: string[]): boolean {
  return (
    ignore.length <= path.length &&
    ignore.every((segment, index) => segment === '*' || segment === path[index])
  );
}

/** Turns the changes at, above or below a field into replacements; adds the field where no change names it. */
export function replaceFor(changes: DetailedDiff, field: string): DetailedDiff {
  const segments = pathSegments(field);
  const replaced = new Map(changes);
  let found = false;
  for (const [path, kind] of changes) {
    const other = pathSegments(path);
    if (covers(segments, other) || covers(other, segments)) {
      replaced.set(path, REPLACING.get(kind) ?? kind);
      found = true;
    }
  }
  if (!found) replaced.set(field, UPDATE_REPLACE);
  return replaced;
}

export function replacedPaths(changes: DetailedDiff): string[] {
  const replacing = new Set(REPLACING.values());
  return [...changes].filter(([, kind]) => replacing.has(kind)).map(([path]) => path);
}
