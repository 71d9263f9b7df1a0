import { sum } from './decision';
import { serversName, type Pair } from './placementModel';
import type { PlacementProblem } from './problem';
import type { Constraint } from './solver';

/** Enough for every union among eight origins; beyond it the cuts would cost more time than they save. */
const maxUnions = 256;

/**
 * What whole servers imply and fractional ones do not: any set of destinations has enough whole servers for the
 * origins that reach nothing outside the set. No placement is lost.
 *
 * Without these cuts the relaxation's bound stays below the optimum by the part of a server that rounding adds. Where
 * servers cost the same everywhere, branch and bound then tries every way to spread them: minutes and more for a
 * dozen regions, where with them it takes milliseconds.
 */
export function serverCuts(problem: PlacementProblem, pairs: readonly Pair[]): Constraint[] {
  const { requestsPerSecond, requestsPerServer } = problem;
  const reaches = [...Map.groupBy(pairs, ({ origin }) => origin)].map(([origin, own]) => ({
    requests: requestsPerSecond[origin] ?? 0,
    destinations: new Set(own.map(({ destination }) => destination)),
  }));
  return unionsOf(reaches.map(({ destinations }) => destinations)).map((union, index) => {
    const captive = reaches.filter(({ destinations }) => isSubset(destinations, union));
    return {
      name: `wholeServers${index}`,
      terms: [...union].map((destination) => ({ variable: serversName(destination), coefficient: 1 })),
      lower: Math.ceil(sum(captive.map(({ requests }) => requests)) / requestsPerServer),
    };
  });
}

/** The union of all sets, then single sets, unions of two, of three, and so on up to `maxUnions`. */
function unionsOf(sets: readonly Set<number>[]): Set<number>[] {
  const all = sorted(sets.flatMap((set) => [...set]));
  if (all.size === 0) return [];
  const found = new Map([[keyOf(all), all]]);
  let level = [new Set<number>()];
  while (level.length > 0) {
    const next: Set<number>[] = [];
    for (const smaller of level) {
      for (const set of sets) {
        const union = sorted([...smaller, ...set]);
        const key = keyOf(union);
        if (found.has(key)) continue;
        if (found.size === maxUnions) return [...found.values()];
        found.set(key, union);
        next.push(union);
      }
    }
    level = next;
  }
  return [...found.values()];
}

const sorted = (values: readonly number[]): Set<number> => new Set([...values].sort((a, b) => a - b));
const keyOf = (set: ReadonlySet<number>): string => [...set].join();
const isSubset = (small: ReadonlySet<number>, large: ReadonlySet<number>): boolean =>
  [...small].every((value) => large.has(value));
