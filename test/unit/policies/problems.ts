import fc from 'fast-check';
import { uniformCapacity } from '../../../planning/regionCapacity';
import { costsOf } from '../../../policies/model/objective';
import { Model } from '../../../policies/model/linearModel';
import { addPlacement } from '../../../policies/model/placementModel';
import type { ObjectiveWeights, PlacementProblem } from '../../../policies/problem';
import { commoditiesByOrigin } from '../../../policies/model/commodity';

/** Problems of all kinds: shared grids, binding capacity, bounds that leave an origin alone, idle origins. */
export const problems = (maxRegions: number, minRegions = 1): fc.Arbitrary<PlacementProblem> =>
  fc.integer({ min: minRegions, max: maxRegions }).chain((count) =>
    fc
      .record({
        regions: fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: count, maxLength: count }),
        requestsPerSecond: listOf(count, fc.oneof(fc.constant(0), fc.nat(400))),
        carbonGramsPerKwh: listOf(count, fc.oneof(fc.constant(300), fc.integer({ min: 1, max: 900 }))),
        latencyMs: listOf(count, listOf(count, fc.integer({ min: 1, max: 300 }))),
        requestsPerServer: fc.constantFrom(1, 7, 10),
        maxServersPerRegion: fc.constantFrom(20, 40, 100),
        maxLatencyMs: fc.constantFrom(50, 100, 150, Infinity),
      })
      .map(({ requestsPerServer, maxServersPerRegion, ...problem }) => ({
        ...problem,
        capacity: uniformCapacity(problem.regions, { requestsPerServer, maxServersPerRegion }),
      })),
  );

/** Weights of carbon against servers. */
export const alphas = fc.constantFrom(0, 0.5, 0.9, 1);

function listOf<T>(count: number, values: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  return fc.array(values, { minLength: count, maxLength: count });
}

/** The problem as the reference states it, one variable a pair and without cuts; objective times the requests. */
export function plainModel(problem: PlacementProblem, weights: ObjectiveWeights): Model {
  const costs = costsOf(problem, weights);
  const total = problem.requestsPerSecond.reduce((a, b) => a + b, 0);
  const model = Model.empty();
  addPlacement(
    model,
    problem,
    commoditiesByOrigin(problem),
    {
      perRequest: ({ origins: [origin = NaN] }, destination) => total * costs.perRequest(origin, destination),
      perServer: (destination) => total * costs.perServer(destination),
    },
    0,
  );
  return model;
}
