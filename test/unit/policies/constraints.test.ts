import fc from 'fast-check';
import { freeSwitching } from '../../../planning/decide';
import { uniformCapacity } from '../../../planning/regionCapacity';
import { at, loadsOf, sum } from '../../../policies/model/matrix';
import { carbon } from '../../../policies/carbon';
import { horizon } from '../../../policies/horizon';
import { glpk } from '../../../policies/model/glpk';
import { diagnose } from '../../../policies/model/diagnosis';
import { leastViolation } from '../../../policies/leastViolation';
import type { Infeasible, Placement, PlacementProblem, RegionCapacity } from '../../../policies/problem';
import { weighted } from '../../../policies/weighted';
import { solveWithHighs } from './highs';
import { plainModel, problems } from './problems';

const regions = ['a', 'b', 'c'];
const base: PlacementProblem = {
  regions,
  requestsPerSecond: [100, 50, 30],
  carbonGramsPerKwh: [500, 100, 300],
  latencyMs: [
    [1, 40, 90],
    [40, 1, 60],
    [90, 60, 1],
  ],
  capacity: uniformCapacity(regions, { requestsPerServer: 10, maxServersPerRegion: 30 }),
  maxLatencyMs: 100,
};
const alpha = 0.9;
const byCarbon = carbon({ alpha });
const withRegion = (index: number, changes: object): PlacementProblem['capacity'] =>
  base.capacity.map((region, other) => (other === index ? { ...region, ...changes } : region));

function placed(result: Placement | Infeasible): Placement {
  if (result.kind === 'infeasible') throw new Error(JSON.stringify(result));
  return result;
}

describe('power and price of a region', () => {
  test('a clean grid behind a wasteful site is no clean place', async () => {
    const wasteful = { ...base, capacity: withRegion(1, { pue: 5, idleWatts: 50 }) };
    expect(placed(await byCarbon.place(base)).servers).toEqual([0, 18, 0]);
    expect(placed(await byCarbon.place(wasteful)).servers).toEqual([0, 0, 18]);
  });

  test('bigger servers need fewer of them', async () => {
    const result = placed(
      await byCarbon.place({ ...base, capacity: withRegion(1, { requestsPerServer: 60 }) }),
    );
    expect(result.servers).toEqual([0, 3, 0]);
  });

  test('servers that took much to be made stand idle where others will do', async () => {
    const costly = { ...base, capacity: withRegion(1, { embodiedGramsPerServerHour: 1000 }) };
    expect(placed(await byCarbon.place(costly)).servers).toEqual([0, 0, 18]);
  });

  test('carbon of running servers alone, as in the draft of the paper: the least sum of s C', async () => {
    const running = base.capacity.map((region) => ({ ...region, idleWatts: 1000, dynamicWatts: 0 }));
    const capacity = running.map((region, index) =>
      index === 0 ? { ...region, requestsPerServer: 200 } : region,
    );
    // One server of 500 g against 18 of 100 g, in the cleaner region.
    const { servers, objective } = placed(await carbon({ alpha: 1 }).place({ ...base, capacity }));
    expect(servers).toEqual([1, 0, 0]);
    // The scale is what all requests take in the region that takes most for one: 300 g for 10 of them.
    expect(objective).toBeCloseTo(500 / (180 * 30), 12);
  });

  test('a request takes energy on its way to a dirty grid, too', async () => {
    // A request takes nothing at c itself; the half of its way there counts 0.15 g a joule, that to b 0.05 g.
    const capacity = withRegion(2, { dynamicWatts: 0 });
    const withNetwork = (networkJoulesPerRequest: number) =>
      byCarbon.place({ ...base, capacity, networkJoulesPerRequest });
    expect(placed(await byCarbon.place({ ...base, capacity })).servers).toEqual([0, 0, 18]);
    expect(placed(await withNetwork(0.9)).servers).toEqual([0, 0, 18]);
    expect(placed(await withNetwork(1.1)).servers).toEqual([0, 18, 0]);
  });

  test('weights on cost go where it is cheap, weights on latency stay home', async () => {
    const priced = base.capacity.map((region, index) => ({
      ...region,
      pricePerServerHour: [1, 3, 2][index] ?? 0,
    }));
    const only = (weights: object) =>
      weighted({ objectiveWeights: { carbon: 0, latency: 0, servers: 0, cost: 0, ...weights } }).place({
        ...base,
        capacity: priced,
      });
    expect(placed(await only({ cost: 1 })).servers).toEqual([18, 0, 0]);
    expect(placed(await only({ latency: 1 })).servers).toEqual([10, 5, 3]);
    expect(placed(await only({ carbon: 1 })).servers).toEqual([0, 18, 0]);
  });

  test('with mixed capacities and weights the objective is the one that HiGHS proves', async () => {
    const region = fc.record({
      minServers: fc.constantFrom(0, 0, 2),
      maxServers: fc.integer({ min: 5, max: 40 }),
      requestsPerServer: fc.constantFrom(5, 7, 10, 25),
      idleWatts: fc.constantFrom(0, 20, 100),
      dynamicWatts: fc.constantFrom(10, 100),
      pue: fc.constantFrom(1, 1.1, 1.6),
      embodiedGramsPerServerHour: fc.constantFrom(0, 3, 40),
      pricePerServerHour: fc.constantFrom(0, 0.05, 0.2),
    });
    const part = fc.constantFrom(0, 0.1, 0.5);
    const weights = fc.record({
      carbon: fc.constantFrom(0.3, 0.9),
      latency: part,
      servers: part,
      cost: part,
    });
    await fc.assert(
      fc.asyncProperty(problems(7), fc.infiniteStream(region), weights, async (problem, stream, mix) => {
        const total = sum(problem.requestsPerSecond);
        fc.pre(total > 0);
        const mixed = {
          ...problem,
          capacity: problem.regions.map(() => stream.next().value as RegionCapacity),
        };
        const best = await solveWithHighs(plainModel(mixed, mix));
        const result = await weighted({ objectiveWeights: mix }).place(mixed);
        expect(result.kind === 'infeasible').toBe(best === 'infeasible');
        if (best === 'infeasible' || result.kind === 'infeasible') return;
        expect(Math.abs(result.objective * total - best)).toBeLessThanOrEqual(1e-9 * Math.max(1, best));
      }),
      { numRuns: 100, seed: 10 },
    );
  });
});

