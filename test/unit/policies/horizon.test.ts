import fc from 'fast-check';
import { freeSwitching } from '../../../planning/decide';
import { uniformCapacity } from '../../../planning/regionCapacity';
import { at, loadsOf, sum } from '../../../policies/model/matrix';
import { carbon } from '../../../policies/carbon';
import { horizon } from '../../../policies/horizon';
import { oracle } from '../../../policies/oracle';
import type { Placement, PlacementProblem, RangeContext } from '../../../policies/problem';
import { problems } from './problems';

/** Two regions, all within reach; which of them is cleaner changes every interval. */
const alternating = (intervals: number, power = { idleWatts: 10, dynamicWatts: 0 }): PlacementProblem[] =>
  Array.from({ length: intervals }, (_, interval) => ({
    regions: ['a', 'b'],
    requestsPerSecond: [20, 0],
    carbonGramsPerKwh: interval % 2 === 0 ? [100, 300] : [300, 100],
    latencyMs: [
      [1, 10],
      [10, 1],
    ],
    capacity: uniformCapacity(['a', 'b'], { requestsPerServer: 10, maxServersPerRegion: 10 }).map(
      (region) => ({
        ...region,
        ...power,
      }),
    ),
    maxLatencyMs: 100,
  }));
const withSwitching = (changes: Partial<RangeContext['switching']>): RangeContext => ({
  switching: { ...freeSwitching, ...changes },
});

/** Just enough weight on servers that none runs for nothing. */
const mostlyCarbon = 0.9999;

async function plan(
  range: PlacementProblem[],
  context: RangeContext,
  alpha = mostlyCarbon,
): Promise<readonly Placement[]> {
  const result = await horizon({ alpha }).placeAll(range, context);
  if ('kind' in result) throw new Error(JSON.stringify(result));
  return result;
}
const serversOf = (placements: readonly Placement[]) => placements.map(({ servers }) => servers);

test('without a cost of change every interval is as carbon has it', async () => {
  const placements = await plan(alternating(4), { switching: freeSwitching });
  expect(serversOf(placements)).toEqual([
    [2, 0],
    [0, 2],
    [2, 0],
    [0, 2],
  ]);
});

test('moves only where the gain is more than the change costs', async () => {
  // Two servers elsewhere save 20 W * 200 g/kWh = 4 g; there and back is eight changes.
  const cheap = await plan(alternating(3), withSwitching({ gramsPerServerChange: 0.4 }));
  expect(serversOf(cheap)).toEqual([
    [2, 0],
    [0, 2],
    [2, 0],
  ]);
  const dear = await plan(alternating(3), withSwitching({ gramsPerServerChange: 0.6 }));
  expect(serversOf(dear)).toEqual([
    [2, 0],
    [2, 0],
    [2, 0],
  ]);
});

test('what runs before the horizon counts', async () => {
  const initialState = { servers: [0, 2], loads: [0, 20], started: [] };
  const context = { ...withSwitching({ gramsPerServerChange: 1.1 }), initialState };
  expect(serversOf(await plan(alternating(1), context))).toEqual([[0, 2]]);
});

test('damping: requests move only where it gains more than moving costs', async () => {
  const initialState = { servers: [0, 10], loads: [0, 20], started: [] };
  // 20 requests/s leave one region and arrive in the other: 40 moved, for 4 g.
  const moved = async (gramsPerRequestMoved: number) =>
    loadsOf(
      at(
        await plan(alternating(1, { idleWatts: 0, dynamicWatts: 10 }), {
          ...withSwitching({ gramsPerRequestMoved }),
          initialState,
        }),
        0,
      ).requests,
    );
  expect(await moved(0.09)).toEqual([20, 0]);
  expect(await moved(0.11)).toEqual([0, 20]);
});

test('a started server stays for its residence, those started before the horizon too', async () => {
  const context = {
    ...withSwitching({ minResidenceIntervals: 3 }),
    initialState: { servers: [0, 2], loads: [0, 20], started: [[0, 1]] },
  };
  const placements = await plan(alternating(4), context);
  // One server in `b` was started an interval ago and has two to go, so `a`, though cleaner, starts one; that one stays for three.
  expect(placements[0]?.servers).toEqual([1, 1]);
  expect(placements[1]?.servers[1]).toBeGreaterThanOrEqual(1);
  expect(placements[2]?.servers[0]).toBeGreaterThanOrEqual(1);
});

