import type { TickOutcome, TickRecord } from '../live/tickRecord';
import type { UsedCarbon, UsedDemand, UsedValues } from '../live/usedValues';
import type { StackPlan } from '../stack/stackConfig';
import type { Missing } from '../traces/cells';
import { MetricSet } from './metricSet';

const outcomes = Object.keys({
  ...{ applied: 0, unchanged: 0, planned: 0, held: 0, paused: 0, failed: 0 },
} satisfies Record<TickOutcome, 0>);
const holders = Object.keys({
  ...{ people: 0, data: 0, guard: 0 },
} satisfies Record<NonNullable<TickRecord['heldBy']>, 0>);
const carbonFrom = Object.keys({
  ...{ source: 0, lastKnown: 0, forecast: 0, mean: 0, missing: 0 },
} satisfies Record<UsedCarbon['from'] | 'missing', 0>);
const demandFrom = Object.keys({
  ...{ measured: 0, lastKnown: 0, forecast: 0, missing: 0 },
} satisfies Record<UsedDemand['from'] | 'missing', 0>);

/** Makes casper's metrics of what ticks record. */
export class LiveMetrics {
  readonly set: MetricSet;

  constructor(stack: string) {
    this.set = new MetricSet({ stack });
    // A counter that begins with its first event has no increase that Prometheus could see.
    for (const outcome of outcomes) this.set.add('casper_ticks_total', 0, { outcome });
    for (const by of holders) this.set.add('casper_ticks_held_total', 0, { by });
    this.set.add('casper_changes_total', 0);
    this.set.add('casper_data_faults_total', 0);
  }

  onTick(tick: TickRecord): void {
    const { set } = this;
    const { outcome, heldBy, applied, values, plan, planSeconds } = tick;
    set.set('casper_interval_seconds', tick.intervalSeconds);
    set.set('casper_last_tick_timestamp_seconds', Date.parse(tick.at) / 1000);
    set.add('casper_ticks_total', 1, { outcome });
    for (const one of outcomes)
      set.set('casper_last_tick_outcome', Number(one === outcome), { outcome: one });
    if (heldBy !== null) set.add('casper_ticks_held_total', 1, { by: heldBy });
    if (planSeconds !== null) set.set('casper_plan_duration_seconds', planSeconds);
    if (values) this.read(values, Date.parse(tick.at) / 1000);
    if (!applied) return;
    set.set('casper_apply_duration_seconds', applied.seconds);
    set.add('casper_changes_total', applied.changes);
    if (plan) this.inForce(plan, Date.parse(plan.interval) / 1000, values);
  }

  private read({ carbon, demand, faults }: UsedValues, atSeconds: number): void {
    const { set } = this;
    set.add('casper_data_faults_total', faults.length);
    set.forget(
      ...(['casper_carbon_intensity_grams_per_kwh', 'casper_carbon_value_timestamp_seconds'] as const),
      ...(['casper_demand_requests_per_second', 'casper_demand_value_timestamp_seconds'] as const),
      ...(['casper_carbon_value_from', 'casper_demand_value_from'] as const),
    );
    for (const [region, value] of Object.entries(carbon)) {
      for (const from of carbonFrom) {
        set.set('casper_carbon_value_from', Number(from === fromOf(value)), { region, from });
      }
      if ('missing' in value) continue;
      const labels = { region, source: value.source, zone: value.zone };
      set.set('casper_carbon_intensity_grams_per_kwh', value.gramsPerKwh, labels);
      set.set('casper_carbon_value_timestamp_seconds', atSeconds - value.ageSeconds, labels);
    }
    for (const [origin, value] of Object.entries(demand)) {
      for (const from of demandFrom) {
        set.set('casper_demand_value_from', Number(from === fromOf(value)), { origin, from });
      }
      if ('missing' in value) continue;
      set.set('casper_demand_requests_per_second', value.requestsPerSecond, { origin });
      set.set('casper_demand_value_timestamp_seconds', atSeconds - value.ageSeconds, { origin });
    }
  }

  private inForce(plan: StackPlan, startSeconds: number, values: UsedValues | null): void {
    const { set } = this;
    set.set('casper_plan_interval_start_timestamp_seconds', startSeconds);
    const received = receivedBy(plan);
    for (const [region, { servers, cpuMillicores, standbyMillicores = 0 }] of Object.entries(plan.regions)) {
      set.set('casper_planned_servers', servers, { region });
      set.set('casper_planned_cpu_cores', (cpuMillicores + standbyMillicores) / 1000, { region });
      set.set('casper_planned_requests_per_second', received[region] ?? 0, { region });
      set.set('casper_region_left_out', Number(plan.without?.includes(region) ?? false), { region });
    }
    // Of a plan that is applied again as it is, nothing is read: what was expected of it stands.
    if (!values) return;
    const carbon = {
      casper_planned_carbon_intensity_grams_per_kwh: meanGrams(received, values),
      casper_replay_carbon_intensity_grams_per_kwh: meanGrams(plan.requestsPerSecond ?? {}, values),
    } as const;
    for (const name of Object.keys(carbon) as (keyof typeof carbon)[]) {
      const grams = carbon[name];
      if (grams === null) set.forget(name);
      else set.set(name, grams);
    }
  }
}

function fromOf(value: UsedCarbon | UsedDemand | Missing): string {
  return 'missing' in value ? 'missing' : value.from;
}

/** Requests/s that each destination is to serve. */
function receivedBy({ weights, requestsPerSecond = {} }: StackPlan): Record<string, number> {
  const received: Record<string, number> = {};
  for (const [origin, row] of Object.entries(weights)) {
    const total = Object.values(row).reduce((sum, weight) => sum + weight, 0);
    for (const [destination, weight] of Object.entries(row)) {
      const share = total === 0 ? 0 : weight / total;
      received[destination] = (received[destination] ?? 0) + share * (requestsPerSecond[origin] ?? 0);
    }
  }
  return received;
}

/** Carbon intensity of the mean request; null where there are none, or some are served where it is not known. */
function meanGrams(received: Readonly<Record<string, number>>, { carbon }: UsedValues): number | null {
  let [requests, grams] = [0, 0];
  for (const [region, rate] of Object.entries(received)) {
    if (rate === 0) continue;
    const value = carbon[region];
    if (!value || 'missing' in value) return null;
    requests += rate;
    grams += rate * value.gramsPerKwh;
  }
  return requests === 0 ? null : grams / requests;
}
