import fc from 'fast-check';
import { carbon } from '../../../policies/carbon';
import { latency } from '../../../policies/latency';
import { commoditiesByOrigin } from '../../../policies/model/commodity';
import { glpk } from '../../../policies/model/glpk';
import { Model, valueOf, type Values } from '../../../policies/model/linearModel';
import { at, sum } from '../../../policies/model/matrix';
import { addPlacement } from '../../../policies/model/placementModel';
import { roundingCuts } from '../../../policies/model/roundingCuts';
import { uniformCapacity } from '../../../planning/regionCapacity';
import type { Placement, PlacementProblem } from '../../../policies/problem';
import { problems } from './problems';

/** The relaxation of serving everybody as near as possible with few servers, and its cuts. */
async function relax(problem: PlacementProblem) {
  const model = Model.empty();
  const { flow, servers } = addPlacement(
    model,
    problem,
    commoditiesByOrigin(problem),
    {
      perRequest: ({ origins }, destination) => at(at(problem.latencyMs, at(origins, 0)), destination),
      perServer: () => 1,
    },
    0,
  );
  const solution = await glpk.solveRelaxed(model);
  if (solution.status === 'infeasible') return null;
  return {
    model,
    flow,
    servers,
    solution,
    cuts: roundingCuts(flow, servers, problem.capacity, solution.values),
  };
}

test('of one region: the last server carries no more than what is left for it', async () => {
  const problem: PlacementProblem = {
    regions: ['a'],
    requestsPerSecond: [24],
    carbonGramsPerKwh: [100],
    latencyMs: [[1]],
    capacity: uniformCapacity(['a'], { requestsPerServer: 10, maxServersPerRegion: 9 }),
    maxLatencyMs: 100,
  };
  const relaxed = await relax(problem);
  // 24 - 4 * (3 - s): 2.4 servers carry 24 requests/s, and so do not keep the cut.
  expect(relaxed?.solution.objective).toBeCloseTo(26.4, 9);
  expect(relaxed?.cuts).toEqual([
    {
      expression: [
        { variable: { index: 0 }, coefficient: 1 },
        { variable: { index: 1 }, coefficient: -4 },
      ],
      lower: -Infinity,
      upper: 12,
    },
  ]);
});

test('every cut is violated by the relaxation and by no placement', async () => {
  let cutCount = 0;
  await fc.assert(
    fc.asyncProperty(problems(6), async (problem) => {
      const relaxed = await relax(problem);
      if (!relaxed) return;
      const { model, flow, servers, solution, cuts } = relaxed;
      const left = ({ expression }: (typeof cuts)[number], values: Values): number =>
        sum(expression.map(({ variable, coefficient }) => coefficient * valueOf(values, variable)));
      const valuesOfPlacement = ({ requests, servers: counts }: Placement): number[] => {
        const values = model.costs.map(() => 0);
        for (const { commodity, destination, variable } of flow.arcs) {
          const origin = at(at(flow.commodities, commodity).origins, 0);
          values[variable.index] = at(at(requests, origin), destination);
        }
        for (const [destination, variable] of servers.entries())
          values[variable.index] = at(counts, destination);
        return values;
      };
      const placements = [
        await carbon({ alpha: 0.9 }).place(problem),
        await carbon({ alpha: 0 }).place(problem),
        // Looks at no bound: only where there is none is it a placement of this problem.
        ...(problem.maxLatencyMs === Infinity ? [await latency().place(problem)] : []),
      ];
      for (const cut of cuts) {
        cutCount++;
        expect(left(cut, solution.values)).toBeGreaterThan(cut.upper);
        for (const placement of placements) {
          if (placement.kind === 'infeasible') continue;
          expect(left(cut, valuesOfPlacement(placement))).toBeLessThanOrEqual(cut.upper + 1e-9);
        }
      }
    }),
    { numRuns: 200, seed: 13 },
  );
  expect(cutCount).toBeGreaterThan(100);
});
