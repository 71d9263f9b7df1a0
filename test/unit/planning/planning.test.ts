import fc from 'fast-check';
import { referenceCapacity } from '../../../stack/capacity';
import { describePlacement } from '../../../planning/intervalPlan';
import { uniformCapacity } from '../../../planning/regionCapacity';
import { trafficWeightsOf } from '../../../planning/trafficWeights';

describe('trafficWeightsOf', () => {
  test('224 : 56 is 4 : 1', () => {
    expect(trafficWeightsOf({ 'us-east-1': 224, 'us-east-2': 56, 'eu-west-3': 0 })).toEqual({
      'us-east-1': 4,
      'us-east-2': 1,
    });
  });

  test('keeps every share exactly and has no common divisor left', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5000), { minLength: 1, maxLength: 12 }), (counts) => {
        const requests = Object.fromEntries(counts.map((count, index) => [`r${index}`, count]));
        const weights = trafficWeightsOf(requests);
        const totalRequests = counts.reduce((a, b) => a + b, 0);
        const totalWeight = Object.values(weights).reduce((a, b) => a + b, 0);
        for (const [region, count] of Object.entries(requests)) {
          expect((weights[region] ?? 0) * totalRequests).toBe(count * totalWeight);
        }
        for (const divisor of [2, 3, 5, 7]) {
          expect(
            Object.values(weights).length > 0 &&
              Object.values(weights).every((weight) => weight % divisor === 0),
          ).toBe(false);
        }
      }),
    );
  });
});

describe('an origin without expected requests', () => {
  const regions = ['a', 'b', 'c'];
  const plan = (maxLatencyMs: number, servers: number[]) =>
    describePlacement(
      {
        regions,
        requestsPerSecond: [10, 0, 0],
        carbonGramsPerKwh: [1, 1, 1],
        latencyMs: [
          [1, 9, 9],
          [50, 1, 40],
          [90, 9, 1],
        ],
        capacity: uniformCapacity(regions, { requestsPerServer: 10, maxServersPerRegion: 10 }),
        maxLatencyMs,
      },
      {
        placement: {
          kind: 'placement',
          servers,
          requests: [
            [10, 0, 0],
            [0, 0, 0],
            [0, 0, 0],
          ],
          objective: 0,
          solver: { name: 'none', status: 'optimal' },
        },
        backups: null,
      },
      {
        ...{ policy: 'carbon', keepWarm: false, maxLatencyMs, capacity: () => referenceCapacity },
        ...{ interval: '2026-01-05T00:00:00Z', synthetic: true },
      },
    ).weights;

  test('has the nearest region that serves, not one without servers', () => {
    expect(plan(100, [1, 0, 1])).toEqual({ a: { a: 1 }, b: { c: 1 }, c: { c: 1 } });
  });

  test('has no row where none is within its bound', () => {
    expect(plan(60, [1, 0, 0])).toEqual({ a: { a: 1 }, b: { a: 1 } });
  });
});
