import { at, loadsOf, sum } from '../policies/model/matrix';
import { destinationGrams, energyKwh, networkGrams, networkKwh } from '../policies/model/energy';
import type { Decision, PlacementProblem, Switching } from '../policies/problem';
import { destinationOfUnexpected } from '../planning/unexpectedRequests';

/** What a series of decisions comes to when the true requests arrive. Intervals are one hour. */
export interface SimulatedOutcome {
  readonly intervals: number;
  /** Requests/s that arrive, summed over intervals. */
  readonly requests: number;
  /** Requests/s times gCO2e/kWh, summed: the reference's measure. */
  readonly carbonSum: number;
  /** gCO2e: energy of servers and network by the intensity of their grids, and what servers took to be made. */
  readonly carbonGrams: number;
  /** Of these, what servers took to be made. */
  readonly embodiedGrams: number;
  /** Of these, the network's energy. */
  readonly networkGrams: number;
  /** gCO2e of the changes, by the costs in `switching`. */
  readonly switchingGrams: number;
  readonly energyKwh: number;
  /** Money, in the currency of the prices. */
  readonly cost: number;
  /** Network latency of the mean request that is served, in ms; null where none is. */
  readonly meanLatencyMs: number | null;
  readonly p95LatencyMs: number | null;
  /** Servers, summed over regions and intervals. */
  readonly servers: number;
  /** Servers started or stopped from one interval to the next. */
  readonly serverChanges: number;
  /** Times that a region's servers changed from one interval to the next. */
  readonly regionChanges: number;
  /** Minutes in which a region gets more requests than its servers carry, summed over regions. */
  readonly overloadMinutes: number;
  /** Requests/s that arrive above what the servers carry, summed over intervals and regions. */
  readonly overloadRequests: number;
  /** Requests/s of origins that none were expected from, where no region with servers may serve them; summed. */
  readonly unservedRequests: number;
}

/**
 * Measures decisions by the true requests: servers as decided, every origin's true requests in the decided shares.
 * @param truth one problem an interval, with the true requests and carbon
 */
export function outcomeOf(
  truth: readonly PlacementProblem[],
  decisions: readonly Decision[],
  switching: Switching,
): SimulatedOutcome {
  const requestsByLatency = new Map<number, number>();
  const total = {
    carbonSum: 0,
    carbonGrams: 0,
    embodiedGrams: 0,
    networkGrams: 0,
    energyKwh: 0,
    cost: 0,
    overloadMinutes: 0,
    overloadRequests: 0,
    unservedRequests: 0,
  };
  for (const [interval, problem] of truth.entries()) {
    const decision = at(decisions, interval);
    const flows = trueFlows(problem, decision);
    for (const [origin, arriving] of problem.requestsPerSecond.entries()) {
      if (arriving > 0 && at(flows, origin).every((count) => count === 0)) total.unservedRequests += arriving;
    }
    for (const [origin, row] of flows.entries()) {
      for (const [destination, count] of row.entries()) {
        if (count === 0) continue;
        const ms = at(at(problem.latencyMs, origin), destination);
        requestsByLatency.set(ms, (requestsByLatency.get(ms) ?? 0) + count);
      }
    }
    const onTheWay = networkGrams(problem, flows);
    total.networkGrams += onTheWay;
    total.carbonGrams += onTheWay;
    for (const [region, load] of loadsOf(flows).entries()) {
      const capacity = at(problem.capacity, region);
      const servers = at(decision.servers, region);
      const carbonGramsPerKwh = at(problem.carbonGramsPerKwh, region);
      const kwh = energyKwh(capacity, servers, load);
      const above = load - servers * capacity.requestsPerServer;
      total.carbonSum += load * carbonGramsPerKwh;
      total.energyKwh += kwh + networkKwh(problem, load);
      total.carbonGrams += destinationGrams(capacity, servers, load, carbonGramsPerKwh);
      total.embodiedGrams += capacity.embodiedGramsPerServerHour * servers;
      total.cost += servers * capacity.pricePerServerHour;
      // The decided shares of the true requests are fractions: less than a thousandth of a request is rounding error.
      if (above > 1e-3) {
        total.overloadMinutes += 60;
        total.overloadRequests += above;
      }
    }
  }
  const served = sum([...requestsByLatency.values()]);
  const requests = sum(truth.flatMap(({ requestsPerSecond }) => requestsPerSecond));
  return {
    intervals: truth.length,
    requests,
    ...total,
    meanLatencyMs:
      served === 0 ? null : sum([...requestsByLatency].map(([ms, count]) => ms * count)) / served,
    p95LatencyMs: served === 0 ? null : quantileOf(requestsByLatency, 0.95),
    servers: sum(decisions.flatMap(({ servers }) => servers)),
    ...changesOf(decisions, switching),
  };
}

/** Requests/s, [origin][destination]: every origin's true requests in the shares that were decided for it. */
function trueFlows(problem: PlacementProblem, decision: Decision): number[][] {
  return decision.requests.map((row, origin) => {
    const planned = sum(row);
    const arriving = at(problem.requestsPerSecond, origin);
    if (planned > 0) return row.map((count) => (count * arriving) / planned);
    // None were expected from there, so no shares were decided.
    const unexpected = destinationOfUnexpected(problem, decision, origin);
    return row.map((_, destination) => (destination === unexpected ? arriving : 0));
  });
}

/** The weighted quantile: the smallest value such that values up to it have the given share of all weight. */
function quantileOf(weights: ReadonlyMap<number, number>, share: number): number {
  const sorted = [...weights].sort(([a], [b]) => a - b);
  const wanted = share * sum([...weights.values()]);
  let reached = 0;
  for (const [value, weight] of sorted) {
    reached += weight;
    if (reached >= wanted * (1 - 1e-12)) return value;
  }
  throw new Error('no quantile of nothing');
}

function changesOf(
  decisions: readonly Decision[],
  { gramsPerServerChange, gramsPerRequestMoved }: Switching,
): Pick<SimulatedOutcome, 'serverChanges' | 'regionChanges' | 'switchingGrams'> {
  let [serverChanges, regionChanges, moved] = [0, 0, 0];
  for (const [interval, { servers, requests }] of decisions.entries()) {
    if (interval === 0) continue;
    const before = at(decisions, interval - 1);
    const [loads, loadsBefore] = [loadsOf(requests), loadsOf(before.requests)];
    for (const [region, count] of servers.entries()) {
      const change = Math.abs(count - at(before.servers, region));
      serverChanges += change;
      if (change > 0) regionChanges++;
      moved += Math.abs(at(loads, region) - at(loadsBefore, region));
    }
  }
  const switchingGrams = gramsPerServerChange * serverChanges + gramsPerRequestMoved * moved;
  return { serverChanges, regionChanges, switchingGrams };
}
