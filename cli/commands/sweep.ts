import { Command, InvalidArgumentError } from 'commander';
import { freeSwitching } from '../../planning/decide';
import { sweep, type Part } from '../../study/sweep';
import { openTrace } from '../openTrace';
import {
  latencyBound,
  planOptionsOf,
  positiveInteger,
  withCapacityOptions,
  withObjectiveOptions,
  type CapacityFlags,
  type PlanFlags,
} from '../options';
import { sampleTraces } from '../project';
import { table } from '../render/render';

interface Flags extends Omit<PlanFlags, 'policy'>, CapacityFlags {
  traces: string;
  from?: string;
  to?: string;
  trade: [Part, Part];
  steps: number;
  json?: true;
}

const parts: Part[] = ['carbon', 'latency', 'servers', 'cost'];

function twoParts(text: string): [Part, Part] {
  const [first, second, ...more] = text.split(',').map((name) => parts.find((part) => part === name.trim()));
  if (!first || !second || first === second || more.length > 0) {
    throw new InvalidArgumentError(`Expected two of ${parts.join(', ')}, with a comma between them.`);
  }
  return [first, second];
}

export const sweepCommand = withCapacityOptions(
  withObjectiveOptions(
    new Command('sweep')
      .description(
        'Trade one part of the objective for another in steps, and mark the Pareto front. Changes nothing.',
      )
      .option('--traces <dir>', 'folder of the three CSV files', sampleTraces)
      .option('--from <time>', "start of the first interval, ISO 8601 in UTC (default: the trace's first)")
      .option('--to <time>', 'start of the first interval left out (default: the end of the trace)')
      .option('--max-latency <ms>', 'latency bound from origin to destination, or "none"', latencyBound, 500)
      .option('--trade <parts>', 'two of carbon, latency, servers, cost', twoParts, ['carbon', 'latency'])
      .option('--steps <n>', 'mixes of the two, at least 2', positiveInteger, 11),
  ),
)
  .option('--json', 'print one JSON object')
  .action(async ({ traces, from, to, trade, steps, json, ...flags }: Flags, command: Command) => {
    if (steps < 2) command.error('error: --steps must be at least 2');
    const trace = openTrace(traces);
    const { accounting, points } = await sweep(trace, trade, steps, {
      ...planOptionsOf({ ...flags, policy: 'weighted' }, trace.regions),
      maxLatenciesMs: [flags.maxLatency],
      horizonIntervals: 1,
      switching: freeSwitching,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
    });
    if (json) {
      console.log(JSON.stringify({ trade, synthetic: trace.synthetic, accounting, points }));
      return;
    }
    const rows = points.map(({ objectiveWeights, outcome, onFront }) => [
      ...trade.map((part) => objectiveWeights[part].toFixed(3)),
      (outcome.carbonGrams / 1000).toFixed(3),
      outcome.meanLatencyMs?.toFixed(2) ?? '-',
      outcome.servers,
      outcome.cost.toFixed(2),
      onFront ? '*' : '',
    ]);
    console.log(accounting);
    console.log(table([...trade, 'kg CO2e', 'mean ms', 'servers', 'cost', 'front'], rows));
  });
