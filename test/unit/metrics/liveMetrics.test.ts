import { LiveMetrics } from '../../../metrics/liveMetrics';
import { applied, failed, held } from './tickRecords';

/** Values by series, without help and types. */
function seriesOf(metrics: LiveMetrics): Record<string, number> {
  const lines = metrics.set
    .text()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(lines.map((line) => [line.replace(/ \S+$/, ''), Number(line.split(' ').at(-1))]));
}

function after(...ticks: (typeof applied)[]): Record<string, number> {
  const metrics = new LiveMetrics('s');
  for (const tick of ticks) metrics.onTick(tick);
  return seriesOf(metrics);
}

const seconds = (time: string): number => Date.parse(time) / 1000;

test('before the first tick counters stand at 0, and nothing else is said', () => {
  const series = after();
  expect(series).toMatchObject({
    'casper_ticks_total{stack="s",outcome="failed"}': 0,
    'casper_ticks_held_total{stack="s",by="guard"}': 0,
    'casper_changes_total{stack="s"}': 0,
  });
  expect(Object.keys(series).every((name) => /_total\{/.test(name))).toBe(true);
});

test('a plan in force: when, from what, how long it took, what is expected of it', () => {
  expect(after(applied)).toMatchObject({
    'casper_interval_seconds{stack="s"}': 3600,
    'casper_ticks_total{stack="s",outcome="applied"}': 1,
    'casper_last_tick_outcome{stack="s",outcome="applied"}': 1,
    'casper_last_tick_outcome{stack="s",outcome="failed"}': 0,
    'casper_last_tick_timestamp_seconds{stack="s"}': seconds('2026-08-13T12:20:00Z'),
    'casper_plan_interval_start_timestamp_seconds{stack="s"}': seconds('2026-08-13T12:00:00Z'),
    'casper_plan_duration_seconds{stack="s"}': 1.5,
    'casper_apply_duration_seconds{stack="s"}': 12,
    'casper_changes_total{stack="s"}': 3,
    'casper_data_faults_total{stack="s"}': 1,
    'casper_carbon_intensity_grams_per_kwh{stack="s",region="dirty",source="maps",zone="Y"}': 500,
    'casper_carbon_value_timestamp_seconds{stack="s",region="dirty",source="maps",zone="Y"}':
      seconds('2026-08-13T12:10:00Z'),
    'casper_carbon_value_from{stack="s",region="dirty",from="source"}': 1,
    'casper_carbon_value_from{stack="s",region="dirty",from="missing"}': 0,
    'casper_demand_requests_per_second{stack="s",origin="dirty"}': 80,
    'casper_demand_value_timestamp_seconds{stack="s",origin="dirty"}': seconds('2026-08-13T12:19:00Z'),
    'casper_demand_value_from{stack="s",origin="dirty",from="lastKnown"}': 1,
    'casper_demand_value_from{stack="s",origin="dirty",from="measured"}': 0,
    'casper_planned_servers{stack="s",region="clean"}': 6,
    'casper_planned_cpu_cores{stack="s",region="clean"}': 0.081,
    'casper_planned_requests_per_second{stack="s",region="clean"}': 60,
    'casper_planned_requests_per_second{stack="s",region="dirty"}': 60,
    'casper_region_left_out{stack="s",region="dirty"}': 0,
    'casper_planned_carbon_intensity_grams_per_kwh{stack="s"}': 300,
    'casper_replay_carbon_intensity_grams_per_kwh{stack="s"}': (40 * 100 + 80 * 500) / 120,
  });
});

test('a tick that fails: the plan before it stands, and grows old', () => {
  const [before, now] = [after(applied), after(applied, failed)];
  const plan = 'casper_plan_interval_start_timestamp_seconds{stack="s"}';
  expect(now[plan]).toBe(before[plan]);
  expect(now).toMatchObject({
    'casper_ticks_total{stack="s",outcome="applied"}': 1,
    'casper_ticks_total{stack="s",outcome="failed"}': 1,
    'casper_last_tick_outcome{stack="s",outcome="applied"}': 0,
    'casper_last_tick_outcome{stack="s",outcome="failed"}': 1,
    'casper_last_tick_timestamp_seconds{stack="s"}': seconds('2026-08-13T13:00:00Z'),
    'casper_changes_total{stack="s"}': 3,
  });
});

test('a plan that is held: by what, and a value that is missing has no number', () => {
  const now = after(applied, held);
  expect(now).toMatchObject({
    'casper_ticks_held_total{stack="s",by="data"}': 1,
    'casper_carbon_value_from{stack="s",region="dirty",from="missing"}': 1,
    'casper_carbon_value_from{stack="s",region="dirty",from="source"}': 0,
    'casper_demand_value_from{stack="s",origin="dirty",from="missing"}': 1,
    'casper_plan_duration_seconds{stack="s"}': 0.5,
    'casper_planned_servers{stack="s",region="clean"}': 6,
  });
  const ofDirty = Object.keys(now).filter((name) => /"dirty"/.test(name));
  expect(ofDirty.some((name) => /^casper_(carbon_intensity|carbon_value_time|demand_req)/.test(name))).toBe(
    false,
  );
});

test('a value that comes from another source leaves no series behind', () => {
  const { values } = applied;
  if (!values) throw new Error('the tick has values');
  const clean = { ...values.carbon['clean'], source: 'other' } as never;
  const now = after(applied, { ...applied, values: { ...values, carbon: { ...values.carbon, clean } } });
  const ofClean = Object.keys(now).filter((name) => /^casper_carbon_intensity.*"clean"/.test(name));
  expect(ofClean).toEqual([
    'casper_carbon_intensity_grams_per_kwh{stack="s",region="clean",source="other",zone="Z"}',
  ]);
});

test('a plan that is applied again as it is: what was expected of it stands', () => {
  const again = { ...applied, outcome: 'unchanged' as const, values: null };
  expect(after(applied, again)).toMatchObject({
    'casper_planned_carbon_intensity_grams_per_kwh{stack="s"}': 300,
    'casper_last_tick_outcome{stack="s",outcome="unchanged"}': 1,
  });
});

test('a region that is lost, and carbon that nobody knows where requests are served', () => {
  const { plan, values } = applied;
  if (!plan || !values) throw new Error('the tick has a plan');
  const unknown = { ...values, carbon: { ...values.carbon, clean: { missing: 'none' } } };
  const now = after(applied, { ...applied, plan: { ...plan, without: ['dirty'] }, values: unknown });
  expect(now['casper_region_left_out{stack="s",region="dirty"}']).toBe(1);
  expect(now).not.toHaveProperty(['casper_planned_carbon_intensity_grams_per_kwh{stack="s"}']);
});
