import { at, sum } from './arrays';
import { serversName, type Source } from './source';
import type { RegionCapacity } from './problem';
import type { Constraint } from './solver';

/**
 * What whole servers imply and fractional ones do not: any set of destinations has enough whole servers for the
 * sources that reach nothing outside the set. No placement is lost.
 *
 * Without these cuts the relaxation's bound stays below the optimum by the part of a server that rounding adds. Where
 * servers cost the same everywhere, a search then tries every way to spread them: minutes and more for a dozen
 * regions, where with them the relaxation mostly is the optimum.
 * @param maxUnions sets of destinations to consider: more of them make the model tighter and larger
 */
export function serverCuts(
  capacity: readonly RegionCapacity[],
  sources: readonly Source[],
  prefix: string,
  maxUnions: number,
): Constraint[] {
  const reaches = [
    ...new Map(sources.map(({ destinations }) => [destinations.join(), destinations])).values(),
  ];
  return unionsOf(reaches, maxUnions).map((union, index) => {
    const inUnion = new Set(union);
    const captive = sources.filter(({ destinations }) =>
      destinations.every((destination) => inUnion.has(destination)),
    );
    const mostPerServer = Math.max(
      ...union.map((destination) => at(capacity, destination).requestsPerServer),
    );
    return {
      name: `${prefix}whole${index}`,
      terms: union.map((destination) => ({ variable: prefix + serversName(destination), coefficient: 1 })),
      lower: Math.ceil(sum(captive.map(({ requestsPerSecond }) => requestsPerSecond)) / mostPerServer),
    };
  });
}

/** The union of all sets, then single sets, unions of two, of three, and so on up to `maxUnions`. */
function unionsOf(sets: readonly (readonly number[])[], maxUnions: number): number[][] {
  const all = union(sets.flat());
  if (all.length === 0) return [];
  const found = new Map([[all.join(), all]]);
  let level: number[][] = [[]];
  while (level.length > 0) {
    const next: number[][] = [];
    for (const smaller of level) {
      for (const set of sets) {
        const larger = union([...smaller, ...set]);
        if (found.has(larger.join())) continue;
        if (found.size === maxUnions) return [...found.values()];
        found.set(larger.join(), larger);
        next.push(larger);
      }
    }
    level = next;
  }
  return [...found.values()];
}

function union(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}
