import { detailedDiff, type DetailedDiff } from '../provider/diff';
import type { Property, PropertyMap } from '../provider/properties';
import { isImmutable } from './immutableFields';
import { sameQuantity } from './quantity';

/** What changes from the old object, pruned to what the old inputs spoke of, to the new inputs. */
export function objectDiff(old: PropertyMap, next: PropertyMap, immutable: readonly string[]): DetailedDiff {
  return detailedDiff(old, next, { replaces: (path) => isImmutable(path, immutable), same: sameAmount });
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
