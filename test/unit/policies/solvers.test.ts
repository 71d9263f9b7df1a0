import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { referenceCapacity } from '../../../stack/capacity';
import { freeSwitching } from '../../../planning/decide';
import type { IntervalPlan } from '../../../planning/intervalPlan';
import type { PlanOptions } from '../../../planning/planOptions';
import { planRange } from '../../../planning/planRange';
import { forecasterNamed } from '../../../study/forecast/forecasters';
import { simulate, type Simulation } from '../../../study/simulation';
import { readTrace } from '../../../traces/readTrace';
import { wikiTraces } from '../wikiTraces';

const dist = path.resolve(__dirname, '../../../dist');
const from = '2022-08-13T00:00:00Z';
const options = { alpha: 0.9, keepWarm: false, horizonIntervals: 4, switching: freeSwitching };

/** As if glpk.js were not installed: nothing resolves it. */
const withoutGlpk = `import { registerHooks } from 'node:module';
registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith('glpk.js')) throw new Error('glpk.js is asked for');
    return next(specifier, context);
  },
});`;

/** Runs compiled code in a process in which glpk.js cannot be loaded. */
function runWithoutGlpk(code: string) {
  const hook = `data:text/javascript,${encodeURIComponent(withoutGlpk)}`;
  return spawnSync(process.execPath, ['--import', hook, '-e', code], { encoding: 'utf8', timeout: 60_000 });
}

/** What matters of a plan's options, and goes into another process. */
type Asked = Pick<PlanOptions, 'policy' | 'maxLatencyMs'> &
  Partial<Pick<PlanOptions, 'heldReady' | 'leastViolation'>> & { readonly maxServers?: number };

const required = (file: string): string => `require(${JSON.stringify(path.join(dist, file))})`;
const printed = `.then(
    (made) => console.log(JSON.stringify(made)),
    (error) => { console.error(error.message); process.exitCode = 1; },
  );`;

const planning = ({ maxServers, ...asked }: Asked, solver: string): string => `
  const capacity = { ...${required('stack/capacity.js')}.referenceCapacity, ...${JSON.stringify({ maxServers })} };
  const options = { ...${JSON.stringify({ ...options, ...asked, solver })}, capacity: () => capacity };
  const trace = ${required('traces/readTrace.js')}.readTrace(${JSON.stringify(wikiTraces())});
  ${required('planning/planRange.js')}.planRange(trace, ${JSON.stringify(from)}, 24, options)${printed}`;

async function byBoth({ maxServers, ...asked }: Asked) {
  const { stdout, stderr } = runWithoutGlpk(
    planning({ ...asked, ...(maxServers && { maxServers }) }, 'highs'),
  );
  expect(stderr).toBe('');
  const byHighs = JSON.parse(stdout) as IntervalPlan[];
  const capacity = { ...referenceCapacity, ...(maxServers && { maxServers }) };
  const all = { ...options, ...asked, capacity: () => capacity };
  const byGlpk = await planRange(readTrace(wikiTraces()), from, 24, all);
  expect(byHighs).toHaveLength(24);
  for (const [hour, plan] of byHighs.entries()) {
    const expected = byGlpk[hour]?.objective ?? NaN;
    expect(Math.abs(plan.objective - expected)).toBeLessThanOrEqual(1e-9 * expected);
    expect(plan.solver.name).toBe('highs');
  }
  return { byHighs, byGlpk };
}

test.each([
  ['carbon', 500],
  ['carbon', 100],
  ['latency', 500],
  ['weighted', 150],
  ['static', 150],
  ['horizon', 150],
  ['oracle', 150],
])('%s within %d ms: HiGHS plans the day without glpk.js, to the same objectives', async (policy, bound) => {
  await byBoth({ policy, maxLatencyMs: bound });
});

test('and where no placement keeps every limit: as many requests too many, in as many hours', async () => {
  const { byHighs, byGlpk } = await byBoth({
    ...{ policy: 'carbon', maxLatencyMs: 150, leastViolation: true, maxServers: 15 },
  });
  const brokenBy = (plans: readonly IntervalPlan[]): number[] =>
    plans.map(({ violations = [] }) =>
      violations.reduce((sum, { requestsPerSecond }) => sum + requestsPerSecond, 0),
    );
  expect(Math.max(...brokenBy(byHighs))).toBeGreaterThan(0);
  expect(brokenBy(byHighs)).toEqual(brokenBy(byGlpk));
});

const total = (byRegion: Readonly<Record<string, number>>): number =>
  Object.values(byRegion).reduce((sum, value) => sum + value, 0);

test.each(['limit', 'servers'] as const)(
  'and with %s held ready for the loss of a region: as much of it',
  async (heldReady) => {
    const { byHighs, byGlpk } = await byBoth({ policy: 'carbon', maxLatencyMs: 500, heldReady });
    const held = (plans: readonly IntervalPlan[]): number[][] =>
      plans.map(({ servers, standbyMillicores }) => [total(servers), total(standbyMillicores)]);
    expect(held(byHighs)).toEqual(held(byGlpk));
    expect(byHighs.every(({ backup }) => Object.keys(backup).length > 0)).toBe(true);
  },
);

test('and with room for the errors of past forecasts, to the same carbon', async () => {
  const asked = { ...options, policies: ['carbon'], maxLatenciesMs: [150], from: '2022-09-14T00:00:00Z' };
  const until = { ...asked, to: '2022-09-14T12:00:00Z' };
  const forecast = { forecaster: 'regression', demandQuantile: 0.98 };
  const { stdout, stderr } = runWithoutGlpk(`
    const forecaster = ${required('study/forecast/forecasters.js')}.forecasterNamed(${JSON.stringify(forecast.forecaster)});
    const { referenceCapacity } = ${required('stack/capacity.js')};
    const forecast = { forecaster, demandQuantile: ${forecast.demandQuantile} };
    const options = { ...${JSON.stringify({ ...until, solver: 'highs' })}, forecast, capacity: () => referenceCapacity };
    const trace = ${required('traces/readTrace.js')}.readTrace(${JSON.stringify(wikiTraces())});
    ${required('study/simulation.js')}.simulate(trace, options)${printed}`);
  expect(stderr).toBe('');
  const carbonOf = ({ results }: Simulation): number | undefined =>
    results[0] && 'outcome' in results[0] ? results[0].outcome.carbonGrams : undefined;
  const byGlpk = await simulate(readTrace(wikiTraces()), {
    ...until,
    capacity: () => referenceCapacity,
    forecast: { ...forecast, forecaster: forecasterNamed(forecast.forecaster) },
  });
  const expected = carbonOf(byGlpk) ?? NaN;
  expect(expected).toBeGreaterThan(0);
  expect(Math.abs((carbonOf(JSON.parse(stdout) as Simulation) ?? NaN) - expected)).toBeLessThan(
    1e-6 * expected,
  );
});

test('HiGHS finds out too why there is no placement', () => {
  const { stdout, stderr } = runWithoutGlpk(planning({ policy: 'carbon', maxLatencyMs: 3 }, 'highs'));
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^No placement for 2022-08-13T00:00:00Z keeps every limit:\n {2}latency: /);
});

test('without glpk.js, GLPK is refused with what to do', () => {
  const { stdout, stderr } = runWithoutGlpk(planning({ policy: 'carbon', maxLatencyMs: 500 }, 'glpk'));
  expect(stdout).toBe('');
  expect(stderr).toBe(
    'The package glpk.js cannot be loaded; install it (npm install glpk.js), or plan without it by --solver highs (in a study: solver: highs)\n',
  );
});
