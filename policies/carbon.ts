import { optimise } from './optimise';
import type { PlacementPolicy } from './problem';
import { byRegionName } from './regionOrder';

/**
 * Least carbon within the latency bound, as the reference states it (CASPER, arXiv 2403.14792; its LP in
 * carbonfirst/casper): minimise a * sum x_ij c_j / (max_c * sum r) + (1 - a) * sum s_j / (M |R|).
 * Of placements with the same objective the one with the least total latency is taken.
 */
export const carbon: PlacementPolicy = byRegionName((problem) =>
  optimise(problem, { carbon: problem.alpha, latency: 0, servers: 1 - problem.alpha, cost: 0 }),
);
