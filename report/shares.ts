import type { IntervalPlan } from '../planning/intervalPlan';
import type { Observation } from '../observe/observeRequests';
import { isUnknown, type Unknown } from '../observe/unknown';
import { PairTable, sumKnown } from './pairTable';

/** Planned against served requests of one origin to one destination. */
export interface Share {
  readonly origin: string;
  readonly destination: string;
  readonly plannedRequestsPerSecond: number;
  /** Of the origin's planned requests; null where it has none. */
  readonly plannedPercent: number | null;
  /** Requests that were counted. */
  readonly served: number | Unknown;
  /** Of the origin's served requests; null where it has none. */
  readonly servedPercent: number | null | Unknown;
  /** How often the origin's Traefik began anew: `served` is a lower bound where it is not 0, and the share not exact. */
  readonly resets: number;
}

/** Every pair that a plan names or that was served; pure. */
export function sharesOf(
  { requests }: Pick<IntervalPlan, 'requests'>,
  regions: readonly string[],
  observations: readonly Observation[],
): Share[] {
  const observed = new PairTable(observations);
  return regions.flatMap((origin) => {
    const row = requests[origin] ?? {};
    const planned = Object.values(row).reduce((total, rate) => total + rate, 0);
    const total = sumKnown(regions.map((destination) => observed.served(origin, destination)));
    return regions.flatMap((destination): Share[] => {
      const plannedRequestsPerSecond = row[destination] ?? 0;
      const served = observed.served(origin, destination);
      if (plannedRequestsPerSecond === 0 && served === 0) return [];
      return [
        {
          origin,
          destination,
          plannedRequestsPerSecond,
          plannedPercent: planned === 0 ? null : (100 * plannedRequestsPerSecond) / planned,
          served,
          servedPercent: percentOf(served, total),
          resets: observed.resetsOf(origin),
        },
      ];
    });
  });
}

function percentOf(served: number | Unknown, total: number | Unknown): number | null | Unknown {
  if (isUnknown(served)) return served;
  if (isUnknown(total)) return total;
  return total === 0 ? null : (100 * served) / total;
}
