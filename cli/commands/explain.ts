import { Command } from 'commander';
import { explainInterval } from '../../planning/explainInterval';
import { openTrace } from '../openTrace';
import {
  planOptionsOf,
  withCapacityOptions,
  withPlanOptions,
  type CapacityFlags,
  type PlanFlags,
} from '../options';
import { sampleTraces } from '../project';
import { renderPlan, table } from '../render/render';
import type { Explanation } from '../../planning/explanation';

interface Flags extends PlanFlags, CapacityFlags {
  traces: string;
  at: string;
  json?: true;
}

export const explainCommand = withCapacityOptions(
  withPlanOptions(
    new Command('explain')
      .description(
        'Say why the plan of one interval is as it is: what moves, for what gain, and what holds it back.',
      )
      .option('--traces <dir>', 'folder of the three CSV files', sampleTraces)
      .requiredOption('--at <time>', 'start of the interval, ISO 8601 in UTC'),
  ),
)
  .option('--json', 'print one JSON object')
  .action(async ({ traces, at, json, ...flags }: Flags) => {
    const trace = openTrace(traces);
    const { plan, explanation } = await explainInterval(trace, at, planOptionsOf(flags, trace.regions));
    if (json) console.log(JSON.stringify({ plan, ...explanation }));
    else console.log([renderPlan(plan), renderExplanation(explanation)].join('\n'));
  });

function renderExplanation({ moves, serverValues, boundValues }: Explanation): string {
  const grams = (value: number): string => value.toFixed(2);
  return [
    'moved:',
    moves.length === 0
      ? '  nothing'
      : table(
          ['from', 'to', 'requests/s', 'gain g/h', 'not cleaner still, because of'],
          moves.map(({ origin, destination, requestsPerSecond, gainGrams, cleaner }) => [
            origin,
            destination,
            requestsPerSecond,
            grams(gainGrams),
            cleaner
              .map((other) => `${other.destination}: ${other.limit} (${grams(other.lostGrams)} g/h)`)
              .join(', '),
          ]),
        ),
    'what the limits cost:',
    ...serverValues.map(
      ({ region, grams: change }) => `  one server more in ${region}: ${grams(change)} g/h`,
    ),
    ...boundValues.map(
      ({ origin, destination, boundMs, grams: change }) =>
        `  a bound of ${boundMs} ms for ${origin}, which then reaches ${destination}: ${grams(change)} g/h`,
    ),
    ...(serverValues.length + boundValues.length === 0 ? ['  nothing: no limit binds'] : []),
  ].join('\n');
}
