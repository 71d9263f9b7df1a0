import { carbonOfInterval } from '../../../../bench/live/oracle';
import { carbonOf, demandIn, inSharesOf, savingsOf, servedCounts } from '../../../../bench/live/savings';
import type { Observation } from '../../../../observe/observeRequests';
import { referenceCapacity } from '../../../../stack/capacity';

const serviceTime = { meanMs: null, p50Ms: null, p95Ms: null, p99Ms: null };
const observed = (origin: string, destination: string, served: number): Observation => ({
  ...{ origin, destination },
  requests: { served, serverErrors: 0, clientAborts: 0, resets: 0, serviceTime },
});
const grams = { clean: 50, dirty: 500 };

test('requests count where they were served', () => {
  const counts = servedCounts([
    observed('clean', 'clean', 100),
    observed('dirty', 'clean', 150),
    observed('dirty', 'dirty', 50),
    observed('clean', 'dirty', 0),
  ]);
  expect(counts).toEqual({ clean: { clean: 100 }, dirty: { clean: 150, dirty: 50 } });
  expect(demandIn(counts ?? {})).toEqual({ clean: 100, dirty: 200 });
  expect(carbonOf(counts ?? {}, grams)).toBe(250 * 50 + 50 * 500);
});

test('what one proxy was not asked about is not known of the whole', () => {
  const away: Observation = { origin: 'dirty', destination: 'clean', requests: { unknown: 'away' } };
  expect(servedCounts([observed('clean', 'clean', 100), away])).toBeNull();
});

test('the same requests in other shares; an origin without a row serves itself', () => {
  const demand = { clean: 100, dirty: 200 };
  expect(inSharesOf(demand, { dirty: { clean: 3, dirty: 1 } })).toEqual({
    clean: { clean: 100 },
    dirty: { clean: 150, dirty: 50 },
  });
  expect(() => carbonOf({ clean: { nowhere: 1 } }, grams)).toThrow('no carbon intensity of nowhere');
});

test('savings are of the sums, against every origin by itself and against latency', () => {
  const intervals = [
    { served: 30, oracle: 20, replay: 100, latency: 80 },
    { served: 30, oracle: 30, replay: 20, latency: 20 },
  ];
  expect(savingsOf(intervals)).toEqual({
    savingPercent: 50,
    oracleSavingPercent: 100 * (1 - 50 / 120),
    savingPointsBelowOracle: 100 * (1 - 50 / 120) - 50,
    savingPointsBelowOracleByLatency: 10,
  });
});

test('an interval that is not known, and no interval, leave no saving', () => {
  const one = { served: 30, oracle: 20, replay: 100, latency: 80 };
  for (const intervals of [[], [one, null]]) {
    expect(new Set(Object.values(savingsOf(intervals)))).toEqual(new Set([null]));
  }
});

test('the oracle serves the requests that came where the carbon was', async () => {
  const latencies = {
    ...{ directory: 'none', synthetic: false, regions: ['clean', 'dirty'] },
    latencyMs: [
      [1, 40],
      [40, 1],
    ],
  };
  const options = {
    ...{ policy: 'carbon', maxLatencyMs: 100, alpha: 0.9, keepWarm: false },
    capacity: () => referenceCapacity,
  };
  const served = { clean: { clean: 1000 }, dirty: { clean: 500, dirty: 1500 } };
  expect(await carbonOfInterval(latencies, options, { served, grams, seconds: 50 })).toEqual({
    served: 1500 * 50 + 1500 * 500,
    oracle: 3000 * 50,
    replay: 1000 * 50 + 2000 * 500,
    latency: 1000 * 50 + 2000 * 500,
  });
});