describe('where an origin may be served', () => {
  const stayHome = {
    ...base,
    allowed: [
      [true, false, false],
      [true, true, true],
      [true, true, true],
    ],
  };

  test('its requests stay there, the others are free', async () => {
    const { requests } = placed(await byCarbon.place(stayHome));
    expect(requests[0]).toEqual([100, 0, 0]);
    expect(requests[2]).toEqual([0, 30, 0]);
  });

  test('the nearest of the allowed ones is named when none is within the bound', async () => {
    const far = { ...base, maxLatencyMs: 50, allowed: [[false, false, true], ...stayHome.allowed.slice(1)] };
    expect(await byCarbon.place(far)).toEqual({
      kind: 'infeasible',
      shortfalls: [{ limit: 'latency', origin: 'a', boundMs: 50, nearestDestination: 'c', nearestMs: 90 }],
    });
  });
});

test('a region keeps its fewest servers, with requests or without', async () => {
  const { servers } = placed(await byCarbon.place({ ...base, capacity: withRegion(0, { minServers: 4 }) }));
  expect(servers).toEqual([4, 18, 0]);
});

describe('room for the loss of a region', () => {
  test('whichever fails, the servers of the others carry everything', async () => {
    await fc.assert(
      fc.asyncProperty(problems(5, 2), async (problem) => {
        const result = await byCarbon.place({ ...problem, survivesRegionLoss: true });
        if (result.kind === 'infeasible') return;
        const without = placed(await byCarbon.place(problem));
        expect(result.objective).toBeGreaterThanOrEqual(without.objective * (1 - 1e-9));
        for (const lost of problem.regions.keys()) {
          const left = result.servers.map((count, index) => ({
            ...at(problem.capacity, index),
            maxServers: index === lost ? 0 : count,
          }));
          expect(await diagnose({ ...problem, capacity: left }, glpk)).toBeNull();
        }
      }),
      { numRuns: 60, seed: 11 },
    );
  });

  test('the region whose loss nobody can stand is named', async () => {
    const alone = { ...base, maxLatencyMs: 50, survivesRegionLoss: true };
    const result = await byCarbon.place(alone);
    expect(result).toMatchObject({
      kind: 'infeasible',
      shortfalls: [{ limit: 'headroom', lostRegion: 'c', origins: ['c'], requestsPerSecondShort: 30 }],
    });
  });
});

