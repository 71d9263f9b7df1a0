import { heldReadyLevels, type HeldReady } from '../stack/stackConfig';
import type { Trace } from '../traces/trace';
import { sum } from '../policies/model/matrix';
import { InfeasibleError } from './infeasibleError';
import type { IntervalPlan } from './intervalPlan';
import type { PlanOptions } from './planOptions';
import { planInterval } from './planRange';

/** What an interval costs with so much held ready for the loss of a region. */
export interface HeldReadyCost {
  readonly level: HeldReady;
  /** Null where no plan holds that much ready. */
  readonly plan: {
    /** Requests/s times gCO2e/kWh. */
    readonly carbonSum: number;
    readonly servers: number;
    /** CPU limits of all regions that are held without being reserved. */
    readonly standbyMillicores: number;
  } | null;
}

/** N-1 by servers is a flow for every region that may be lost: seconds from here on. */
const mostRegions = 12;

/**
 * An interval with every level; N-1 only where regions are few.
 * @param chosen the plan with the options' own level, which is not made again
 */
export async function heldReadyCosts(
  trace: Trace,
  start: string,
  options: PlanOptions,
  chosen: IntervalPlan,
): Promise<HeldReadyCost[]> {
  const levels = heldReadyLevels.filter(
    (level) => level !== 'servers' || options.heldReady === level || trace.regions.length <= mostRegions,
  );
  const costs: HeldReadyCost[] = [];
  for (const level of levels) {
    const plan =
      level === chosen.heldReady ? chosen : await planOrNull(trace, start, { ...options, heldReady: level });
    costs.push({
      level,
      plan: plan && {
        carbonSum: plan.carbonSum,
        servers: sum(Object.values(plan.servers)),
        standbyMillicores: sum(Object.values(plan.standbyMillicores)),
      },
    });
  }
  return costs;
}

/** Null where no placement keeps every limit. */
function planOrNull(trace: Trace, start: string, options: PlanOptions): Promise<IntervalPlan | null> {
  return planInterval(trace, start, options).catch((error: unknown) => {
    if (error instanceof InfeasibleError) return null;
    throw error;
  });
}
