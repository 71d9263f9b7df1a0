import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { dashboard, dashboardQueries } from '../../../metrics/dashboard';
import { metrics } from '../../../metrics/definitions';

const deploy = path.join(__dirname, '../../../deploy');
const rulesFile = path.join(deploy, 'prometheus/casper.rules.yaml');

interface Rules {
  groups: {
    rules: { alert?: string; record?: string; expr: string; annotations?: Record<string, string> }[];
  }[];
}

const rules = (parse(readFileSync(rulesFile, 'utf8')) as Rules).groups.flatMap((group) => group.rules);
const recorded = rules.flatMap(({ record }) => (record === undefined ? [] : [record]));

/** Names in an expression that look like casper's. */
const namesIn = (expr: string): string[] => expr.match(/casper[_:]\w+(?::\w+)*/g) ?? [];
const known = (name: string): boolean => name in metrics || recorded.includes(name);

test('rules and dashboard name metrics that there are, and the dashboard shows all of them', () => {
  const used = [...rules.map(({ expr }) => expr), ...dashboardQueries()].flatMap(namesIn);
  expect(used.filter((name) => !known(name))).toEqual([]);
  const shown = new Set(dashboardQueries().flatMap(namesIn));
  expect(Object.keys(metrics).filter((name) => !shown.has(name))).toEqual([
    // Its age is not what people look at: where it is from is.
    'casper_demand_value_timestamp_seconds',
  ]);
});

test('every alert says what it means and what to do', () => {
  for (const { alert, annotations } of rules.filter((rule) => rule.alert !== undefined)) {
    expect([alert, Object.keys(annotations ?? {})]).toEqual([alert, ['summary', 'description']]);
  }
});

test('the dashboard in deploy/ is the one of the definitions: npm run generate:dashboard', () => {
  expect(JSON.parse(readFileSync(path.join(deploy, 'grafana/casper.json'), 'utf8'))).toEqual(dashboard());
});
