import path from 'node:path';
import { Command } from 'commander';
import { run, type IntervalRecord } from '../operate/run';
import {
  nonNegativeNumber,
  positiveInteger,
  withPlanOptions,
  withStackOptions,
  withSwitchingOptions,
  type PlanFlags,
  type StackFlags,
  type SwitchingFlags,
} from './options';
import { planForStack } from './planFromStack';
import { showStep } from './progress';
import { sampleTraces, stackOptionsOf } from './project';
import { renderChange, renderPlan, renderVerification } from './render';

interface Flags extends PlanFlags, StackFlags, SwitchingFlags {
  traces: string;
  from?: string;
  intervals: number;
  secondsPerInterval: number;
  runs: string;
  json?: true;
}

export const runCommand = withPlanOptions(
  withSwitchingOptions(
    withStackOptions(
      new Command('run')
        .description(
          'Plan, preview, apply and verify successive intervals, on a copy of the stack file under runs/.',
        )
        .option('--traces <dir>', 'folder of the four CSV files', sampleTraces)
        .option(
          '--from <time>',
          'start of the first interval, ISO 8601 in UTC (default: the first of the trace)',
        )
        .option('--intervals <n>', 'how many intervals', positiveInteger, 1)
        .option(
          '--seconds-per-interval <s>',
          'start an interval no sooner than this after the one before',
          nonNegativeNumber,
          0,
        )
        .option('--runs <dir>', 'where the run leaves its records', 'runs'),
    ),
  ),
)
  .option('--json', 'print one JSON object an interval')
  .action(async ({ traces, from, intervals, secondsPerInterval, runs, json, ...flags }: Flags) => {
    const options = stackOptionsOf(flags);
    const plans = await planForStack(options.configFile, traces, from, intervals, flags);
    const runDirectory = path.resolve(runs, new Date().toISOString().replaceAll(/[-:]|\.\d+/g, ''));
    await run(plans, { ...options, runDirectory, secondsPerInterval }, showStep, (record) => {
      console.log(json ? JSON.stringify(record) : renderRecord(record));
    });
    if (!json) console.log(`records: ${path.relative(process.cwd(), runDirectory)}`);
  });

function renderRecord({ plan, preview, update, verification }: IntervalRecord): string {
  return [
    renderPlan(plan),
    'preview:',
    renderChange(preview),
    `up: ${update.changes.length} changes in ${update.seconds.toFixed(1)} s`,
    'verified:',
    renderVerification(verification),
    '',
  ].join('\n');
}
