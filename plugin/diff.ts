import { DiffResponse, PropertyDiff } from '@pulumi/pulumi/proto/provider_pb';
import { equal, isMap, Unknown, type Property, type PropertyMap } from './properties';

type Kind = PropertyDiff.Kind;
const { ADD, ADD_REPLACE, DELETE, DELETE_REPLACE, UPDATE, UPDATE_REPLACE } = PropertyDiff.Kind;
const REPLACING = new Map<Kind, Kind>([
  [ADD, ADD_REPLACE],
  [DELETE, DELETE_REPLACE],
  [UPDATE, UPDATE_REPLACE],
]);

/** Changes by path, such as `spec.template.spec.containers[0].image`, in the form that the engine prints. */
export type DetailedDiff = Map<string, Kind>;

/** What a change means to the resource that is compared. */
export interface Comparison {
  /** True where a change at this path takes a new resource. */
  readonly replaces: (path: string) => boolean;
  /** True for values that mean the same in spite of their spelling. */
  readonly same?: (path: string, old: Property, next: Property) => boolean;
}

/** What changes from the old properties to the new ones. */
export function detailedDiff(old: PropertyMap, next: PropertyMap, comparison: Comparison): DetailedDiff {
  const changes: DetailedDiff = new Map();
  const { replaces, same = () => false } = comparison;
  const add = (path: string, kind: Kind): void => {
    changes.set(path, replaces(path) ? (REPLACING.get(kind) ?? kind) : kind);
  };
  compareMaps('', old, next, { add, same });
  return changes;
}

interface Comparing {
  readonly add: (path: string, kind: Kind) => void;
  readonly same: (path: string, old: Property, next: Property) => boolean;
}

function compareMaps(path: string, old: PropertyMap, next: PropertyMap, comparing: Comparing): void {
  for (const key of new Set([...Object.keys(old), ...Object.keys(next)])) {
    compare(join(path, key), old[key], next[key], comparing);
  }
}

function compare(
  path: string,
  old: Property | undefined,
  next: Property | undefined,
  comparing: Comparing,
): void {
  const { add, same } = comparing;
  // A null and a field that is not there are the same.
  const before = old ?? undefined;
  const after = next ?? undefined;
  if (before === undefined && after === undefined) return;
  if (after instanceof Unknown) add(path, before === undefined ? ADD : UPDATE);
  else if (before === undefined) add(path, ADD);
  else if (after === undefined) add(path, DELETE);
  else if (isMap(before) && isMap(after)) compareMaps(path, before, after, comparing);
  else if (Array.isArray(before) && Array.isArray(after)) compareLists(path, before, after, comparing);
  else if (!equal(before, after) && !same(path, before, after)) add(path, UPDATE);
}

function compareLists(path: string, old: Property[], next: Property[], comparing: Comparing): void {
  for (let index = 0; index < Math.max(old.length, next.length); index++) {
    const [before, after] = [old[index], next[index]];
    const item = `${path}[${index}]`;
    if (index >= old.length) comparing.add(item, ADD);
    else if (index >= next.length) comparing.add(item, DELETE);
    else compare(item, before, after, comparing);
  }
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

/** Changes of inputs, as the engine wants to be told of them. */
export function diffResponse(changes: DetailedDiff): DiffResponse {
  const { DIFF_NONE, DIFF_SOME } = DiffResponse.DiffChanges;
  const response = new DiffResponse()
    .setChanges(changes.size > 0 ? DIFF_SOME : DIFF_NONE)
    .setReplacesList(replacedPaths(changes))
    .setHasdetaileddiff(true);
  for (const [path, kind] of changes) {
    response.getDetaileddiffMap().set(path, new PropertyDiff().setKind(kind).setInputdiff(true));
  }
  return response;
}

export function replacedPaths(changes: DetailedDiff): string[] {
  const replacing = new Set(REPLACING.values());
  return [...changes].filter(([, kind]) => replacing.has(kind)).map(([path]) => path);
}
