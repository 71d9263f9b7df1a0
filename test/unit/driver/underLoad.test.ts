import type { Observation } from '../../../observe/observeRequests';
import { servedShares, type LoadedInterval } from '../../../driver/underLoad';

const seen = (origin: string, destination: string, served: number | 'unknown'): Observation => ({
  origin,
  destination,
  requests:
    served === 'unknown'
      ? { unknown: 'nobody read it' }
      : {
          served,
          serverErrors: 0,
          clientAborts: 0,
          resets: 0,
          serviceTime: { meanMs: 1, p50Ms: 1, p95Ms: 1, p99Ms: 1 },
        },
});
const interval = (steady: Observation[]): Pick<LoadedInterval, 'plan' | 'steady'> => ({
  plan: { regions: ['a', 'b'], requests: { a: { a: 30, b: 10 } } } as unknown as LoadedInterval['plan'],
  steady,
});

test('shares are of the origin’s own requests; pairs without plan and requests are left out', () => {
  expect(
    servedShares(interval([seen('a', 'a', 749), seen('a', 'b', 251), seen('b', 'a', 0), seen('b', 'b', 0)])),
  ).toEqual([
    { origin: 'a', destination: 'a', plannedPercent: 75, servedPercent: 74.9, served: 749 },
    { origin: 'a', destination: 'b', plannedPercent: 25, servedPercent: 25.1, served: 251 },
  ]);
});

test('what was served without a plan shows', () => {
  expect(servedShares(interval([seen('b', 'a', 7)]))).toEqual([
    { origin: 'b', destination: 'a', plannedPercent: 0, servedPercent: 100, served: 7 },
  ]);
});

test('one unknown count makes every share of the origin unknown, and no count a number', () => {
  expect(servedShares(interval([seen('a', 'a', 749), seen('a', 'b', 'unknown')]))).toEqual([
    { origin: 'a', destination: 'a', plannedPercent: 75, servedPercent: 'unknown', served: 749 },
    { origin: 'a', destination: 'b', plannedPercent: 25, servedPercent: 'unknown', served: null },
  ]);
});
