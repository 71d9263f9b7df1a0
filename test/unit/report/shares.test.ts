import type { Observation } from '../../../observe/observeRequests';
import { sharesOf, type Share } from '../../../report/shares';

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
const plan = { requests: { a: { a: 30, b: 10 } } };
const shares = (observations: Observation[]): Share[] => sharesOf(plan, ['a', 'b'], observations);
const idle = [seen('b', 'a', 0), seen('b', 'b', 0)];

test('shares are of the origin’s own requests; pairs without plan and requests are left out', () => {
  expect(shares([seen('a', 'a', 749), seen('a', 'b', 251), ...idle])).toEqual([
    {
      ...{ origin: 'a', destination: 'a', plannedRequestsPerSecond: 30 },
      ...{ plannedPercent: 75, servedPercent: 74.9, served: 749, resets: 0 },
    },
    {
      ...{ origin: 'a', destination: 'b', plannedRequestsPerSecond: 10 },
      ...{ plannedPercent: 25, servedPercent: 25.1, served: 251, resets: 0 },
    },
  ]);
});

test('what was served without a plan shows', () => {
  const [, , unplanned] = shares([
    seen('a', 'a', 1),
    seen('a', 'b', 1),
    seen('b', 'a', 7),
    seen('b', 'b', 0),
  ]);
  expect(unplanned).toEqual({
    ...{ origin: 'b', destination: 'a', plannedRequestsPerSecond: 0 },
    ...{ plannedPercent: null, servedPercent: 100, served: 7, resets: 0 },
  });
});

test('one unknown count makes every share of the origin unknown, and no count a number', () => {
  const reason = { unknown: 'nobody read it' };
  expect(shares([seen('a', 'a', 749), seen('a', 'b', 'unknown'), ...idle])).toMatchObject([
    { destination: 'a', plannedPercent: 75, servedPercent: reason, served: 749 },
    { destination: 'b', plannedPercent: 25, servedPercent: reason, served: reason },
  ]);
});

test('an origin that served nothing has no shares, and a pair that nobody observed is unknown', () => {
  expect(shares([seen('a', 'a', 0), seen('a', 'b', 0), ...idle])).toMatchObject([
    { destination: 'a', servedPercent: null, served: 0 },
    { destination: 'b', servedPercent: null, served: 0 },
  ]);
  expect(shares(idle)[0]?.served).toEqual({ unknown: 'not observed' });
});
