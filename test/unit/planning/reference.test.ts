import { referenceCapacity } from '../../../config';
import { planInterval } from '../../../planning/intervalPlan';
import { placementModel } from '../../../policies/placementModel';
import { sum } from '../../../policies/decision';
import { readTrace } from '../../../traces/readTrace';
import { solveWithHighs } from '../policies/highs';
import { wikiTraces } from '../wikiTraces';

/** Measured with the reference's own model (PuLP with CBC): sums over 24 intervals from 2022-08-13T00:00Z. */
const reference = [
  { maxLatencyMs: 500, carbonSum: 2_047_036, servers: 2221 },
  { maxLatencyMs: 150, carbonSum: 2_862_056, servers: 2233 },
  { maxLatencyMs: 100, carbonSum: 5_540_519.57, servers: 2248 },
  { maxLatencyMs: 50, carbonSum: 7_013_546.57, servers: 2262 },
];

test.each(reference)(
  'bound $maxLatencyMs ms: carbon, servers and every objective are the reference’s',
  async (expected) => {
    const trace = readTrace(wikiTraces());
    const options = {
      policy: 'carbon',
      alpha: 0.9,
      keepWarm: false,
      capacity: referenceCapacity,
      maxLatencyMs: expected.maxLatencyMs,
    };
    const plans = [];
    for (let hour = 0; hour < 24; hour++) {
      const at = new Date(Date.UTC(2022, 7, 13, hour)).toISOString();
      const plan = await planInterval(trace, at, options);
      plans.push(plan);

      const { requestsPerSecond, carbonGramsPerKwh } = trace.at(at);
      const problem = {
        ...referenceCapacity,
        ...options,
        regions: trace.regions,
        latencyMs: trace.latencyMs,
        requestsPerSecond,
        carbonGramsPerKwh,
      };
      const scale = Math.max(...carbonGramsPerKwh) * sum(requestsPerSecond);
      const model = placementModel(
        problem,
        ({ destination }) => (0.9 * (carbonGramsPerKwh[destination] ?? NaN)) / scale,
        0.1 / 600,
      );
      const best = await solveWithHighs(model);
      if (best === 'infeasible') throw new Error(`HiGHS finds no placement for ${at}`);
      expect(Math.abs(plan.objective / best - 1)).toBeLessThanOrEqual(1e-9);
    }
    const carbonSum = sum(plans.map((plan) => plan.carbonSum));
    expect(Math.abs(carbonSum / expected.carbonSum - 1)).toBeLessThanOrEqual(1e-9);
    expect(sum(plans.flatMap((plan) => Object.values(plan.servers)))).toBe(expected.servers);
  },
);
