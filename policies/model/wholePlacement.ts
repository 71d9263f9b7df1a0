import type { PlacementProblem } from '../problem';
import { serversFor } from './decision';
import type { Flow } from './flow';
import { solveWhole } from './integerSearch';
import { valueOf, type Model, type Values } from './linearModel';
import type { PlacementVariables } from './placementModel';
import { roundingCuts } from './roundingCuts';
import { valuesOf, type Solver } from './solver';

/** A solution of a placement model in whole servers and whole requests. */
export interface WholePlacement {
  /** By destination, as are the loads in requests/s. */
  readonly servers: readonly number[];
  readonly loads: readonly number[];
  readonly flow: Flow;
  readonly values: Values;
  /** Which solver proved it. */
  readonly solver: string;
}

/** @returns null when no placement keeps every limit */
export async function solvePlacement(
  problem: PlacementProblem,
  model: Model,
  { flow, servers }: PlacementVariables,
  solver: Solver,
): Promise<WholePlacement | null> {
  const best = await solveWhole(
    model,
    solver,
    (values) => {
      const rounded = [...values];
      for (const [destination, load] of flow.loads(values).entries()) {
        const variable = servers[destination];
        if (!variable) continue;
        // Servers may also be held for the loss of a region.
        const held = problem.survivesRegionLoss ? Math.ceil(valueOf(values, variable) - 1e-6) : 0;
        rounded[variable.index] = Math.max(held, serversFor(problem, destination, load));
      }
      return rounded;
    },
    (values) => roundingCuts(flow, servers, problem.capacity, values),
  );
  if (best.status === 'infeasible') return null;
  const counts = servers.map((variable) => Math.round(valueOf(best.values, variable)));
  const values = flow.isWhole(best.values)
    ? best.values
    : valuesOf(await solver.solveRelaxed(withFixed(model, servers, counts)));
  return { servers: counts, loads: flow.loads(values).map(Math.round), flow, values, solver: best.solver };
}

/** With its servers fixed a placement is a network, and a vertex of that is integral. */
function withFixed(model: Model, servers: PlacementVariables['servers'], counts: readonly number[]): Model {
  const fixed = model.copy();
  fixed.fix(servers, counts);
  return fixed;
}
