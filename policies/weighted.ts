import { optimise } from './optimise';
import type { ObjectiveWeights, PlacementPolicy } from './problem';
import { byRegionName } from './regionOrder';

/** What `weighted` takes when nobody says otherwise: the reference's carbon objective. */
export const referenceWeights: ObjectiveWeights = { carbon: 0.9, latency: 0, servers: 0.1, cost: 0 };

/** The least weighted sum of carbon, latency, servers and cost, within the latency bound. */
export const weighted: PlacementPolicy = byRegionName((problem) =>
  optimise(problem, problem.weights ?? referenceWeights),
);
