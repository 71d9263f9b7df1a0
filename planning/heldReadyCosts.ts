import { heldReadyLevels, type HeldReady } from '../stack/stackConfig';
import type { Trace } from '../traces/trace';
import { InfeasibleError } from './infeasibleError';
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

/** Plans an interval with every level; N-1 only where regions are few. */
export async function heldReadyCosts(
  trace: Trace,
  start: string,
  options: PlanOptions,
): Promise<HeldReadyCost[]> {
  const levels = heldReadyLevels.filter(
    (level) => level !== 'servers' || options.heldReady === level || trace.regions.length <= mostRegions,
  );
  const costs: HeldReadyCost[] = [];
  for (const level of levels) {
    const plan = await planInterval(trace, start, { ...options, heldReady: level }).catch(
      (error: unknown) => {
        if (error instanceof InfeasibleError) return null;
        throw error;
      },
    );
    const totalOf = (byRegion: Readonly<Record<string, number>>): number =>
      Object.values(byRegion).reduce((sum, value) => sum + value, 0);
    costs.push({
      level,
      plan: plan && {
        carbonSum: plan.carbonSum,
        servers: totalOf(plan.servers),
        standbyMillicores: totalOf(plan.standbyMillicores),
      },
    });
  }
  return costs;
}
