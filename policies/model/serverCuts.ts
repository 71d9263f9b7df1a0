import type { RegionCapacity } from '../problem';
import type { Commodity } from './commodity';
import { at, sum } from './matrix';

/** The servers of these destinations together are at least so many. */
export interface ServerCut {
  readonly destinations: readonly number[];
  readonly atLeast: number;
}

/**
 * What holds for whole servers and not for fractional ones: any set of destinations has enough whole servers for the
 * commodities that reach nothing outside the set. No placement is lost.
 *
 * Without these cuts the relaxation's bound stays below the optimum by the part of a server that rounding adds. Where
 * servers cost the same everywhere, a search then tries every way to spread them: minutes and more for a dozen
 * regions, where with them the relaxation mostly is the optimum.
 * @param maxCuts sets of destinations to consider: more of them make the model tighter and larger; 0 for no cut
 */
export function serverCuts(
  capacity: readonly RegionCapacity[],
  commodities: readonly Commodity[],
  maxCuts: number,
): ServerCut[] {
  if (maxCuts === 0) return [];
  const reaches = [
    ...new Map(commodities.map(({ destinations }) => [destinations.join(), destinations])).values(),
  ];
  return unionsOf(reaches, maxCuts).map((destinations) => {
    const inUnion = new Set(destinations);
    const captive = commodities.filter((commodity) =>
      commodity.destinations.every((destination) => inUnion.has(destination)),
    );
    const mostPerServer = Math.max(
      ...destinations.map((destination) => at(capacity, destination).requestsPerServer),
    );
    const requestsPerSecond = sum(captive.map((commodity) => commodity.requestsPerSecond));
    return { destinations, atLeast: Math.ceil(requestsPerSecond / mostPerServer) };
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
        if (found.size >= maxUnions) return [...found.values()];
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
