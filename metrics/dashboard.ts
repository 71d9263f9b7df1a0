/** One line, or one number, of a panel. */
interface Query {
  readonly expr: string;
  /** Of its series, with labels in braces as Grafana has them. */
  readonly legend: string;
}

interface Panel {
  readonly title: string;
  /** Of Grafana's list of units; `none` for a plain number. */
  readonly unit: string;
  readonly kind: 'stat' | 'timeseries';
  readonly queries: readonly Query[];
}

const ofStack = '{stack=~"$stack"}';
const query = (expr: string, legend: string): Query => ({ expr, legend });
const gramsPerKwh = 'suffix:g/kWh';

const panels: readonly Panel[] = [
  {
    ...{ title: 'Age of the plan', unit: 's', kind: 'stat' },
    queries: [query(`time() - casper_plan_interval_start_timestamp_seconds${ofStack}`, '{{stack}}')],
  },
  {
    ...{ title: 'Since the last tick', unit: 's', kind: 'stat' },
    queries: [query(`time() - casper_last_tick_timestamp_seconds${ofStack}`, '{{stack}}')],
  },
  {
    ...{ title: 'The last tick', unit: 'none', kind: 'stat' },
    queries: [query(`casper_last_tick_outcome${ofStack} == 1`, '{{stack}}: {{outcome}}')],
  },
  {
    ...{ title: 'Less carbon than without a planner, by the plan', unit: 'percentunit', kind: 'stat' },
    queries: [
      query(
        `1 - casper_planned_carbon_intensity_grams_per_kwh${ofStack} / casper_replay_carbon_intensity_grams_per_kwh${ofStack}`,
        '{{stack}}',
      ),
    ],
  },
  {
    ...{ title: 'Carbon intensity of the mean request', unit: gramsPerKwh, kind: 'timeseries' },
    queries: [
      query(`casper_planned_carbon_intensity_grams_per_kwh${ofStack}`, '{{stack}}: planned'),
      query(`casper_replay_carbon_intensity_grams_per_kwh${ofStack}`, '{{stack}}: every origin at home'),
      query('casper:served_carbon_intensity:grams_per_kwh', 'served'),
    ],
  },
  {
    ...{ title: 'Carbon intensity of the regions', unit: gramsPerKwh, kind: 'timeseries' },
    queries: [query(`casper_carbon_intensity_grams_per_kwh${ofStack}`, '{{region}}: {{source}} {{zone}}')],
  },
  {
    ...{ title: 'Values that are not of now', unit: 'none', kind: 'timeseries' },
    queries: [
      query(
        `casper_carbon_value_from{stack=~"$stack",from!="source"} == 1`,
        'carbon of {{region}}: {{from}}',
      ),
      query(
        `casper_demand_value_from{stack=~"$stack",from!="measured"} == 1`,
        'demand of {{origin}}: {{from}}',
      ),
    ],
  },
  {
    ...{ title: 'Age of carbon values', unit: 's', kind: 'timeseries' },
    queries: [query(`time() - casper_carbon_value_timestamp_seconds${ofStack}`, '{{region}}: {{source}}')],
  },
  {
    ...{ title: 'Demand, as measured or forecast', unit: 'reqps', kind: 'timeseries' },
    queries: [query(`casper_demand_requests_per_second${ofStack}`, '{{origin}}')],
  },
  {
    ...{ title: 'Requests to be served, by region', unit: 'reqps', kind: 'timeseries' },
    queries: [query(`casper_planned_requests_per_second${ofStack}`, '{{region}}')],
  },
  {
    ...{ title: 'Servers', unit: 'none', kind: 'timeseries' },
    queries: [query(`casper_planned_servers${ofStack}`, '{{region}}')],
  },
  {
    ...{ title: 'CPU', unit: 'suffix: cores', kind: 'timeseries' },
    queries: [query(`casper_planned_cpu_cores${ofStack}`, '{{region}}')],
  },
  {
    ...{ title: 'Ticks an hour', unit: 'none', kind: 'timeseries' },
    queries: [
      query(`increase(casper_ticks_total${ofStack}[1h])`, '{{outcome}}'),
      query(`increase(casper_ticks_held_total${ofStack}[1h])`, 'held by {{by}}'),
    ],
  },
  {
    ...{ title: 'An hour: changes, and faults of data', unit: 'none', kind: 'timeseries' },
    queries: [
      query(`increase(casper_changes_total${ofStack}[1h])`, 'resources changed'),
      query(`increase(casper_data_faults_total${ofStack}[1h])`, 'faults of data'),
    ],
  },
  {
    ...{ title: 'Seconds', unit: 's', kind: 'timeseries' },
    queries: [
      query(`casper_plan_duration_seconds${ofStack}`, 'reading and planning'),
      query(`casper_apply_duration_seconds${ofStack}`, 'applying'),
      query(`casper_interval_seconds${ofStack}`, 'the interval'),
    ],
  },
  {
    ...{ title: 'Regions left out', unit: 'none', kind: 'timeseries' },
    queries: [query(`casper_region_left_out${ofStack}`, '{{region}}')],
  },
];

const columns = 24;
const sizes = { stat: { w: 6, h: 4 }, timeseries: { w: 12, h: 8 } };
const datasource = { type: 'prometheus', uid: '${datasource}' };

/** The dashboard of Grafana (schema 39, since 10.2) of casper's metrics; deploy/grafana/casper.json is this. */
export function dashboard(): object {
  let [x, y, rowHeight] = [0, 0, 0];
  const placed = panels.map(({ title, unit, kind, queries }, index) => {
    const { w, h } = sizes[kind];
    if (x + w > columns) [x, y, rowHeight] = [0, y + rowHeight, 0];
    const gridPos = { x, y, w, h };
    [x, rowHeight] = [x + w, Math.max(rowHeight, h)];
    return {
      ...{ id: index + 1, type: kind, title, datasource, gridPos },
      fieldConfig: { defaults: { unit }, overrides: [] },
      ...(title === 'The last tick' && { options: { textMode: 'name' } }),
      targets: queries.map(({ expr, legend }, at) => ({
        ...{ refId: String.fromCharCode('A'.charCodeAt(0) + at), datasource, expr, legendFormat: legend },
      })),
    };
  });
  return {
    ...{ uid: 'casper', title: 'casper', tags: ['casper'], schemaVersion: 39, editable: true },
    ...{ refresh: '1m', time: { from: 'now-24h', to: 'now' }, timezone: 'utc' },
    templating: {
      list: [
        { name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Prometheus' },
        {
          ...{ name: 'stack', type: 'query', datasource, label: 'Stack', multi: true, includeAll: true },
          ...{ query: 'label_values(casper_interval_seconds, stack)', refresh: 2, allValue: '.*' },
        },
      ],
    },
    panels: placed,
  };
}

/** What the dashboard asks Prometheus, with every stack in place of the one that is chosen. */
export function dashboardQueries(): string[] {
  return panels.flatMap(({ queries }) => queries.map(({ expr }) => expr.replaceAll('$stack', '.*')));
}
