import fc from 'fast-check';
import type { PlacementProblem } from '../../../policies/problem';

/** Problems of all kinds: shared grids, binding capacity, bounds that leave an origin alone, idle origins. */
export const problems = (maxRegions: number): fc.Arbitrary<PlacementProblem> =>
  fc.integer({ min: 1, max: maxRegions }).chain((count) =>
    fc.record({
      regions: fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: count, maxLength: count }),
      requestsPerSecond: fc.array(fc.oneof(fc.constant(0), fc.nat(400)), {
        minLength: count,
        maxLength: count,
      }),
      carbonGramsPerKwh: fc.array(fc.oneof(fc.constant(300), fc.integer({ min: 1, max: 900 })), {
        minLength: count,
        maxLength: count,
      }),
      latencyMs: fc.array(
        fc.array(fc.integer({ min: 1, max: 300 }), { minLength: count, maxLength: count }),
        {
          minLength: count,
          maxLength: count,
        },
      ),
      requestsPerServer: fc.constantFrom(1, 7, 10),
      maxServersPerRegion: fc.constantFrom(20, 40, 100),
      maxLatencyMs: fc.constantFrom(50, 100, 150, Infinity),
      alpha: fc.constantFrom(0, 0.5, 0.9, 1),
    }),
  );
