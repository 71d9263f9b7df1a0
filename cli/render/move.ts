import type { IntervalPlan } from '../../planning/intervalPlan';
import { stackPlanOf } from '../../planning/intervalPlan';
import type { StackPlan } from '../../stack/stackConfig';
import { describeBrokenLimits, describeReadiness, table } from './render';

/** By region. */
type ByRegion = Readonly<Record<string, number>>;

/** What a plan of a trace's interval leaves out, where a live one has a margin. */
export const withoutMargin = '  planned for the requests of the trace as they are, without a margin';

/** The plan that was in force before another one; of a plan in a stack file the requests are not known. */
export interface PlanBefore {
  readonly stackPlan: StackPlan;
  readonly plan: IntervalPlan | null;
}

/** Carbon intensity by region in gCO2e/kWh, in the interval of a plan. */
export type CarbonOf = (interval: string) => ByRegion;

export function planBefore(plan: IntervalPlan): PlanBefore {
  return { stackPlan: stackPlanOf(plan), plan };
}

/**
 * What a plan moves and why: servers, CPU and requests by region before and after, who leaves which region for which,
 * and the carbon and the mean latency of both plans; pure.
 */
export function renderMove(plan: IntervalPlan, before: PlanBefore, carbonOf: CarbonOf): string {
  const carbon = carbonOf(plan.interval);
  const carbonBefore = before.plan && carbonOf(before.plan.interval);
  const bound = plan.maxLatencyMs === null ? 'no latency bound' : `bound ${plan.maxLatencyMs} ms`;
  const was = before.stackPlan.regions;
  return [
    `${plan.interval}  ${plan.policy}, ${bound}${plan.synthetic ? ', SYNTHETIC trace' : ''}`,
    ...(plan.held === undefined ? [] : [`  held, as the plan before it: ${plan.held}`]),
    table(
      ['region', 'servers', 'CPU', 'requests/s', 'gCO2e/kWh', 'to'],
      plan.regions.map((region) => [
        region,
        arrow(was[region]?.servers, plan.servers[region] ?? 0),
        arrow(was[region]?.cpuMillicores, plan.cpuMillicores[region] ?? 0, (value) => `${value}m`),
        arrow(before.plan ? received(before.plan, region) : undefined, received(plan, region)),
        arrow(carbonBefore?.[region], carbon[region] ?? NaN, whole),
        Object.entries(plan.requests[region] ?? {})
          .map(([destination, count]) => `${destination} ${short(count)}`)
          .join(', '),
      ]),
    ),
    ...movedOrigins(plan, before.stackPlan.weights, carbon),
    `  carbon ${arrow(before.plan?.carbonSum, plan.carbonSum, whole)} (requests/s x gCO2e/kWh)` +
      `${asBefore(plan, before.stackPlan.weights, carbon)}, mean latency ` +
      `${arrow(before.plan?.meanLatencyMs ?? undefined, plan.meanLatencyMs ?? NaN, (value) => (Number.isNaN(value) ? '-' : value.toFixed(2)))} ms`,
    ...describeBrokenLimits(plan),
    ...describeReadiness(plan),
  ].join('\n');
}

/** One value where nothing changed, or nothing is known of the one before. */
function arrow(before: number | undefined, after: number, text: (value: number) => string = String): string {
  return before === undefined || text(before) === text(after)
    ? text(after)
    : `${text(before)} -> ${text(after)}`;
}

const whole = (value: number): string => (Number.isNaN(value) ? 'unknown' : value.toFixed(0));

/** Requests/s that a plan sends to a region. */
function received({ requests }: IntervalPlan, region: string): number {
  return short(Object.values(requests).reduce((sum, row) => sum + (row[region] ?? 0), 0));
}

/** Requests/s that go by weights alone need not be whole. */
const short = (count: number): number => Number(count.toFixed(2));

/** A line for every origin whose shares change, with the carbon intensity of what it leaves and of what it goes to. */
function movedOrigins(
  { regions, weights }: IntervalPlan,
  before: StackPlan['weights'],
  carbon: ByRegion,
): string[] {
  const grams = (region: string): string => `${region} (${whole(carbon[region] ?? NaN)} gCO2e/kWh)`;
  return regions.flatMap((origin) => {
    const [old, now] = [sharesOf(before[origin]), sharesOf(weights[origin])];
    if (Object.keys(old).length === 0) return [];
    const left = regions.filter((region) => (now[region] ?? 0) < (old[region] ?? 0));
    const taken = regions.filter((region) => (now[region] ?? 0) > (old[region] ?? 0));
    if (left.length + taken.length === 0) return [];
    return [`  ${origin} moves from ${left.map(grams).join(', ')} to ${taken.map(grams).join(', ')}`];
  });
}

/** What the interval's requests would have cost by the weights before; nothing where these do not serve every origin. */
function asBefore(
  { regions, requests, carbonSum }: IntervalPlan,
  before: StackPlan['weights'],
  carbon: ByRegion,
): string {
  let sum = 0;
  for (const origin of regions) {
    const rate = Object.values(requests[origin] ?? {}).reduce((total, count) => total + count, 0);
    const shares = Object.entries(sharesOf(before[origin]));
    if (rate > 0 && shares.length === 0) return '';
    for (const [destination, share] of shares) sum += rate * share * (carbon[destination] ?? NaN);
  }
  return whole(sum) === whole(carbonSum) ? '' : `, ${whole(sum)} by the weights before`;
}

/** Fractions of 1. */
function sharesOf(row: ByRegion = {}): ByRegion {
  const total = Object.values(row).reduce((sum, weight) => sum + weight, 0);
  return Object.fromEntries(Object.entries(row).map(([region, weight]) => [region, weight / total]));
}

/** Servers beyond a plan's, for what the change to the next one takes; no line where there are none. */
export function renderReadyAhead(plan: IntervalPlan, { regions }: StackPlan): string[] {
  const more = plan.regions.flatMap((region) => {
    const planned = plan.servers[region] ?? 0;
    const servers = regions[region]?.servers ?? 0;
    return servers > planned ? [`${region} ${servers} instead of ${planned}`] : [];
  });
  return more.length > 0 ? [`  servers ready for the next change too: ${more.join(', ')}`] : [];
}
