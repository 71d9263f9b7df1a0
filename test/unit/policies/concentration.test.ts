import fc from 'fast-check';
import { freeSwitching } from '../../../planning/decide';
import { uniformCapacity } from '../../../planning/regionCapacity';
import { carbon } from '../../../policies/carbon';
import { leastViolation } from '../../../policies/leastViolation';
import { loadsOf, sum } from '../../../policies/model/matrix';
import { staticPolicy } from '../../../policies/static';
import type { PlacementProblem } from '../../../policies/problem';
import { problems } from './problems';

/** No region serves more than so many percent of all requests. */
const limited = (problem: PlacementProblem, percent: number): PlacementProblem => ({
  ...problem,
  maxRequestsPerRegion: Math.floor((percent * sum(problem.requestsPerSecond)) / 100),
});

test('no region serves more than its share, and that costs something or nothing, never less', async () => {
  await fc.assert(
    fc.asyncProperty(problems(6, 3), fc.constantFrom(35, 50, 80, 100), async (problem, percent) => {
      const [free, held] = [
        await carbon({ alpha: 0.9 }).place(problem),
        await carbon({ alpha: 0.9 }).place(limited(problem, percent)),
      ];
      if (held.kind === 'infeasible' || free.kind === 'infeasible') return;
      const most = limited(problem, percent).maxRequestsPerRegion ?? NaN;
      expect(Math.max(...loadsOf(held.requests))).toBeLessThanOrEqual(most);
      expect(held.objective).toBeGreaterThanOrEqual(free.objective * (1 - 1e-9));
    }),
    { numRuns: 120, seed: 3 },
  );
});

const base: PlacementProblem = {
  regions: ['a', 'b', 'c'],
  requestsPerSecond: [100, 100, 100],
  carbonGramsPerKwh: [10, 20, 30],
  latencyMs: [
    [1, 40, 90],
    [40, 1, 90],
    [90, 90, 1],
  ],
  capacity: uniformCapacity(['a', 'b', 'c'], { requestsPerServer: 10, maxServersPerRegion: 100 }),
  maxLatencyMs: Infinity,
};

test('a static plan keeps it in every interval', async () => {
  const calm = { ...base, requestsPerSecond: [10, 50, 10] };
  const range = [limited(base, 50), limited(calm, 50)];
  const placed = await staticPolicy({ alpha: 0.9 }).placeAll(range, { switching: freeSwitching });
  if ('kind' in placed) throw new Error('infeasible');
  for (const [index, { requests }] of placed.entries()) {
    expect(Math.max(...loadsOf(requests))).toBeLessThanOrEqual(range[index]?.maxRequestsPerRegion ?? NaN);
  }
});

test('where it alone stands in the way, that is said; the least-violating placement says where it is passed', async () => {
  const near = limited({ ...base, maxLatencyMs: 50 }, 30);
  expect(await carbon({ alpha: 0.9 }).place(near)).toMatchObject({
    kind: 'infeasible',
    shortfalls: [{ limit: 'concentration', maxRequestsPerRegion: 90, requestsPerSecondShort: 30 }],
  });
  expect(await leastViolation({ alpha: 0.9 }).place(near)).toMatchObject({
    violations: [
      { limit: 'concentration', destination: 'a', requestsPerSecond: 110 },
      { limit: 'concentration', destination: 'c', requestsPerSecond: 10 },
    ],
  });
});
