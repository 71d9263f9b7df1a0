import { sum } from '../policies/model/matrix';
import type { Trace } from '../traces/trace';
import type { IntervalPlan } from './intervalPlan';
import type { PlanOptions } from './planOptions';
import { planInterval } from './planRange';

/** What a plan takes, to be held beside another one. */
export interface PlanTotals {
  /** Requests/s times gCO2e/kWh. */
  readonly carbonSum: number;
  readonly servers: number;
}

/**
 * What an interval takes where no limit of concentration is kept: a plan with it less this is the limit's price. Null
 * where the options have no such limit.
 */
export async function withoutMaxShare(
  trace: Trace,
  start: string,
  { maxSharePercent, ...others }: PlanOptions,
): Promise<PlanTotals | null> {
  return maxSharePercent === undefined ? null : totalsOf(await planInterval(trace, start, others));
}

export function totalsOf({ carbonSum, servers }: IntervalPlan): PlanTotals {
  return { carbonSum, servers: sum(Object.values(servers)) };
}
