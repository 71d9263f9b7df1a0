import type { PlacementProblem } from '../problem';

/** The positions of the regions that are lost together, a set for each failure domain, in the order of its first region. */
export function lossesOf({
  capacity,
  failureDomains,
}: Pick<PlacementProblem, 'capacity' | 'failureDomains'>): ReadonlySet<number>[] {
  const byDomain = Map.groupBy(capacity.keys(), (region) => failureDomains?.[region] ?? region);
  return [...byDomain.values()].map((regions) => new Set(regions));
}
