import { destinationsOf } from '../policies/model/commodity';
import { serversFor } from '../policies/model/decision';
import { at, loadsOf, sum } from '../policies/model/matrix';
import { carbonWeights, costsOf, objectiveOf } from '../policies/model/objective';
import type { ObjectiveWeights, Placement, PlacementProblem } from '../policies/problem';
import type { StackPlan } from '../stack/stackConfig';
import { apportion } from './apportion';

/** How many of all planned requests a change moves, in percent, and how many would have moved without the limit. */
export interface Moved {
  readonly percent: number;
  readonly wantedPercent: number;
  /** casper:live.mostPercentMoved. */
  readonly mostPercent: number;
  /** Why more moves than that; absent where no more does. */
  readonly because?: string;
}

/** Steps from the limit to the whole change in which the least is looked for that keeps every bound. */
const steps = 100;

/**
 * Goes from the weights in force towards a placement, so that no more than a share of all requests moves: each origin
 * goes the same part of its way, in whole requests. Weights in force and placement each keep latency, residency and
 * capacity, so what lies between does too; where the weights in force do not, for what must leave a region and for what
 * the servers no longer carry, as much more moves as they take. Pure.
 * @param problem without pins, which may take several changes to come into force
 * @param placement keeps every limit of the problem
 */
export function limitMoves(
  problem: PlacementProblem,
  placement: Placement,
  weights: StackPlan['weights'],
  mostPercent: number,
  objective: { readonly alpha: number; readonly objectiveWeights?: ObjectiveWeights },
): { readonly placement: Placement; readonly moved: Moved } {
  const wanted = placement.requests;
  const total = sum(problem.requestsPerSecond);
  const starts = wanted.map((row, origin) => startOf(problem, origin, row, weights));
  const from = starts.map(({ row }) => row);
  const forced = sum(starts.map(({ forced: count }) => count));
  const ways = wanted.map((row, origin) => sum(gains(at(from, origin), row)));
  const way = sum(ways);
  const percentOf = (count: number): number => (total === 0 ? 0 : Number(((100 * count) / total).toFixed(1)));
  const moved = (count: number, because?: string): Moved => ({
    percent: percentOf(forced + count),
    wantedPercent: percentOf(forced + way),
    mostPercent,
    ...(because !== undefined && { because }),
  });
  // One request at least: else nothing would ever move where few come.
  const most = Math.max(1, Math.floor((mostPercent * total) / 100));
  const budget = Math.max(0, most - forced);
  const forcedOut = forced > most ? 'so many are sent where they may no longer be served' : undefined;
  if (way <= budget) return { placement, moved: moved(way, forcedOut) };
  for (let step = 0; step < steps; step++) {
    const count = budget + Math.floor(((way - budget) * step) / steps);
    const parts = apportion(count, ways);
    const requests = wanted.map((row, origin) => between(at(from, origin), row, at(parts, origin)));
    const loads = loadsOf(requests);
    if (!fits(problem, loads)) continue;
    const decision = {
      requests,
      servers: loads.map((load, region) => serversFor(problem, region, load)),
    };
    const costs = costsOf(problem, objective.objectiveWeights ?? carbonWeights(objective.alpha));
    return {
      placement: {
        ...placement,
        ...decision,
        objective: objectiveOf(costs, decision),
        solver: { ...placement.solver, status: 'limited by mostPercentMoved' },
      },
      moved: moved(count, step > 0 ? 'the servers do not carry them otherwise' : forcedOut),
    };
  }
  return { placement, moved: moved(way, 'the servers do not carry them otherwise') };
}

/** An origin's requests by the weights in force; what may not be served where they send it goes where it is wanted. */
function startOf(
  problem: PlacementProblem,
  origin: number,
  wanted: readonly number[],
  weights: StackPlan['weights'],
): { readonly row: readonly number[]; readonly forced: number } {
  const inForce = weights[at(problem.regions, origin)] ?? {};
  const row = apportion(
    sum(wanted),
    problem.regions.map((region) => inForce[region] ?? 0),
  );
  // Nothing is known of where they went before.
  if (sum(row) < sum(wanted)) return { row: wanted, forced: 0 };
  const may = new Set(destinationsOf(problem, origin));
  const stays = row.map((count, region) => (may.has(region) ? count : 0));
  const forced = sum(row) - sum(stays);
  const added = apportion(forced, gains(stays, wanted));
  return { row: stays.map((count, region) => count + at(added, region)), forced };
}

function gains(from: readonly number[], to: readonly number[]): number[] {
  return to.map((count, region) => Math.max(0, count - at(from, region)));
}

/** So many requests of the way from one row to another. */
function between(from: readonly number[], to: readonly number[], count: number): number[] {
  const [added, taken] = [apportion(count, gains(from, to)), apportion(count, gains(to, from))];
  return from.map((value, region) => value + at(added, region) - at(taken, region));
}

function fits({ capacity, maxRequestsPerRegion = Infinity }: PlacementProblem, loads: readonly number[]) {
  return loads.every((load, region) => {
    const { maxServers, requestsPerServer } = at(capacity, region);
    return load <= Math.min(maxServers * requestsPerServer, maxRequestsPerRegion);
  });
}
