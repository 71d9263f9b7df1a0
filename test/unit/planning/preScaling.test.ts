import fc from 'fast-check';
import type { IntervalPlan } from '../../../planning/intervalPlan';
import { preScaledPlan } from '../../../planning/preScaling';
import { referenceCapacity, type CapacityByRegion } from '../../../stack/capacity';

const regions = ['a', 'b', 'c'];
const uniform: CapacityByRegion = () => ({ ...referenceCapacity, maxServers: 60 });
/** Regions whose servers differ in what they carry, in their CPU and in their number. */
const mixed: CapacityByRegion = (region) => ({
  ...referenceCapacity,
  ...(region === 'a' ? { requestsPerServer: 4, maxServers: 80 } : {}),
  ...(region === 'b' ? { cpuMillicoresPerServer: 25, epsilonMillicores: 5, maxServers: 30 } : {}),
});

/** A plan that serves requests as given, [origin][destination], with the fewest servers. */
const planOf = (matrix: readonly (readonly number[])[], capacity: CapacityByRegion): IntervalPlan => {
  const named = <T>(value: (index: number, region: string) => T): Record<string, T> =>
    Object.fromEntries(regions.map((region, index) => [region, value(index, region)]));
  const servers = named((destination, region) =>
    Math.ceil(
      matrix.reduce((total, row) => total + (row[destination] ?? 0), 0) / capacity(region).requestsPerServer,
    ),
  );
  const requests = named((origin) => named((destination) => matrix[origin]?.[destination] ?? 0));
  return {
    interval: '2026-01-05T00:00:00Z',
    policy: 'carbon',
    maxLatencyMs: null,
    synthetic: true,
    regions,
    servers,
    cpuMillicores: named((_index, region) => cpuOf(servers[region] ?? 0, capacity(region))),
    requests,
    weights: requests,
    ...{ heldReady: 'none', standbyMillicores: {}, backup: {} },
    objective: 0,
    carbonSum: 0,
    accounting: 'gCO2e',
    meanLatencyMs: null,
    solver: { name: 'none', status: 'optimal' },
  };
};
const cpuOf = (servers: number, own: ReturnType<CapacityByRegion>): number =>
  own.cpuMillicoresPerServer * servers + own.epsilonMillicores;
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

const matrices = fc.array(fc.array(fc.nat(60), { minLength: 3, maxLength: 3 }), {
  minLength: 3,
  maxLength: 3,
});

test.each([
  ['one capacity for all', uniform],
  ['a capacity of each region’s own', mixed],
])(
  'carries both intervals’ requests by the weights in force, and the next plan’s by its own: %s',
  (_, capacity) => {
    fc.assert(
      fc.property(matrices, matrices, (one, other) => {
        const [current, next] = [planOf(one, capacity), planOf(other, capacity)];
        const { regions: scaled, weights } = preScaledPlan(current, next, capacity);
        expect(weights).toEqual(current.weights);
        for (const region of regions) {
          const own = capacity(region);
          const servers = scaled[region]?.servers ?? 0;
          expect(servers).toBeGreaterThanOrEqual(
            Math.max(current.servers[region] ?? 0, next.servers[region] ?? 0),
          );
          expect(scaled[region]?.cpuMillicores).toBe(cpuOf(servers, own));
          if (servers >= own.maxServers) continue;
          for (const requestsOf of [current, next]) {
            expect(received(region, requestsOf, current)).toBeLessThanOrEqual(
              own.requestsPerServer * servers + 1e-6,
            );
          }
          expect(received(region, next, next)).toBeLessThanOrEqual(own.requestsPerServer * servers + 1e-6);
        }
      }),
    );
  },
);

const busy = [
  [50, 0, 0],
  [0, 0, 0],
  [0, 0, 0],
];
const busier = [
  [590, 400, 0],
  [0, 0, 0],
  [0, 0, 0],
];

test('no region gets more servers than it may have but by a plan', () => {
  expect(preScaledPlan(planOf(busy, uniform), planOf(busier, uniform), uniform).regions).toEqual({
    a: { servers: 60, cpuMillicores: 601 },
    b: { servers: 40, cpuMillicores: 401 },
    c: { servers: 0, cpuMillicores: 1 },
  });
});

test('a region whose servers carry a third needs three times as many', () => {
  const third: CapacityByRegion = () => ({ ...referenceCapacity, requestsPerServer: 3 });
  const plan = (requests: number): IntervalPlan => planOf([[requests, 0, 0]], third);
  expect(preScaledPlan(plan(3), plan(135), third).regions['a']).toEqual({ servers: 45, cpuMillicores: 451 });
});

test('between a plan and itself there is nothing to get ready', () => {
  fc.assert(
    fc.property(matrices, (matrix) => {
      const plan = planOf(matrix, uniform);
      const { regions: scaled } = preScaledPlan(plan, plan, uniform);
      for (const region of regions) expect(scaled[region]?.servers).toBe(plan.servers[region]);
    }),
  );
});
