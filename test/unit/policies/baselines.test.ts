import fc from 'fast-check';
import { freeSwitching } from '../../../planning/decide';
import { uniformCapacity } from '../../../planning/regionCapacity';
import { at, loadsOf, sum } from '../../../policies/model/matrix';
import { latency } from '../../../policies/latency';
import { oracle } from '../../../policies/oracle';
import type { Placement, PlacementProblem, RangePolicy } from '../../../policies/problem';
import { replay } from '../../../policies/replay';
import { staticPolicy } from '../../../policies/static';
import { solveWithHighs } from './highs';
import { plainModel, problems } from './problems';

const night: PlacementProblem = {
  regions: ['a', 'b'],
  requestsPerSecond: [95, 40],
  carbonGramsPerKwh: [500, 100],
  latencyMs: [
    [1, 80],
    [80, 2],
  ],
  capacity: uniformCapacity(['a', 'b'], { requestsPerServer: 10, maxServersPerRegion: 20 }),
  maxLatencyMs: 100,
};
const day: PlacementProblem = { ...night, requestsPerSecond: [200, 100], carbonGramsPerKwh: [50, 400] };

const place = (policy: RangePolicy, range: PlacementProblem[]) =>
  policy.placeAll(range, { switching: freeSwitching });
const alpha = 0.9;

describe('latency', () => {
  test('stays home, but for a few requests that save a server', async () => {
    const result = await latency().place({ ...night, requestsPerSecond: [91, 35] });
    expect(result).toMatchObject({
      kind: 'placement',
      servers: [9, 4],
      requests: [
        [90, 1],
        [0, 35],
      ],
    });
  });

  test('looks at no bound, and its objective is the one that HiGHS proves', async () => {
    await fc.assert(
      fc.asyncProperty(problems(8), async (problem) => {
        const total = sum(problem.requestsPerSecond);
        fc.pre(total > 0);
        const weights = { carbon: 0, latency: 0.5, servers: 0.5, cost: 0 };
        const best = await solveWithHighs(plainModel({ ...problem, maxLatencyMs: Infinity }, weights));
        const result = await latency().place(problem);
        if (best === 'infeasible') {
          expect(result.kind).toBe('infeasible');
          return;
        }
        if (result.kind === 'infeasible') throw new Error('HiGHS finds a placement');
        expect(Math.abs(result.objective * total - best)).toBeLessThanOrEqual(1e-9 * Math.max(1, best));
      }),
      { numRuns: 60, seed: 5 },
    );
  });
});

describe('replay', () => {
  test('every origin serves itself', async () => {
    const result = await replay().place(night);
    expect(result).toMatchObject({
      servers: [10, 4],
      requests: [
        [95, 0],
        [0, 40],
      ],
    });
  });

  test('an origin that cannot serve itself is named', async () => {
    expect(await replay().place({ ...night, requestsPerSecond: [211, 0] })).toEqual({
      kind: 'infeasible',
      shortfalls: [
        {
          limit: 'capacity',
          origins: ['a'],
          destinations: ['a'],
          requestsPerSecondShort: 11,
          serversShort: 2,
        },
      ],
    });
  });
});

describe('static', () => {
  async function placeAll(range: PlacementProblem[]): Promise<readonly Placement[]> {
    const result = await place(staticPolicy({ alpha }), range);
    if ('kind' in result) throw new Error(JSON.stringify(result));
    return result;
  }

  test('the same servers in every interval, enough for the busiest', async () => {
    const [atNight, byDay] = await placeAll([night, day]);
    // 300 requests/s by day in `a`, its 20 servers full; what is left goes to `b`, at night by the same shares.
    expect(byDay?.servers).toEqual([20, 10]);
    expect(atNight?.servers).toEqual([20, 10]);
    expect(sum(byDay?.requests.flat() ?? [])).toBe(300);
  });

  test('of one interval it costs what carbon costs', async () => {
    await fc.assert(
      fc.asyncProperty(problems(6), async (problem) => {
        const [result, best] = [
          await place(staticPolicy({ alpha }), [problem]),
          await place(oracle({ alpha }), [problem]),
        ];
        if ('kind' in best || 'kind' in result) {
          expect('kind' in result).toBe('kind' in best);
          return;
        }
        expect(at(result, 0).objective).toBeCloseTo(at(best, 0).objective, 9);
      }),
      { numRuns: 60, seed: 6 },
    );
  });

  test('never beats re-planning, and keeps capacity in every interval', async () => {
    await fc.assert(
      fc.asyncProperty(
        problems(5),
        fc.integer({ min: 2, max: 6 }),
        fc.nat(),
        async (problem, count, shift) => {
          const range = Array.from({ length: count }, (_, hour) => ({
            ...problem,
            requestsPerSecond: problem.requestsPerSecond.map((requests, origin) =>
              Math.floor((requests * (((hour + origin + shift) % 5) + 1)) / 5),
            ),
          }));
          const [fixed, replanned] = [
            await place(staticPolicy({ alpha }), range),
            await place(oracle({ alpha }), range),
          ];
          if ('kind' in fixed || 'kind' in replanned) return;
          for (const [hour, placement] of fixed.entries()) {
            expect(placement.servers).toEqual(at(fixed, 0).servers);
            expect(placement.requests.map(sum)).toEqual(at(range, hour).requestsPerSecond);
            for (const [destination, load] of loadsOf(placement.requests).entries()) {
              const { requestsPerServer } = at(problem.capacity, destination);
              expect(load).toBeLessThanOrEqual(at(placement.servers, destination) * requestsPerServer);
            }
            expect(placement.objective).toBeGreaterThanOrEqual(at(replanned, hour).objective * (1 - 1e-9));
          }
        },
      ),
      { numRuns: 60, seed: 7 },
    );
  });

  test('a range that no single placement carries is refused, naming the interval', async () => {
    const east = { ...night, requestsPerSecond: [400, 0] };
    const west = { ...night, requestsPerSecond: [401, 0] };
    expect(await place(staticPolicy({ alpha }), [east, west])).toMatchObject({
      kind: 'infeasible',
      position: 1,
    });
  });
});
