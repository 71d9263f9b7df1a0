import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { referenceCapacity } from '../../../stack/capacity';
import type { IntervalPlan } from '../../../planning/intervalPlan';
import { freeSwitching } from '../../../planning/decide';
import { planRange } from '../../../planning/planRange';
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

const planning = (policy: string, maxLatencyMs: number, solver: string): string => `
  const { planRange } = require(${JSON.stringify(path.join(dist, 'planning/planRange.js'))});
  const { readTrace } = require(${JSON.stringify(path.join(dist, 'traces/readTrace.js'))});
  const { referenceCapacity } = require(${JSON.stringify(path.join(dist, 'stack/capacity.js'))});
  const options = { ...${JSON.stringify({ ...options, policy, maxLatencyMs, solver })}, capacity: () => referenceCapacity };
  planRange(readTrace(${JSON.stringify(wikiTraces())}), ${JSON.stringify(from)}, 24, options).then(
    (plans) => console.log(JSON.stringify(plans)),
    (error) => { console.error(error.message); process.exitCode = 1; },
  );`;

test.each([
  ['carbon', 500],
  ['carbon', 100],
  ['latency', 500],
  ['weighted', 150],
  ['static', 150],
  ['horizon', 150],
])(
  '%s within %d ms: HiGHS plans the day without glpk.js, to the same objectives',
  async (policy, maxLatencyMs) => {
    const { stdout, stderr } = runWithoutGlpk(planning(policy, maxLatencyMs, 'highs'));
    expect(stderr).toBe('');
    const byHighs = JSON.parse(stdout) as IntervalPlan[];
    const byGlpk = await planRange(readTrace(wikiTraces()), from, 24, {
      ...options,
      policy,
      maxLatencyMs,
      capacity: () => referenceCapacity,
    });
    expect(byHighs).toHaveLength(24);
    for (const [hour, plan] of byHighs.entries()) {
      const expected = byGlpk[hour]?.objective ?? NaN;
      expect(Math.abs(plan.objective - expected)).toBeLessThanOrEqual(1e-9 * expected);
      expect(plan.solver.name).toBe('highs');
    }
  },
);

test('HiGHS finds out too why there is no placement', () => {
  const { stdout, stderr } = runWithoutGlpk(planning('carbon', 3, 'highs'));
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^No placement for 2022-08-13T00:00:00Z keeps every limit:\n {2}latency: /);
});

test('without glpk.js, GLPK is refused with what to do', () => {
  const { stdout, stderr } = runWithoutGlpk(planning('carbon', 500, 'glpk'));
  expect(stdout).toBe('');
  expect(stderr).toBe(
    'The package glpk.js cannot be loaded; install it (npm install glpk.js), or plan without it by --solver highs (in a study: solver: highs)\n',
  );
});
