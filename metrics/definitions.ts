/** What casper tells Prometheus of itself: the one place that names metrics. docs/live.md says how they are had. */
export interface MetricDefinition {
  readonly type: 'gauge' | 'counter';
  /** Ends as Prometheus' conventions say: in its unit, or in _total for a counter. */
  readonly help: string;
  /** Besides `stack`, which every series has. */
  readonly labels: readonly string[];
}

const gauge = (help: string, ...labels: string[]): MetricDefinition => ({ type: 'gauge', help, labels });
const counter = (help: string, ...labels: string[]): MetricDefinition => ({ type: 'counter', help, labels });

/**
 * Of what has an age the moment stands here and not the age, which would stand still with the process that should tell
 * it: `time() - ...` is the age.
 */
export const metrics = {
  casper_interval_seconds: gauge('Length of a scheduling interval.'),
  casper_ticks_total: counter('Ticks, by what became of them.', 'outcome'),
  casper_last_tick_outcome: gauge('1 for what became of the last tick, 0 for the rest.', 'outcome'),
  casper_last_tick_timestamp_seconds: gauge('When the last tick began, whatever became of it.'),
  casper_ticks_held_total: counter(
    'Ticks that left the plan before them, by whose reasons: people, data that are missing, or no move but towards bad data (guard).',
    'by',
  ),
  casper_plan_interval_start_timestamp_seconds: gauge(
    'Start of the interval that the plan in force was made for.',
  ),
  casper_plan_duration_seconds: gauge('How long the last plan took, reading of signals and demand included.'),
  casper_apply_duration_seconds: gauge('How long the updates of the last tick that applied a plan took.'),
  casper_changes_total: counter('Resources that updates changed.'),
  casper_data_faults_total: counter('What was wrong with data that were read.'),
  casper_carbon_intensity_grams_per_kwh: gauge(
    'Carbon intensity in gCO2e/kWh that the last plan was made from, times PUE where that is counted.',
    ...['region', 'source', 'zone'],
  ),
  casper_carbon_value_timestamp_seconds: gauge(
    "Until when that value's period went; of one whose period goes on, when it was used.",
    ...['region', 'source', 'zone'],
  ),
  casper_carbon_value_from: gauge(
    "1 for where a region's value came from: the source's own of now, what stands in for it, or missing; 0 for the rest.",
    ...['region', 'from'],
  ),
  casper_demand_requests_per_second: gauge('Requests/s that the last plan was made from.', 'origin'),
  casper_demand_value_timestamp_seconds: gauge('Until when the window of that rate went.', 'origin'),
  casper_demand_value_from: gauge(
    "1 for where an origin's rate came from, 0 for the rest.",
    ...['origin', 'from'],
  ),
  casper_planned_servers: gauge('Servers by the plan in force.', 'region'),
  casper_planned_cpu_cores: gauge('CPU by the plan in force, what is held for a loss included.', 'region'),
  casper_planned_requests_per_second: gauge('Requests/s that a region is to serve by the plan.', 'region'),
  casper_region_left_out: gauge('1 for a region that is left out because it is lost.', 'region'),
  casper_planned_carbon_intensity_grams_per_kwh: gauge(
    'Carbon intensity of the mean request by the plan, in gCO2e/kWh.',
  ),
  casper_replay_carbon_intensity_grams_per_kwh: gauge(
    'The same, had every origin served itself (the policy replay).',
  ),
} as const satisfies Record<`casper_${string}`, MetricDefinition>;

export type MetricName = keyof typeof metrics;
