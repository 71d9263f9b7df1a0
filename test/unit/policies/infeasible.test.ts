import fc from 'fast-check';
import { carbon } from '../../../policies/carbon';
import { uniformCapacity } from '../../../planning/regionCapacity';
import { sum } from '../../../policies/model/matrix';
import type { PlacementProblem } from '../../../policies/problem';
import { problems } from './problems';

const byCarbon = carbon({ alpha: 0.9 });

const problem: PlacementProblem = {
  regions: ['far', 'east', 'west'],
  requestsPerSecond: [5, 120, 30],
  carbonGramsPerKwh: [100, 200, 300],
  latencyMs: [
    [3.4, 200, 139.5],
    [200, 16.1, 52],
    [139.5, 52, 3.9],
  ],
  capacity: uniformCapacity(['far', 'east', 'west'], { requestsPerServer: 10, maxServersPerRegion: 10 }),
  maxLatencyMs: 20,
};

test('an origin whose destinations are full: who, where, and by how much', async () => {
  expect(await byCarbon.place(problem)).toEqual({
    kind: 'infeasible',
    shortfalls: [
      {
        limit: 'capacity',
        origins: ['east'],
        destinations: ['east'],
        requestsPerSecondShort: 20,
        serversShort: 2,
      },
    ],
  });
});

test('an origin that reaches nobody: the nearest region and its latency', async () => {
  expect(await byCarbon.place({ ...problem, maxLatencyMs: 3.5, requestsPerSecond: [5, 50, 0] })).toEqual({
    kind: 'infeasible',
    shortfalls: [
      { limit: 'latency', origin: 'east', boundMs: 3.5, nearestDestination: 'east', nearestMs: 16.1 },
    ],
  });
});

test('origins that share a bottleneck are named together', async () => {
  const result = await byCarbon.place({ ...problem, maxLatencyMs: 60, requestsPerSecond: [5, 150, 60] });
  expect(result).toEqual({
    kind: 'infeasible',
    shortfalls: [
      {
        limit: 'capacity',
        origins: ['east', 'west'],
        destinations: ['east', 'west'],
        requestsPerSecondShort: 10,
        serversShort: 1,
      },
    ],
  });
});

test('as many servers more as the diagnosis says, in each of its destinations, are enough', async () => {
  await fc.assert(
    fc.asyncProperty(problems(8), async (random) => {
      const result = await byCarbon.place(random);
      if (result.kind !== 'infeasible') return;
      for (const shortfall of result.shortfalls) {
        if (shortfall.limit === 'latency') {
          expect(shortfall.nearestMs).toBeGreaterThan(shortfall.boundMs);
          continue;
        }
        if (shortfall.limit !== 'capacity') throw new Error(`unexpected ${shortfall.limit}`);
        expect(shortfall.requestsPerSecondShort).toBeGreaterThan(0);
        expect(shortfall.requestsPerSecondShort).toBeLessThanOrEqual(sum(random.requestsPerSecond));
        const reachable = random.requestsPerSecond.map((requests, origin) =>
          (random.latencyMs[origin] ?? []).some((ms) => ms <= random.maxLatencyMs) ? requests : 0,
        );
        const enough = {
          ...random,
          requestsPerSecond: reachable,
          capacity: random.capacity.map((region) => ({
            ...region,
            maxServers: region.maxServers + shortfall.serversShort,
          })),
        };
        expect((await byCarbon.place(enough)).kind).toBe('placement');
      }
    }),
    { numRuns: 300, seed: 4 },
  );
});
