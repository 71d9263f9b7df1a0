import fc from 'fast-check';
import { referenceCapacity } from '../../../stack/stackConfig';
import { bridgePlan } from '../../../planning/preScaling';
import type { IntervalPlan } from '../../../planning/intervalPlan';

const regions = ['a', 'b', 'c'];
const capacity = { ...referenceCapacity, maxServersPerRegion: 60 };

/** A plan that serves requests as given, [origin][destination], with the fewest servers. */
const planOf = (matrix: readonly (readonly number[])[]): IntervalPlan => {
  const named = <T>(value: (index: number) => T): Record<string, T> =>
    Object.fromEntries(regions.map((region, index) => [region, value(index)]));
  const servers = named((destination) =>
    Math.ceil(matrix.reduce((total, row) => total + (row[destination] ?? 0), 0) / 10),
  );
  const requests = named((origin) => named((destination) => matrix[origin]?.[destination] ?? 0));
  return {
    ...{ interval: '2026-01-05T00:00:00Z', policy: 'carbon', regions, servers, requests, weights: requests },
    cpuMillicores: named((index) => 10 * (servers[regions[index] ?? ''] ?? 0) + 1),
  } as unknown as IntervalPlan;
};
const totalOf = (row: Record<string, number> | undefined): number =>
  Object.values(row ?? {}).reduce((total, count) => total + count, 0);

/** Requests/s at a destination when one plan's requests go by the other's weights. */
const received = (destination: string, requestsOf: IntervalPlan, weightsOf: IntervalPlan): number =>
  regions.reduce((total, origin) => {
    const row = weightsOf.weights[origin] ?? {};
    return (
      total + (totalOf(requestsOf.requests[origin]) * (row[destination] ?? 0)) / Math.max(totalOf(row), 1)
    );
  }, 0);

const plans = fc
  .array(fc.array(fc.nat(60), { minLength: 3, maxLength: 3 }), { minLength: 3, maxLength: 3 })
  .map(planOf);

test('carries both intervals’ requests by the weights in force, and the next plan’s by its own', () => {
  fc.assert(
    fc.property(plans, plans, (live, next) => {
      const { regions: bridged, weights } = bridgePlan(live, next, capacity);
      expect(weights).toEqual(live.weights);
      for (const region of regions) {
        const servers = bridged[region]?.servers ?? 0;
        expect(servers).toBeGreaterThanOrEqual(
          Math.max(live.servers[region] ?? 0, next.servers[region] ?? 0),
        );
        expect(bridged[region]?.cpuMillicores).toBe(10 * servers + 1);
        if (servers >= capacity.maxServersPerRegion) continue;
        for (const requestsOf of [live, next]) {
          expect(received(region, requestsOf, live)).toBeLessThanOrEqual(10 * servers + 1e-6);
        }
        expect(received(region, next, next)).toBeLessThanOrEqual(10 * servers + 1e-6);
      }
    }),
  );
});

test('no region gets more servers than it may have but by a plan', () => {
  const live = planOf([
    [50, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ]);
  const next = planOf([
    [590, 400, 0],
    [0, 0, 0],
    [0, 0, 0],
  ]);
  expect(bridgePlan(live, next, capacity).regions).toEqual({
    a: { servers: 60, cpuMillicores: 601 },
    b: { servers: 40, cpuMillicores: 401 },
    c: { servers: 0, cpuMillicores: 1 },
  });
});

test('between a plan and itself there is nothing to get ready', () => {
  fc.assert(
    fc.property(plans, (plan) => {
      const { regions: bridged } = bridgePlan(plan, plan, capacity);
      for (const region of regions) expect(bridged[region]?.servers).toBe(plan.servers[region]);
    }),
  );
});
