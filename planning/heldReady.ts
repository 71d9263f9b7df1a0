import { cpuMillicoresOf } from '../stack/capacity';
import { backupsOf, unbackedRequests, type BackupRow, type Backups } from '../policies/backup';
import { lossesOf } from '../policies/model/failureDomains';
import { at, sum } from '../policies/model/matrix';
import { solvers } from '../policies/model/solvers';
import type { Placement, PlacementProblem } from '../policies/problem';
import type { PlanOptions } from './planOptions';
import { trafficWeightsOf } from './trafficWeights';
import { destinationOfUnexpected } from './unexpectedRequests';

/** What is ready for the loss of any one region. */
export interface ReadyForLoss {
  /** Of all regions, by name: CPU limit that is held without being reserved, in millicores. */
  readonly standbyMillicores: Readonly<Record<string, number>>;
  /** Weights of the regions that take an origin's share, by origin and by the destination that is lost. */
  readonly backup: Readonly<Record<string, Record<string, Record<string, number>>>>;
  /** Shares that no region takes, or only one beyond the latency bound; empty where the backup is whole. */
  readonly backupFaults: readonly BackupFault[];
}

/** A share whose backup is not what it should be. */
export interface BackupFault {
  readonly origin: string;
  /** The region that is lost. */
  readonly lost: string;
  readonly requestsPerSecond: number;
  /** `residency`: no region that is not lost too may serve it. `room`: the others have none left. `latency`: it is served beyond the bound. */
  readonly limit: 'residency' | 'room' | 'latency';
}

/** A placement, and what is ready for the loss of any one of its regions. */
export interface HeldPlacement {
  readonly placement: Placement;
  /** Null where nothing is held ready. */
  readonly backups: Backups | null;
}

/**
 * Adds what is held ready. By servers, the placement gets the few more that a lost region's share needs where it alone
 * moves: N-1 in the model lets all requests move.
 */
export async function holdReady(
  problem: PlacementProblem,
  placement: Placement,
  { heldReady, solver }: Pick<PlanOptions, 'heldReady' | 'solver'>,
): Promise<HeldPlacement> {
  if (heldReady === undefined || heldReady === 'none') return { placement, backups: null };
  const backups = await backupsOf(problem, placement, solvers[solver ?? 'glpk']);
  if (heldReady === 'limit') return { placement, backups };
  const servers = placement.servers.map((count, region) => count + at(backups.standbyServers, region));
  return {
    placement: { ...placement, servers },
    backups: { ...backups, standbyServers: servers.map(() => 0) },
  };
}

/** Names and weights of what is held ready; pure. */
export function describeReady(
  problem: PlacementProblem,
  { placement, backups }: HeldPlacement,
  { capacity, keepWarm }: Pick<PlanOptions, 'capacity' | 'keepWarm'>,
): ReadyForLoss {
  const { regions } = problem;
  const nameOf = (region: number): string => at(regions, region);
  const standbyServers = backups?.standbyServers ?? regions.map(() => 0);
  const standby = (region: string, index: number): number => {
    const servers = at(placement.servers, index);
    const own = capacity(region);
    return (
      cpuMillicoresOf(servers + at(standbyServers, index), own, keepWarm) -
      cpuMillicoresOf(servers, own, keepWarm)
    );
  };
  const ready = placement.servers.map((count, region) => count + at(standbyServers, region));
  const rows = backups ? [...backups.rows, ...rowsOfUnexpected(problem, placement, ready)] : [];
  const backup: Record<string, Record<string, Record<string, number>>> = {};
  for (const { origin, lost, requests } of rows) {
    if (sum(requests) === 0) continue;
    const byName = requests.map((count, destination): [string, number] => [nameOf(destination), count]);
    (backup[nameOf(origin)] ??= {})[nameOf(lost)] = trafficWeightsOf(Object.fromEntries(byName));
  }
  return {
    standbyMillicores: Object.fromEntries(regions.map((region, index) => [region, standby(region, index)])),
    backup,
    backupFaults: (backups?.rows ?? []).flatMap((row) => faultsOf(problem, placement, row)),
  };
}

/** Of origins that no requests are expected from: all of them go to the nearest region that is ready. */
function rowsOfUnexpected(
  problem: PlacementProblem,
  placement: Placement,
  ready: readonly number[],
): BackupRow[] {
  return problem.requestsPerSecond.flatMap((expected, origin): BackupRow[] => {
    const lost = destinationOfUnexpected(problem, placement, origin);
    if (expected > 0 || lost === undefined) return [];
    const lostWith = lossesOf(problem).find((domain) => domain.has(lost));
    const left = { servers: ready.map((count, region) => (lostWith?.has(region) ? 0 : count)) };
    const destination =
      destinationOfUnexpected(problem, left, origin) ??
      destinationOfUnexpected({ ...problem, maxLatencyMs: Infinity }, left, origin);
    return [{ origin, lost, requests: ready.map((_, region) => (region === destination ? 1 : 0)) }];
  });
}

function faultsOf(problem: PlacementProblem, placement: Placement, row: BackupRow): BackupFault[] {
  const { regions, allowed, latencyMs, maxLatencyMs } = problem;
  const { origin, lost, requests } = row;
  const lostWith = lossesOf(problem).find((domain) => domain.has(lost));
  const others = [...regions.keys()].filter(
    (region) => !lostWith?.has(region) && allowed?.[origin]?.[region] !== false,
  );
  const late = sum(
    requests.filter((_, destination) => at(at(latencyMs, origin), destination) > maxLatencyMs),
  );
  const share = { origin: at(regions, origin), lost: at(regions, lost) };
  const found = [
    {
      requestsPerSecond: unbackedRequests(placement, row),
      limit: others.length === 0 ? 'residency' : 'room',
    },
    { requestsPerSecond: late, limit: 'latency' },
  ] as const;
  return found
    .filter(({ requestsPerSecond }) => requestsPerSecond > 0)
    .map((fault) => ({ ...share, ...fault }));
}
