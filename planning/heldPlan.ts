import { sum } from '../policies/model/matrix';
import type { ByPair, IntervalPlan } from './intervalPlan';

/** Demand of an interval for which there is no plan of its own. */
export interface UnplannedInterval {
  /** Start, ISO 8601. */
  readonly interval: string;
  /** Requests/s by origin; those of the plan in force where it is unknown. */
  readonly requestsPerSecond: Readonly<Record<string, number>> | null;
}

/**
 * A plan as it serves another interval: that one's requests go by its weights, so they need not be whole. What nobody has
 * worked out for it, such as its carbon, is NaN, and its mean latency null. Pure.
 * @param why the interval has no plan of its own, or not that one in force
 */
export function heldPlan(
  inForce: IntervalPlan,
  { interval, requestsPerSecond }: UnplannedInterval,
  why: string,
): IntervalPlan {
  return {
    ...inForce,
    interval,
    requests: requestsPerSecond ? byWeights(inForce, requestsPerSecond) : inForce.requests,
    ...{ objective: NaN, carbonSum: NaN, meanLatencyMs: null },
    held: why,
  };
}

/** Requests/s by origin of a plan. */
export function demandOf({ regions, requests }: IntervalPlan): Record<string, number> {
  return Object.fromEntries(regions.map((origin) => [origin, sum(Object.values(requests[origin] ?? {}))]));
}

function byWeights({ regions, weights }: IntervalPlan, rates: Readonly<Record<string, number>>): ByPair {
  return Object.fromEntries(
    regions.map((origin) => {
      const row = Object.entries(weights[origin] ?? {});
      const total = sum(row.map(([, weight]) => weight)) || 1;
      const rate = rates[origin] ?? 0;
      return [
        origin,
        Object.fromEntries(row.map(([destination, weight]) => [destination, (rate * weight) / total])),
      ];
    }),
  );
}