describe('at most so many regions changed', () => {
  const dirty = { ...base, carbonGramsPerKwh: [100, 500, 300] };
  const changed = (a: Placement, b: Placement): number =>
    sum(a.servers.map((count, index) => (count === at(b.servers, index) ? 0 : 1)));

  test('an interval changes no more of them, and the cheapest ones', async () => {
    const range = [base, dirty, base];
    const plan = async (maxRegionsChanged?: number) => {
      const result = await horizon({ alpha }).placeAll(range, {
        switching: { ...freeSwitching, ...(maxRegionsChanged === undefined ? {} : { maxRegionsChanged }) },
      });
      if ('kind' in result) throw new Error('infeasible');
      return result;
    };
    const free = await plan();
    expect(changed(at(free, 0), at(free, 1))).toBe(2);
    const held = await plan(1);
    expect(changed(at(held, 0), at(held, 1))).toBeLessThanOrEqual(1);
    expect(changed(at(held, 1), at(held, 2))).toBeLessThanOrEqual(1);
  });

  test('where the requests cannot be served without more changes, that is said', async () => {
    const initialState = { servers: [18, 0, 0], loads: [180, 0, 0], started: [] };
    const apart = { ...base, maxLatencyMs: 10 };
    expect(
      await horizon({ alpha }).placeAll([apart], {
        switching: { ...freeSwitching, maxRegionsChanged: 1 },
        initialState,
      }),
    ).toMatchObject({ kind: 'infeasible', infeasible: { shortfalls: [{ limit: 'change' }] } });
  });
});

describe('least violation', () => {
  test('the fewest requests overload, and no millisecond more than must be', async () => {
    const crowded = { ...base, requestsPerSecond: [301, 300, 310], maxLatencyMs: 50 };
    const result = placed(await leastViolation({ alpha }).place(crowded));
    expect(result.servers).toEqual([30, 30, 30]);
    expect(result.requests.map(sum)).toEqual(crowded.requestsPerSecond);
    // One of `a`'s requests is above all servers wherever it goes: it goes where the grid is clean.
    expect(result.violations).toEqual([
      { limit: 'capacity', destination: 'b', requestsPerSecond: 1 },
      { limit: 'capacity', destination: 'c', requestsPerSecond: 10 },
    ]);
  });

  test('requests that fit only beyond the bound go there and are listed', async () => {
    const full = { ...base, requestsPerSecond: [320, 50, 30], maxLatencyMs: 30 };
    expect(placed(await leastViolation({ alpha }).place(full)).violations).toEqual([
      { limit: 'latency', origin: 'a', destination: 'b', requestsPerSecond: 20, boundMs: 30, latencyMs: 40 },
    ]);
  });

  test('breaks nothing where nothing has to be broken, and as much as the diagnosis says elsewhere', async () => {
    await fc.assert(
      fc.asyncProperty(problems(6), async (problem) => {
        const [result, diagnosis] = [
          placed(await leastViolation({ alpha }).place(problem)),
          await diagnose(problem, glpk),
        ];
        expect(result.requests.map(sum)).toEqual(problem.requestsPerSecond);
        expect(result.violations?.length === 0).toBe(diagnosis === null);
        const over = sum(
          (result.violations ?? []).map((v) => (v.limit === 'capacity' ? v.requestsPerSecond : 0)),
        );
        const room = sum(
          problem.capacity.map(({ maxServers, requestsPerServer }) => maxServers * requestsPerServer),
        );
        expect(over).toBe(Math.max(0, sum(problem.requestsPerSecond) - room));
        for (const [destination, load] of loadsOf(result.requests).entries()) {
          if (load === 0) expect(at(result.servers, destination)).toBe(0);
        }
      }),
      { numRuns: 150, seed: 12 },
    );
  });
});

test('one region alone is planned too', async () => {
  const one = {
    ...base,
    regions: ['a'],
    requestsPerSecond: [95],
    carbonGramsPerKwh: [400],
    latencyMs: [[1]],
    capacity: uniformCapacity(['a'], { requestsPerServer: 10, maxServersPerRegion: 30 }),
  };
  expect(placed(await byCarbon.place(one))).toMatchObject({ servers: [10], requests: [[95]] });
});
