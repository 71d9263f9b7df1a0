import { lossesOf } from './model/failureDomains';
import { Flow } from './model/flow';
import { glpk } from './model/glpk';
import { Model, sumOf, times, type Variable } from './model/linearModel';
import { at, loadsOf, sum } from './model/matrix';
import { roomOf } from './model/placementModel';
import { valuesOf, type Solver } from './model/solver';
import type { Commodity } from './model/commodity';
import type { Decision, PlacementProblem } from './problem';

/** Where one origin's share goes should the destination that serves it be lost. Regions by position. */
export interface BackupRow {
  readonly origin: number;
  readonly lost: number;
  /** Requests/s by destination; what no region may or can take is in none. */
  readonly requests: readonly number[];
}

/** What has to be ready for the loss of any one region, and where its requests go then. */
export interface Backups {
  readonly rows: readonly BackupRow[];
  /** Servers that must be ready besides the decision's, by destination. */
  readonly standbyServers: readonly number[];
}

/** How much a request counts that nobody serves, and one that is served beyond the bound, against one more that has to be ready. */
const unservedWeight = 1e6;
const lateWeight = 1e3;
const latencyWeight = 1e-3;

/**
 * Backup rows for the loss of any one failure domain that serves requests. Only the lost regions' requests move: all
 * others stay where the decision has them. Residency is kept always; the latency bound where a region within it has
 * room; and of the rest, as few servers as possible are ready besides the decision's. Domains with more requests are
 * lost first: what is ready for them serves the others too.
 */
export async function backupsOf(
  problem: PlacementProblem,
  decision: Decision,
  solver: Solver = glpk,
): Promise<Backups> {
  const { regions, capacity } = problem;
  const loads = loadsOf(decision.requests);
  const ready = [...decision.servers];
  const rows: BackupRow[] = [];
  const byName = [...regions.keys()].sort((one, other) => (at(regions, one) < at(regions, other) ? -1 : 1));
  const firstName = (lost: ReadonlySet<number>): number => byName.findIndex((region) => lost.has(region));
  const loadOf = (lost: ReadonlySet<number>): number => sum([...lost].map((region) => at(loads, region)));
  const losses = lossesOf(problem)
    .filter((lost) => loadOf(lost) > 0)
    .sort((one, other) => loadOf(other) - loadOf(one) || firstName(one) - firstName(other));
  for (const lost of losses) {
    const spare = capacity.map(({ requestsPerServer }, destination) =>
      Math.max(0, requestsPerServer * at(ready, destination) - at(loads, destination)),
    );
    const moved = await flowWithout(problem, { decision, loads, spare, byName }, lost, solver);
    for (const [destination, load] of loadsOf(moved.map(({ requests }) => requests)).entries()) {
      const needed = (load + at(loads, destination)) / at(capacity, destination).requestsPerServer;
      if (load > 0) ready[destination] = Math.max(at(ready, destination), Math.ceil(needed));
    }
    rows.push(...moved);
  }
  return {
    rows: rows.sort((one, other) => one.origin - other.origin || one.lost - other.lost),
    standbyServers: ready.map((count, destination) => count - at(decision.servers, destination)),
  };
}

interface Before {
  readonly decision: Decision;
  /** Requests/s by destination, and what the servers that are ready carry besides. */
  readonly loads: readonly number[];
  readonly spare: readonly number[];
  /** Regions' positions, by name: a row does not depend on the order of columns in a file. */
  readonly byName: readonly number[];
}

/**
 * minimise  U sum_c u_c + sum_cj late_cj y_cj + sum_j h_j
 * where     sum_j y_cj + u_c = x_c          what a lost region serves of an origin
 *           sum_c y_cj - h_j <= spare_j     h_j is what has to be ready besides, as far as the region may grow
 *
 * A network with integer data, so that the vertex is whole requests.
 */
async function flowWithout(
  problem: PlacementProblem,
  { decision, loads, spare, byName }: Before,
  lost: ReadonlySet<number>,
  solver: Solver,
): Promise<BackupRow[]> {
  const shares = byName.flatMap((origin) =>
    byName
      .filter((region) => lost.has(region) && at(at(decision.requests, origin), region) > 0)
      .map((region) => ({ origin, lost: region })),
  );
  const commodities = shares.map(({ origin, lost: region }): Commodity => ({
    origins: [origin],
    requestsPerSecond: at(at(decision.requests, origin), region),
    destinations: byName.filter(
      (destination) => !lost.has(destination) && problem.allowed?.[origin]?.[destination] !== false,
    ),
  }));
  const model = Model.empty();
  const flow = new Flow(model, commodities, problem.regions.length);
  const unserved = commodities.map(() => model.continuous());
  for (const [commodity, { requestsPerSecond }] of commodities.entries()) {
    model.equal([times(1, at(unserved, commodity)), ...flow.from(commodity)], requestsPerSecond);
  }
  const readyBesides = byName.flatMap((destination): Variable[] => {
    const inflow = flow.into(destination);
    if (inflow.length === 0) return [];
    const most = roomOf(at(problem.capacity, destination)) - at(loads, destination);
    const more = model.continuous(0, Math.max(0, most - at(spare, destination)));
    model.atMost([...inflow, times(-1, more)], at(spare, destination));
    return [more];
  });
  model.minimise(unserved.map((variable) => times(unservedWeight, variable)));
  model.minimise(sumOf(readyBesides));
  const late = lateness(problem);
  model.minimise(flow.weighted(({ origins }, destination) => late(at(origins, 0), destination)));
  const values = valuesOf(await solver.solveRelaxed(model));
  return flow.byCommodityAndDestination(values).map((row, commodity) => ({
    ...at(shares, commodity),
    requests: row.map((count) => Math.round(count) + 0),
  }));
}

/** What a request counts for where it is served: first whether within the bound, then how far away. */
function lateness({
  latencyMs,
  maxLatencyMs,
}: PlacementProblem): (origin: number, destination: number) => number {
  const slowestMs = Math.max(1, ...latencyMs.flat());
  return (origin, destination) => {
    const ms = at(at(latencyMs, origin), destination);
    return (latencyWeight * ms) / slowestMs + (ms > maxLatencyMs ? lateWeight * (1 + ms / slowestMs) : 0);
  };
}

/** Requests/s of a lost region that no other one takes; 0 where the backup is whole. */
export function unbackedRequests(
  { requests: planned }: Decision,
  { origin, lost, requests }: BackupRow,
): number {
  return at(at(planned, origin), lost) - sum(requests);
}
