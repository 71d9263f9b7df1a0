import type { Observation } from '../../observe/observeRequests';
import { isUnknown } from '../../observe/unknown';
import type { ByPair } from '../../planning/intervalPlan';

/** Requests of one interval times the carbon intensity where they were served, by four ways to serve the same ones. */
export interface IntervalCarbon {
  /** As it was, by the plans in force. */
  readonly served: number;
  /** By the plan of who knows the interval's requests and carbon. */
  readonly oracle: number;
  /** Every origin served itself. */
  readonly replay: number;
  /** By the policy latency. */
  readonly latency: number;
}

/** What was served, by origin and destination; null where Prometheus does not know all of it. */
export function servedCounts(observed: readonly Observation[]): ByPair | null {
  const counts: ByPair = {};
  for (const { origin, destination, requests } of observed) {
    if (isUnknown(requests)) return null;
    if (requests.served > 0) (counts[origin] ??= {})[destination] = requests.served;
  }
  return counts;
}

/** Requests by origin. */
export function demandIn(counts: ByPair): Record<string, number> {
  return Object.fromEntries(
    Object.entries(counts).map(([origin, row]) => [
      origin,
      Object.values(row).reduce((sum, count) => sum + count, 0),
    ]),
  );
}

/**
 * The same requests in the shares of a plan.
 * @param planned requests/s by origin and destination; an origin that is not there serves itself
 */
export function inSharesOf(demand: Readonly<Record<string, number>>, planned: ByPair): ByPair {
  return Object.fromEntries(
    Object.entries(demand).map(([origin, count]) => {
      const row = planned[origin] ?? { [origin]: 1 };
      const total = Object.values(row).reduce((sum, rate) => sum + rate, 0);
      return [
        origin,
        Object.fromEntries(
          Object.entries(row).map(([destination, rate]) => [destination, (count * rate) / total]),
        ),
      ];
    }),
  );
}

/** Requests times gCO2e/kWh, summed over pairs. */
export function carbonOf(counts: ByPair, grams: Readonly<Record<string, number>>): number {
  let sum = 0;
  for (const row of Object.values(counts)) {
    for (const [destination, count] of Object.entries(row)) {
      const own = grams[destination];
      if (own === undefined) throw new Error(`no carbon intensity of ${destination}`);
      sum += count * own;
    }
  }
  return sum;
}

/** Savings in percent of what every origin would have emitted by itself, and of what the policy latency would have. */
export interface Savings {
  readonly savingPercent: number | null;
  readonly oracleSavingPercent: number | null;
  /** How much less was saved than by the oracle, in percentage points. */
  readonly savingPointsBelowOracle: number | null;
  /** The same against the policy latency. */
  readonly savingPointsBelowOracleByLatency: number | null;
}

/** @param intervals null where what was served is not known, which leaves the sums unknown */
export function savingsOf(intervals: readonly (IntervalCarbon | null)[]): Savings {
  const sums = { served: 0, oracle: 0, replay: 0, latency: 0 };
  let known = intervals.length > 0;
  for (const interval of intervals) {
    if (!interval) known = false;
    else for (const way of ways) sums[way] += interval[way];
  }
  const saved = (way: 'served' | 'oracle', against: 'replay' | 'latency'): number | null =>
    known && sums[against] > 0 ? 100 * (1 - sums[way] / sums[against]) : null;
  const below = (against: 'replay' | 'latency'): number | null => {
    const [oracle, served] = [saved('oracle', against), saved('served', against)];
    return oracle === null || served === null ? null : oracle - served;
  };
  return {
    savingPercent: saved('served', 'replay'),
    oracleSavingPercent: saved('oracle', 'replay'),
    savingPointsBelowOracle: below('replay'),
    savingPointsBelowOracleByLatency: below('latency'),
  };
}

const ways = ['served', 'oracle', 'replay', 'latency'] as const;
