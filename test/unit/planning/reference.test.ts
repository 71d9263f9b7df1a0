import { referenceCapacity } from '../../../stack/capacity';
import type { IntervalPlan } from '../../../planning/intervalPlan';
import { problemOf } from '../../../planning/planOptions';
import { planInterval } from '../../../planning/planRange';
import { sum } from '../../../policies/model/matrix';
import { readTrace } from '../../../traces/readTrace';
import { solveWithHighs } from '../policies/highs';
import { plainModel } from '../policies/problems';
import { wikiTraces } from '../wikiTraces';

const trace = readTrace(wikiTraces());
const day = { august13: Date.UTC(2022, 7, 13), august17: Date.UTC(2022, 7, 17) };
const carbonWeights = { carbon: 0.9, latency: 0, servers: 0.1, cost: 0 };
const latencyWeights = { carbon: 0, latency: 0.5, servers: 0.5, cost: 0 };

async function planDay(policy: string, maxLatencyMs: number, start: number): Promise<IntervalPlan[]> {
  const plans: IntervalPlan[] = [];
  for (let hour = 0; hour < 24; hour++) {
    const at = new Date(start + hour * 3_600_000).toISOString();
    plans.push(await planInterval(trace, at, optionsFor(policy, maxLatencyMs)));
  }
  return plans;
}

const optionsFor = (policy: string, maxLatencyMs: number) => ({
  policy,
  maxLatencyMs,
  alpha: 0.9,
  keepWarm: false,
  capacity: () => referenceCapacity,
});
const carbonSumOf = (plans: IntervalPlan[]): number => sum(plans.map(({ carbonSum }) => carbonSum));
const serversOf = (plans: IntervalPlan[]): number =>
  sum(plans.flatMap((plan) => Object.values(plan.servers)));
const meanLatencyMsOf = (plans: IntervalPlan[]): number => {
  const requests = plans.map((plan) =>
    sum(Object.values(plan.requests).flatMap((row) => Object.values(row))),
  );
  return sum(plans.map((plan, hour) => (plan.meanLatencyMs ?? 0) * (requests[hour] ?? 0))) / sum(requests);
};
const relative = (value: number, expected: number): number => Math.abs(value / expected - 1);

/** Measured with the reference's own model (PuLP with CBC): sums over 24 intervals. */
test.each([
  { policy: 'carbon', maxLatencyMs: 500, start: day.august13, carbonSum: 2_047_036, servers: 2221 },
  { policy: 'carbon', maxLatencyMs: 150, start: day.august13, carbonSum: 2_862_056, servers: 2233 },
  { policy: 'carbon', maxLatencyMs: 100, start: day.august13, carbonSum: 5_540_519.566391, servers: 2248 },
  { policy: 'carbon', maxLatencyMs: 50, start: day.august13, carbonSum: 7_013_546.566391, servers: 2262 },
  { policy: 'replay', maxLatencyMs: 500, start: day.august13, carbonSum: 8_837_961.566391, servers: 2280 },
  { policy: 'carbon', maxLatencyMs: 500, start: day.august17, carbonSum: 2_159_283, servers: 2227 },
  { policy: 'replay', maxLatencyMs: 500, start: day.august17, carbonSum: 9_451_211, servers: 2280 },
])(
  '$policy within $maxLatencyMs ms: sums and every objective are the reference’s',
  async ({ policy, maxLatencyMs, start, carbonSum, servers }) => {
    const plans = await planDay(policy, maxLatencyMs, start);
    expect(relative(carbonSumOf(plans), carbonSum)).toBeLessThanOrEqual(1e-9);
    expect(serversOf(plans)).toBe(servers);
    if (policy === 'carbon') await expectProven(plans, maxLatencyMs, carbonWeights);
  },
);

/**
 * CBC stops where an improvement would be under 1e-5 of the objective, which is not scaled to that: with the
 * reference's latency model it ends above the optimum in 4 of the 24 hours of 2022-08-13 and in 1 of 2022-08-17, by
 * up to 6.4e-5 of it. The reference's carbon sums rest on these: 8,835,855.16 and 9,457,642. These are the optimum's.
 */
test.each([
  { start: day.august13, carbonSum: 8_831_477.15957, servers: 2225, meanLatencyMs: 3.927136 },
  { start: day.august17, carbonSum: 9_453_892, servers: 2235, meanLatencyMs: 3.79782 },
])('latency: every objective is the proven optimum', async ({ start, carbonSum, servers, meanLatencyMs }) => {
  const plans = await planDay('latency', 500, start);
  await expectProven(plans, Infinity, latencyWeights);
  expect(relative(carbonSumOf(plans), carbonSum)).toBeLessThanOrEqual(1e-9);
  expect(serversOf(plans)).toBe(servers);
  expect(meanLatencyMsOf(plans)).toBeCloseTo(meanLatencyMs, 5);
});

async function expectProven(
  plans: IntervalPlan[],
  maxLatencyMs: number,
  weights: typeof carbonWeights,
): Promise<void> {
  for (const { interval, objective } of plans) {
    const problem = problemOf(trace, trace.at(interval), optionsFor('carbon', maxLatencyMs));
    const best = await solveWithHighs(plainModel(problem, weights));
    if (best === 'infeasible') throw new Error(`HiGHS finds no placement for ${interval}`);
    expect(relative(objective * sum(problem.requestsPerSecond), best)).toBeLessThanOrEqual(1e-9);
  }
}
