import type { IntervalPlan } from '../planning/intervalPlan';
import type { PlanOptions } from '../planning/planOptions';
import { at, sum } from '../policies/model/matrix';
import { capacityOf, cpuMillicoresOf } from '../stack/capacity';
import type { StackConfig, StackPlan } from '../stack/stackConfig';
import type { Latencies } from '../traces/readLatencies';
import { apportion } from './apportion';

/** The plan in force with more servers, and what has become more. */
export interface Followed {
  readonly plan: IntervalPlan;
  readonly stackPlan: StackPlan;
  /** In words, with the servers before and after. */
  readonly why: string;
}

/** Loads are sums of fractions: one that should be whole may come out a little above. */
const roundingError = 1e-9;

/** An origin's demand, and what is planned for on top of it, as a factor. */
export interface DemandWithMargin {
  readonly requestsPerSecond: number;
  readonly margin: number;
}

/**
 * What serves goes on serving where nothing can be planned: by the weights in force, regions get the servers that
 * demand asks for. None gets fewer, no share changes, and the plan stays that of its interval. Pure.
 * @param demand in the order of the latencies
 * @param untouched regions that cannot be changed
 * @returns null where the servers in force carry it without its margin
 */
export function followDemand(
  config: StackConfig,
  latencies: Latencies,
  demand: readonly DemandWithMargin[],
  untouched: readonly string[],
  options: Pick<PlanOptions, 'maxLatencyMs' | 'heldReady'>,
): Followed | null {
  const { plan: inForce } = config;
  const { regions } = latencies;
  const weights = regions.map((origin) => regions.map((region) => inForce.weights[origin]?.[region] ?? 0));
  const loadsBy = (rates: readonly number[]): number[] =>
    regions.map((_, destination) =>
      sum(weights.map((row, origin) => (at(rates, origin) * at(row, destination)) / (sum(row) || 1))),
    );
  const planned = demand.map(({ requestsPerSecond, margin }) => Math.ceil(requestsPerSecond * margin));
  const [loads, withMargin] = [
    loadsBy(demand.map(({ requestsPerSecond }) => requestsPerSecond)),
    loadsBy(planned),
  ];
  const needs = regions.map((region, destination) => {
    const { requestsPerServer, maxServers } = capacityOf(config, region);
    const before = inForce.regions[region]?.servers ?? 0;
    const carried = before * requestsPerServer;
    const needed = Math.ceil(at(withMargin, destination) / requestsPerServer - roundingError);
    const isShort = at(loads, destination) > carried;
    const servers = untouched.includes(region) ? before : Math.max(before, Math.min(maxServers, needed));
    return { region, before, servers, isShort, isFull: needed > servers };
  });
  if (!needs.some(({ isShort }) => isShort)) return null;
  const grown = needs.filter(({ before, servers }) => servers > before);
  if (grown.length === 0) return null;
  const accepts = new Set(inForce.accepts);
  // The largest region may be full; what the others lack is given to them all the same.
  if (needs.some(({ isFull }) => isFull)) accepts.add('overCapacity');
  const byRegion = Object.fromEntries(
    needs.flatMap(({ region, before, servers }) => {
      const own = inForce.regions[region];
      if (!own) return [];
      const cpuMillicores = cpuMillicoresOf(servers, capacityOf(config, region), config.service.keepWarm);
      return [[region, servers > before ? { ...own, servers, cpuMillicores } : own]];
    }),
  );
  const stackPlan: StackPlan = {
    ...inForce,
    regions: { ...inForce.regions, ...byRegion },
    requestsPerSecond: Object.fromEntries(regions.map((region, index) => [region, at(planned, index)])),
    ...(accepts.size > 0 && { accepts: [...accepts] }),
  };
  const requests = weights.map((row, origin) => apportion(at(planned, origin), row));
  return {
    plan: described(stackPlan, requests, latencies, options),
    stackPlan,
    why: `servers follow demand, by the weights in force: ${grown.map(({ region, before, servers }) => `${region} ${before} -> ${servers}`).join(', ')}`,
  };
}

/** A plan that nothing is known of but what the stack file has: none of its requests, and none of its carbon. */
export function describedAsItIs(
  plan: StackPlan,
  latencies: Latencies,
  options: Pick<PlanOptions, 'maxLatencyMs' | 'heldReady'>,
): IntervalPlan {
  const { regions } = latencies;
  const none = regions.map(() => regions.map(() => 0));
  return described(plan, none, latencies, options);
}

/** The form in which people and files see it; carbon, of which something is missing, is no number. */
function described(
  { interval, policy, regions: byName, weights, backup = {}, without }: StackPlan,
  requests: readonly (readonly number[])[],
  { regions, latencyMs, synthetic }: Latencies,
  { maxLatencyMs, heldReady }: Pick<PlanOptions, 'maxLatencyMs' | 'heldReady'>,
): IntervalPlan {
  const of = (value: (region: StackPlan['regions'][string]) => number): Record<string, number> =>
    Object.fromEntries(regions.map((region) => [region, byName[region] ? value(byName[region]) : 0]));
  const total = sum(requests.flat());
  const latency = sum(
    requests.flatMap((row, from) => row.map((count, to) => count * at(at(latencyMs, from), to))),
  );
  return {
    ...{ interval, policy, synthetic, regions, weights, backup },
    maxLatencyMs: Number.isFinite(maxLatencyMs) ? maxLatencyMs : null,
    servers: of(({ servers }) => servers),
    cpuMillicores: of(({ cpuMillicores }) => cpuMillicores),
    standbyMillicores: of(({ standbyMillicores = 0 }) => standbyMillicores),
    requests: Object.fromEntries(
      regions.flatMap((origin, from) => {
        const row = regions.flatMap((region, to) => {
          const count = at(at(requests, from), to);
          return count > 0 ? [[region, count] as const] : [];
        });
        return row.length > 0 ? [[origin, Object.fromEntries(row)]] : [];
      }),
    ),
    heldReady: heldReady ?? 'none',
    ...(without && { without }),
    objective: NaN,
    carbonSum: NaN,
    accounting: 'not counted: carbon intensities are missing',
    meanLatencyMs: total === 0 ? null : latency / total,
    solver: { name: 'none', status: 'the weights in force' },
  };
}
