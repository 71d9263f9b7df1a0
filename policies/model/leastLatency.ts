import type { PlacementProblem } from '../problem';
import { commoditiesByOrigin } from './commodity';
import { Model, sumOf } from './linearModel';
import { at, sum } from './matrix';
import { addPlacement } from './placementModel';
import type { Solver } from './solver';
import { solvePlacement, type WholePlacement } from './wholePlacement';

/**
 * Of the placements in which each group of destinations has the same requests and servers in total as in a given one,
 * the one with the least total latency.
 * @param groupOf a name by destination, the same for all destinations of a group
 */
export async function leastLatency(
  problem: PlacementProblem,
  given: Pick<WholePlacement, 'loads' | 'servers'>,
  groupOf: readonly string[],
  solver: Solver,
): Promise<WholePlacement> {
  const { regions, latencyMs } = problem;
  const groups = Map.groupBy(regions.keys(), (destination) => at(groupOf, destination));
  const loadOf = (group: readonly number[]): number => sum(group.map((index) => at(given.loads, index)));
  const hasLoad = new Map([...groups].map(([name, group]) => [name, loadOf(group) > 0]));
  const commodities = commoditiesByOrigin(problem).map((commodity) => ({
    ...commodity,
    destinations: commodity.destinations.filter((destination) => hasLoad.get(at(groupOf, destination))),
  }));
  const slowestMs = Math.max(1, ...latencyMs.flat());

  const model = Model.empty();
  const placement = addPlacement(model, { ...problem, survivesRegionLoss: false }, commodities, {
    perRequest: ({ origins }, destination) => at(at(latencyMs, at(origins, 0)), destination) / slowestMs,
    perServer: () => 0,
  });
  const { flow, servers } = placement;
  for (const group of groups.values()) {
    const inflow = group.flatMap((destination) => flow.into(destination));
    if (inflow.length === 0) continue;
    model.equal(inflow, loadOf(group));
    model.atMost(
      sumOf(group.map((destination) => at(servers, destination))),
      sum(group.map((destination) => at(given.servers, destination))),
    );
  }
  const solved = await solvePlacement(problem, model, placement, solver);
  if (!solved) throw new Error('no solver finds again the placement that was found before');
  return solved;
}
