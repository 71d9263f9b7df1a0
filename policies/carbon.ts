import { glpk } from './model/glpk';
import { carbonWeights } from './model/objective';
import { optimise } from './model/optimise';
import { placeForErrors } from './model/placeForErrors';
import { byRegionName } from './model/regionOrder';
import type { Solver } from './model/solver';
import type { IntervalPolicy } from './problem';

export interface CarbonOptions {
  /** Weight of carbon against the number of servers, 0 to 1. */
  readonly alpha: number;
  /** GLPK when absent. */
  readonly solver?: Solver | undefined;
}

/**
 * Least carbon within the latency bound, as the reference states it (CASPER, arXiv 2403.14792; its LP in
 * carbonfirst/casper): minimise a * sum x_ij c_j / (max_c * sum r) + (1 - a) * sum s_j / (M |R|).
 * Of placements with the same objective the one with the least total latency is taken. Where requests may differ from
 * those expected, it makes room for that: `placeForErrors`.
 */
export function carbon({ alpha, solver = glpk }: CarbonOptions): IntervalPolicy {
  const weights = carbonWeights(alpha);
  return {
    sees: 'interval',
    bounded: true,
    weighsErrors: true,
    place: byRegionName(({ demandErrors, ...problem }) =>
      demandErrors
        ? placeForErrors(problem, demandErrors, weights, solver)
        : optimise(problem, weights, solver),
    ),
  };
}
