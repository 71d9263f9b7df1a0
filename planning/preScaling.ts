import type { CapacityConfig, StackPlan } from '../stack/stackConfig';
import { sum } from '../policies/arrays';
import { cpuMillicoresOf, stackPlanOf, type IntervalPlan } from './intervalPlan';

/**
 * The plan in force, with as many servers as the change to the next one takes: what either plan has and, until the
 * weights change, what the requests of the next interval need by the weights in force. In force before that interval
 * begins, no destination gets more than its servers carry at any moment, wherever its maximum allows that; pure.
 */
export function bridgePlan(live: IntervalPlan, next: IntervalPlan, capacity: CapacityConfig): StackPlan {
  const { requestsPerServer, maxServersPerRegion } = capacity;
  const plan = stackPlanOf(live);
  return {
    ...plan,
    regions: Object.fromEntries(
      live.regions.map((region) => {
        const needed = Math.ceil(requestsOfNext(region, live, next) / requestsPerServer - roundingError);
        const servers = Math.max(
          live.servers[region] ?? 0,
          next.servers[region] ?? 0,
          Math.min(needed, maxServersPerRegion),
        );
        const cpuMillicores = Math.max(
          live.cpuMillicores[region] ?? 0,
          next.cpuMillicores[region] ?? 0,
          cpuMillicoresOf(servers, capacity, false),
        );
        return [region, { servers, cpuMillicores }];
      }),
    ),
  };
}

/** Shares are fractions: a sum that should be whole may come out a little above. */
const roundingError = 1e-9;

/** Requests/s that reach a region when the next interval's requests still go by the weights in force. */
function requestsOfNext(region: string, live: IntervalPlan, next: IntervalPlan): number {
  return sum(
    live.regions.map((origin) => {
      const row = live.weights[origin] ?? {};
      const share = (row[region] ?? 0) / (sum(Object.values(row)) || 1);
      return share * sum(Object.values(next.requests[origin] ?? {}));
    }),
  );
}
