import { cpuMillicoresOf, limitMillicoresOf, type CapacityByRegion } from '../stack/capacity';
import type { StackPlan } from '../stack/stackConfig';
import { sum } from '../policies/model/matrix';
import { stackPlanOf, type IntervalPlan } from './intervalPlan';

/**
 * Pre-scaling: the current plan plus enough servers to switch to the next one. Each region gets the larger of both
 * plans, and enough for the next interval's requests under the current weights, up to what it may have. In force before
 * that interval begins, it keeps every destination within what its servers carry at any moment of the change. Pure.
 * @param capacity what each region holds
 */
export function preScaledPlan(
  current: IntervalPlan,
  next: IntervalPlan,
  capacity: CapacityByRegion,
): StackPlan {
  const [ours, theirs] = [stackPlanOf(current), stackPlanOf(next)];
  return {
    ...ours,
    regions: Object.fromEntries(
      current.regions.map((region) => {
        const own = capacity(region);
        const needed = Math.ceil(
          requestsOfNext(region, current, next) / own.requestsPerServer - roundingError,
        );
        const servers = Math.max(
          current.servers[region] ?? 0,
          next.servers[region] ?? 0,
          Math.min(needed, own.maxServers),
        );
        const cpuMillicores = Math.max(
          current.cpuMillicores[region] ?? 0,
          next.cpuMillicores[region] ?? 0,
          cpuMillicoresOf(servers, own, false),
        );
        // What either plan holds for the loss of a region stays held.
        const limit = Math.max(limitMillicoresOf(ours, region), limitMillicoresOf(theirs, region));
        const standbyMillicores = limit - cpuMillicores;
        return [region, { servers, cpuMillicores, ...(standbyMillicores > 0 && { standbyMillicores }) }];
      }),
    ),
  };
}

/** What the stack is given for each of successive plans: the plan, pre-scaled for the change to the next one. */
export function preScaledPlans(plans: readonly IntervalPlan[], capacity: CapacityByRegion): StackPlan[] {
  return plans.map((plan, index) => {
    const next = plans[index + 1];
    return next ? preScaledPlan(plan, next, capacity) : stackPlanOf(plan);
  });
}

/** Shares are fractions: a sum that should be whole may come out a little above. */
const roundingError = 1e-9;

/** Requests/s that reach a region when the next interval's requests still go by the current weights. */
function requestsOfNext(region: string, current: IntervalPlan, next: IntervalPlan): number {
  return sum(
    current.regions.map((origin) => {
      const row = current.weights[origin] ?? {};
      const share = (row[region] ?? 0) / (sum(Object.values(row)) || 1);
      return share * sum(Object.values(next.requests[origin] ?? {}));
    }),
  );
}
