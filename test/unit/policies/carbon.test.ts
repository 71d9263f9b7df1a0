import fc from 'fast-check';
import { carbon } from '../../../policies/carbon';
import { sum } from '../../../policies/decision';
import { placementModel } from '../../../policies/placementModel';
import type { Placement, PlacementProblem } from '../../../policies/problem';
import { problems } from './problems';
import { solveWithHighs } from './highs';

const sixRegions: PlacementProblem = {
  regions: ['a', 'b', 'c'],
  requestsPerSecond: [100, 50, 0],
  carbonGramsPerKwh: [500, 100, 100],
  latencyMs: [
    [1, 100, 200],
    [100, 1, 30],
    [200, 30, 1],
  ],
  requestsPerServer: 10,
  maxServersPerRegion: 100,
  maxLatencyMs: 150,
  alpha: 0.9,
};

async function place(problem: PlacementProblem): Promise<Placement> {
  const result = await carbon(problem);
  if (result.kind === 'infeasible') throw new Error(`infeasible: ${JSON.stringify(result.shortfalls)}`);
  return result;
}

test('requests go to the cleanest region within the bound', async () => {
  const { servers, requests } = await place(sixRegions);
  expect(servers).toEqual([0, 15, 0]);
  expect(requests).toEqual([
    [0, 100, 0],
    [0, 50, 0],
    [0, 0, 0],
  ]);
});

test('of equally clean regions the nearer one serves', async () => {
  const swapped = { ...sixRegions, requestsPerSecond: [0, 50, 50], maxLatencyMs: Infinity };
  expect((await place(swapped)).requests).toEqual([
    [0, 0, 0],
    [0, 50, 0],
    [0, 0, 50],
  ]);
});

test('an hour without requests needs no server', async () => {
  const { servers, objective } = await place({ ...sixRegions, requestsPerSecond: [0, 0, 0] });
  expect(servers).toEqual([0, 0, 0]);
  expect(objective).toBe(0);
});

describe('over random problems', () => {
  test('the objective is the one that HiGHS proves, and the verdict the same', async () => {
    await fc.assert(
      fc.asyncProperty(problems(12), async (problem) => {
        const total = sum(problem.requestsPerSecond);
        fc.pre(total > 0);
        const dirtiest = Math.max(...problem.carbonGramsPerKwh);
        const model = placementModel(
          problem,
          ({ destination }) => (problem.alpha * (problem.carbonGramsPerKwh[destination] ?? NaN)) / dirtiest,
          ((1 - problem.alpha) * total) / (problem.maxServersPerRegion * problem.regions.length),
        );
        const best = await solveWithHighs(model);
        const result = await carbon(problem);
        if (best === 'infeasible') {
          expect(result.kind).toBe('infeasible');
          return;
        }
        if (result.kind === 'infeasible') throw new Error('HiGHS finds a placement');
        // alpha = 1 leaves servers free of cost and so above what is needed; all else must agree.
        expect(Math.abs(result.objective * total - best)).toBeLessThanOrEqual(1e-9 * Math.max(1, best));
      }),
      { numRuns: 250, seed: 20220813 },
    );
  });

  test('demand is met, capacity and bound are kept', async () => {
    await fc.assert(
      fc.asyncProperty(problems(8), async (problem) => {
        const result = await carbon(problem);
        if (result.kind === 'infeasible') return;
        const { requests, servers } = result;
        expect(requests.map(sum)).toEqual(problem.requestsPerSecond);
        for (const destination of problem.regions.keys()) {
          const load = sum(requests.map((row) => row[destination] ?? 0));
          expect(load).toBeLessThanOrEqual((servers[destination] ?? 0) * problem.requestsPerServer);
          expect(servers[destination]).toBeLessThanOrEqual(problem.maxServersPerRegion);
          if (load === 0) expect(servers[destination]).toBe(0);
          for (const origin of problem.regions.keys()) {
            const used = (requests[origin]?.[destination] ?? 0) > 0;
            if (used)
              expect(problem.latencyMs[origin]?.[destination]).toBeLessThanOrEqual(problem.maxLatencyMs);
          }
        }
      }),
      { seed: 1 },
    );
  });

  test('the order of the regions does not matter', async () => {
    await fc.assert(
      fc.asyncProperty(problems(7), fc.infiniteStream(fc.nat()), async (problem, numbers) => {
        const order = [...problem.regions.keys()]
          .map((index) => [numbers.next().value as number, index] as const)
          .sort(([a], [b]) => a - b)
          .map(([, index]) => index);
        const pick = <T>(values: readonly T[]): T[] => order.map((index) => values[index] as T);
        const shuffled = {
          ...problem,
          regions: pick(problem.regions),
          requestsPerSecond: pick(problem.requestsPerSecond),
          carbonGramsPerKwh: pick(problem.carbonGramsPerKwh),
          latencyMs: pick(problem.latencyMs).map((row) => pick(row)),
        };
        const [result, other] = [await carbon(problem), await carbon(shuffled)];
        expect(other.kind).toBe(result.kind);
        if (result.kind === 'infeasible' || other.kind === 'infeasible') {
          expect(other).toEqual(result);
          return;
        }
        expect(other.servers).toEqual(pick(result.servers));
        expect(other.requests).toEqual(pick(result.requests).map((row) => pick(row)));
      }),
      { seed: 2 },
    );
  });

  test('a looser bound and more capacity never cost more carbon and servers', async () => {
    await fc.assert(
      fc.asyncProperty(problems(6), async (problem) => {
        const tight = await carbon(problem);
        if (tight.kind === 'infeasible') return;
        // One server more changes the scale of the objective's second half: compare on the old scale.
        const loose = await place({ ...problem, maxLatencyMs: Infinity });
        expect(loose.objective).toBeLessThanOrEqual(tight.objective * (1 + 1e-9));
        const roomy = await place({ ...problem, maxServersPerRegion: problem.maxServersPerRegion * 2 });
        const rescaled =
          tight.objective -
          ((1 - problem.alpha) * sum(tight.servers)) /
            (2 * problem.maxServersPerRegion * problem.regions.length);
        expect(roomy.objective).toBeLessThanOrEqual(rescaled * (1 + 1e-9) + 1e-12);
      }),
      { seed: 3 },
    );
  });
});
