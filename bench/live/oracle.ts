import type { ByPair } from '../../planning/intervalPlan';
import { planInterval } from '../../planning/planRange';
import type { PlanOptions } from '../../planning/planOptions';
import type { Latencies } from '../../traces/readLatencies';
import { isoOf } from '../../traces/time';
import { Trace } from '../../traces/trace';
import { carbonOf, demandIn, inSharesOf, type IntervalCarbon } from './savings';

/** What an interval turned out to be. */
interface Truth {
  /** By origin. */
  readonly requestsPerSecond: Readonly<Record<string, number>>;
  /** gCO2e/kWh by region. */
  readonly grams: Readonly<Record<string, number>>;
}

/** The plan of who knows an interval: requests/s by origin and destination. The planner's requests are whole numbers. */
async function planOfTruth(
  { regions, latencyMs, directory, synthetic }: Latencies,
  { requestsPerSecond, grams }: Truth,
  options: PlanOptions,
): Promise<ByPair> {
  const rates = regions.map((region) => Math.max(1, Math.round(requestsPerSecond[region] ?? 0)));
  const carbon = regions.map((region) => grams[region] ?? { missing: 'nobody said it' });
  const interval = new Trace({
    ...{ directory, synthetic, regions, latencyMs, droppedRegions: [] },
    requestsPerSecond: new Map([[0, rates]]),
    carbonGramsPerKwh: new Map([[0, carbon]]),
  });
  return (await planInterval(interval, isoOf(0), options)).requests;
}

/**
 * What was served, and what others would have made of the same requests.
 * @param served requests by origin and destination
 * @param grams gCO2e/kWh by region
 */
export async function carbonOfInterval(
  latencies: Latencies,
  options: PlanOptions,
  { served, grams, seconds }: { served: ByPair; grams: Truth['grams']; seconds: number },
): Promise<IntervalCarbon> {
  const demand = demandIn(served);
  const requestsPerSecond = Object.fromEntries(
    Object.entries(demand).map(([origin, count]) => [origin, count / seconds]),
  );
  const by = async (policy: string): Promise<number> => {
    const plan = await planOfTruth(latencies, { requestsPerSecond, grams }, { ...options, policy });
    return carbonOf(inSharesOf(demand, plan), grams);
  };
  return {
    served: carbonOf(served, grams),
    oracle: await by('carbon'),
    latency: await by('latency'),
    replay: carbonOf(inSharesOf(demand, {}), grams),
  };
}
