import { glpk } from './model/glpk';
import { optimise } from './model/optimise';
import { byRegionName } from './model/regionOrder';
import type { Solver } from './model/solver';
import type { IntervalPolicy, ObjectiveWeights } from './problem';

/** The reference's carbon objective: what `weighted` takes where no weights are given. */
export const referenceWeights: ObjectiveWeights = { carbon: 0.9, latency: 0, servers: 0.1, cost: 0 };

export interface WeightedOptions {
  /** `referenceWeights` when absent. */
  readonly objectiveWeights?: ObjectiveWeights | undefined;
  /** GLPK when absent. */
  readonly solver?: Solver | undefined;
}

/** The least weighted sum of carbon, latency, servers and cost, within the latency bound. */
export function weighted({
  objectiveWeights = referenceWeights,
  solver = glpk,
}: WeightedOptions = {}): IntervalPolicy {
  return {
    sees: 'interval',
    bounded: true,
    place: byRegionName((problem) => optimise(problem, objectiveWeights, solver)),
  };
}
