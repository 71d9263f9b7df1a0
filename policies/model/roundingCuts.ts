import type { RegionCapacity } from '../problem';
import type { Flow } from './flow';
import { times, valueOf, type Row, type Values, type Variable } from './linearModel';
import { at, sum } from './matrix';

/** A cut that a solution violates by less is not worth a row. */
const minViolation = 1e-6;
/** The most violated ones are enough for one round. */
const maxCuts = 12;
/** Sets of destinations to consider: all of six regions. */
const maxSets = 64;

/**
 * Mixed-integer rounding cuts (L. A. Wolsey, Integer Programming, chapter 8) that a solution of the relaxation
 * violates. No placement in whole servers does. What commodities C send to destinations D is at most r, all of their
 * requests, and at most k s, what the servers there carry. With s whole, and f what is left of r for the last of the
 * n = ceil(r / k) servers that it needs:
 *
 *     sum_{c in C, j in D} x_cj <= r - f (n - s)            s = sum_{j in D} s_j
 *
 * They close the gap that `serverCuts` leaves where every origin prefers a destination of its own.
 */
export function roundingCuts(
  flow: Flow,
  servers: readonly Variable[],
  capacity: readonly RegionCapacity[],
  values: Values,
): Row[] {
  const sent = flow.byCommodityAndDestination(values);
  const cuts = setsOf(capacity.length).flatMap((destinations) => {
    const running = destinations.map((destination) => at(servers, destination));
    const cut = mostViolated(
      sent.map((row, commodity) => ({
        commodity,
        requests: at(flow.commodities, commodity).requestsPerSecond,
        sent: sum(destinations.map((destination) => at(row, destination))),
      })),
      Math.max(...destinations.map((destination) => at(capacity, destination).requestsPerServer)),
      sum(running.map((variable) => valueOf(values, variable))),
    );
    if (!cut) return [];
    const inflow = flow.arcs.filter(
      ({ commodity, destination }) => cut.commodities.has(commodity) && destinations.includes(destination),
    );
    const expression = [
      ...inflow.map(({ variable }) => times(1, variable)),
      ...running.map((variable) => times(-cut.lastServer, variable)),
    ];
    const upper = cut.requests - cut.lastServer * cut.serversNeeded;
    return [{ violation: cut.violation, row: { expression, lower: -Infinity, upper } }];
  });
  return cuts
    .sort((one, other) => other.violation - one.violation)
    .slice(0, maxCuts)
    .map(({ row }) => row);
}

interface Share {
  readonly commodity: number;
  /** All of the commodity's requests, and those that go to the destinations considered. */
  readonly requests: number;
  readonly sent: number;
}

interface Cut {
  readonly commodities: ReadonlySet<number>;
  /** r, n and f. */
  readonly requests: number;
  readonly serversNeeded: number;
  readonly lastServer: number;
  readonly violation: number;
}

/** Tries sets of commodities that grow by the one that sends the largest share of its requests to the destinations. */
function mostViolated(shares: readonly Share[], requestsPerServer: number, servers: number): Cut | null {
  const byShare = shares
    .filter(({ sent }) => sent > 0)
    .sort((one, other) => other.sent / other.requests - one.sent / one.requests);
  let best: Omit<Cut, 'commodities'> | null = null;
  let bestCount = 0;
  let [requests, sent] = [0, 0];
  for (const [position, share] of byShare.entries()) {
    requests += share.requests;
    sent += share.sent;
    const serversNeeded = Math.ceil(requests / requestsPerServer);
    const lastServer = requests - requestsPerServer * (serversNeeded - 1);
    const violation = sent - requests + lastServer * (serversNeeded - servers);
    if (violation <= (best?.violation ?? minViolation)) continue;
    best = { requests, serversNeeded, lastServer, violation };
    bestCount = position + 1;
  }
  return (
    best && { ...best, commodities: new Set(byShare.slice(0, bestCount).map(({ commodity }) => commodity)) }
  );
}

/** Single destinations, then pairs, and so on. */
function setsOf(count: number): number[][] {
  const sets = Array.from({ length: count }, (_, index) => [index]);
  for (const smaller of sets) {
    for (let index = (smaller.at(-1) ?? 0) + 1; index < count; index++) {
      if (sets.length >= maxSets) return sets;
      sets.push([...smaller, index]);
    }
  }
  return sets;
}