test('agrees with trying every number of servers', async () => {
  const small = fc.record({
    requests: fc.array(fc.integer({ min: 0, max: 25 }), { minLength: 3, maxLength: 3 }),
    carbon: fc.array(fc.tuple(fc.integer({ min: 50, max: 500 }), fc.integer({ min: 50, max: 500 })), {
      minLength: 3,
      maxLength: 3,
    }),
    gramsPerServerChange: fc.constantFrom(0, 0.3, 1, 3),
    idleWatts: fc.constantFrom(0, 5),
  });
  await fc.assert(
    fc.asyncProperty(small, async ({ requests, carbon: intensities, gramsPerServerChange, idleWatts }) => {
      const range = requests.map((count, interval) => ({
        ...at(alternating(1), 0),
        requestsPerSecond: [count, 0],
        carbonGramsPerKwh: at(intensities, interval),
        capacity: uniformCapacity(['a', 'b'], { requestsPerServer: 10, maxServersPerRegion: 3 }).map(
          (region) => ({
            ...region,
            idleWatts,
          }),
        ),
      }));
      const placements = await plan(range, withSwitching({ gramsPerServerChange }), 1);
      const gramsOf = (interval: number, servers: readonly number[], loads: readonly number[]): number =>
        sum(
          loads.map(
            (load, region) =>
              ((at(servers, region) * idleWatts + load) * at(at(range, interval).carbonGramsPerKwh, region)) /
              1000,
          ),
        );
      let ours = 0;
      for (const [interval, { servers, requests: flows }] of placements.entries()) {
        ours += gramsOf(interval, servers, loadsOf(flows));
        if (interval > 0)
          ours += gramsPerServerChange * distance(servers, at(placements, interval - 1).servers);
      }
      // The cheapest way to reach every number of servers, interval by interval.
      let cheapest = new Map<string, { servers: number[]; grams: number }>();
      for (const [interval, problem] of range.entries()) {
        const next = new Map<string, { servers: number[]; grams: number }>();
        for (let a = 0; a <= 3; a++) {
          for (let b = 0; b <= 3; b++) {
            const demand = sum(problem.requestsPerSecond);
            if (demand > 10 * (a + b)) continue;
            const toA = at(problem.carbonGramsPerKwh, 0) <= at(problem.carbonGramsPerKwh, 1);
            const first = Math.min(demand, 10 * (toA ? a : b));
            const loads = toA ? [first, demand - first] : [demand - first, first];
            const own = gramsOf(interval, [a, b], loads);
            const ways = [...cheapest.values()].map(
              (way) => way.grams + gramsPerServerChange * distance([a, b], way.servers),
            );
            next.set(`${a},${b}`, { servers: [a, b], grams: own + (interval === 0 ? 0 : Math.min(...ways)) });
          }
        }
        cheapest = next;
      }
      expect(ours).toBeCloseTo(Math.min(...[...cheapest.values()].map(({ grams }) => grams)), 6);
    }),
    { numRuns: 40, seed: 8 },
  );
});

test('never costs more than deciding every interval alone, and does not look at the order of regions', async () => {
  await fc.assert(
    fc.asyncProperty(problems(5, 2), fc.constantFrom(0, 1, 10), async (problem, gramsPerServerChange) => {
      const range = [0, 1, 2, 3].map((interval) => ({
        ...problem,
        carbonGramsPerKwh: problem.carbonGramsPerKwh.map(
          (grams, region) => grams * (1 + ((interval + region) % 3)),
        ),
      }));
      const context = withSwitching({ gramsPerServerChange });
      const planned = await horizon({ alpha: 1 }).placeAll(range, context);
      const alone: Placement[] = [];
      for (const interval of range) {
        const placement = await carbon({ alpha: 1 }).place(interval);
        if (placement.kind === 'placement') alone.push(placement);
      }
      expect('kind' in planned).toBe(alone.length < range.length);
      if ('kind' in planned) return;
      const gramsOf = (placements: readonly Placement[]): number =>
        sum(
          placements.map(
            ({ requests, servers }, interval) =>
              sum(
                loadsOf(requests).map(
                  (load, region) => load * at(at(range, interval).carbonGramsPerKwh, region),
                ),
              ) /
                1000 +
              (interval === 0
                ? 0
                : gramsPerServerChange * distance(servers, at(placements, interval - 1).servers)),
          ),
        );
      expect(gramsOf(planned)).toBeLessThanOrEqual(gramsOf(alone) * (1 + 1e-9) + 1e-9);

      const back = <T>(values: readonly T[]): T[] => [...values].reverse();
      const mirrored = await plan(
        range.map((interval) => ({
          ...interval,
          regions: back(interval.regions),
          requestsPerSecond: back(interval.requestsPerSecond),
          carbonGramsPerKwh: back(interval.carbonGramsPerKwh),
          capacity: back(interval.capacity),
          latencyMs: back(interval.latencyMs).map(back),
        })),
        context,
        1,
      );
      expect(serversOf(mirrored).map(back)).toEqual(serversOf(planned));
    }),
    { numRuns: 40, seed: 9 },
  );
});

test('an interval without a placement is named', async () => {
  const range = alternating(3).map((problem, interval) => ({
    ...problem,
    requestsPerSecond: interval === 2 ? [201, 0] : [20, 0],
  }));
  expect(await horizon({ alpha: mostlyCarbon }).placeAll(range, { switching: freeSwitching })).toMatchObject({
    kind: 'infeasible',
    position: 2,
    infeasible: { shortfalls: [{ limit: 'capacity', requestsPerSecondShort: 1 }] },
  });
});

test('the oracle plans a long range in windows, and counts changes between them', async () => {
  const placements = await oracle({ alpha: mostlyCarbon }).placeAll(
    alternating(60),
    withSwitching({ gramsPerServerChange: 1.1 }),
  );
  if ('kind' in placements) throw new Error('infeasible');
  expect(placements).toHaveLength(60);
  expect(new Set(serversOf(placements).map((servers) => servers.join())).size).toBe(1);
});

function distance(a: readonly number[], b: readonly number[]): number {
  return sum(a.map((count, region) => Math.abs(count - at(b, region))));
}
