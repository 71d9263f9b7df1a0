import { optimise } from './optimise';
import type { PlacementPolicy } from './problem';
import { byRegionName } from './regionOrder';

/** The reference's weight of latency against servers; its own, whatever carbon's is. */
const alpha = 0.5;

/**
 * Least latency, without a bound, as the reference states it (carbonfirst/casper):
 * minimise a * sum x_ij l_ij / sum_i (r_i * max_j l_ij) + (1 - a) * sum s_j / (M |R|), a = 0.5.
 */
export const latency: PlacementPolicy = byRegionName((problem) =>
  optimise(
    { ...problem, maxLatencyMs: Infinity },
    { carbon: 0, latency: alpha, servers: 1 - alpha, cost: 0 },
  ),
);
