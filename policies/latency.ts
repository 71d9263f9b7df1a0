import { glpk } from './model/glpk';
import { optimise } from './model/optimise';
import { byRegionName } from './model/regionOrder';
import type { Solver } from './model/solver';
import type { IntervalPolicy, ObjectiveWeights } from './problem';

/** The reference's: it has a weight of its own here, whatever carbon's is. */
const weights: ObjectiveWeights = { carbon: 0, latency: 0.5, servers: 0.5, cost: 0 };

/**
 * Least latency, without a bound, as the reference states it (carbonfirst/casper):
 * minimise a * sum x_ij l_ij / sum_i (r_i * max_j l_ij) + (1 - a) * sum s_j / (M |R|), a = 0.5.
 * @param options.solver GLPK when absent
 */
export function latency({ solver = glpk }: { readonly solver?: Solver | undefined } = {}): IntervalPolicy {
  return {
    sees: 'interval',
    bounded: false,
    place: byRegionName((problem) => optimise({ ...problem, maxLatencyMs: Infinity }, weights, solver)),
  };
}
