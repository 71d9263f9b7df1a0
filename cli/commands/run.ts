import path from 'node:path';
import { Command, Option } from 'commander';
import { reconcilerOf } from '../../driver/reconcile';
import { LoadSender } from '../../driver/loadSender';
import { RequestWatcher } from '../../driver/requestWatcher';
import { requestPathOf } from '../../driver/requestPath';
import { runIntervals } from '../../driver/runIntervals';
import type { RunObserver } from '../../driver/runObserver';
import { openTargetOnCopy } from '../../driver/target';
import type { IntervalPlan } from '../../planning/intervalPlan';
import { comparisonOf } from '../../report/comparison';
import { carbonByRegion, latencyByPair } from '../../report/conditions';
import { makeReport } from '../../report/makeReport';
import { RunRecorder } from '../../report/recorder';
import { readStackFile } from '../../stack/stackFile';
import {
  integer,
  nonNegativeNumber,
  positiveInteger,
  withPlanOptions,
  withStackOptions,
  withSwitchingOptions,
  type PlanFlags,
  type StackFlags,
  type SwitchingFlags,
} from '../options';
import { openPlanning, planForStack, simulateForStack } from '../planFromStack';
import { showStep } from '../progress';
import { sampleTraces, stackOptionsOf } from '../project';
import { renderLoad } from '../render/load';
import { jsonPrinter, RunPrinter } from '../render/runPrinter';

interface Flags extends PlanFlags, StackFlags, SwitchingFlags {
  traces: string;
  from?: string;
  intervals: number;
  secondsPerInterval: number;
  load?: true;
  seed: number;
  runs: string;
  verbose?: boolean;
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
        .option('--load', 'send the trace’s requests meanwhile, and count what is served; needs casper:hosts')
        .addOption(new Option('--seed <n>', 'of the load').argParser(integer).default(1))
        .option('--runs <dir>', 'where the run leaves its records', 'runs'),
    ),
  ),
)
  .option('--verbose', 'list every resource that changes')
  .option('--json', 'print one JSON object an interval')
  .action(async (flags: Flags) => {
    const { from, intervals, json } = flags;
    const options = stackOptionsOf(flags);
    const planning = openPlanning(options.configFile, flags.traces, flags);
    const { trace } = planning;
    const plans = await planForStack(planning, from, intervals);
    const simulation = await simulateForStack(planning, from, intervals);
    const before = { stackPlan: readStackFile(options.configFile).plan, plan: null };
    const directory = path.resolve(flags.runs, new Date().toISOString().replaceAll(/[-:]|\.\d+/g, ''));
    const target = await openTargetOnCopy(options, directory);

    const carbonOf = (interval: string): Record<string, number> => carbonByRegion(trace, interval);
    const run = {
      stack: options.stackName,
      regions: [...trace.regions],
      intervals: plans.map(({ interval }) => interval),
      latencyMs: latencyByPair(trace),
      comparison: comparisonOf(simulation),
    };
    const recorder = new RunRecorder(directory, run, carbonOf);
    const printer = json ? jsonPrinter : new RunPrinter(before, carbonOf, flags.verbose ?? false);
    const secondsPerInterval = flags.secondsPerInterval || (flags.load ? referenceSecondsPerInterval : 0);
    const observers: RunObserver[] = [recorder, printer];
    let sender: LoadSender | undefined;
    if (flags.load) {
      const config = readStackFile(target.options.configFile);
      sender = new LoadSender({
        entryPoints: requestPathOf(config).entryPoints,
        ...{ plans, secondsPerInterval, seed: flags.seed },
        onSent: (interval, load) => {
          recorder.onSent(interval, load);
        },
      });
      observers.push(sender, new RequestWatcher(target.kubeConfig, config));
    }
    const settings = { secondsPerInterval, previewed: true, preScaled: flags.load ?? false };
    try {
      await runIntervals(plans, reconcilerOf(target, showStep), observers, settings, showStep);
    } catch (error) {
      // What was done until then has its tables and its page too; the error is what people must see.
      await makeReport(directory).catch((fault: unknown) => {
        console.error(`note: no report: ${fault instanceof Error ? fault.message : String(fault)}`);
      });
      throw error;
    }
    await makeReport(directory);
    if (sender) printSent(sender, plans, json);
    if (!json) console.log(`records: ${path.relative(process.cwd(), directory)}`);
  });

/** The reference's: an hour takes 30 s (carbonfirst/casper, simulation.py). */
const referenceSecondsPerInterval = 30;

function printSent({ log }: LoadSender, plans: readonly IntervalPlan[], json: true | undefined): void {
  const summary = {
    total: log.summary(),
    byOrigin: Object.fromEntries(
      (plans[0]?.regions ?? []).map((origin) => [origin, log.summary({ origin })]),
    ),
    slowRequests: log.slowRequests({}, 10),
  };
  console.log(json ? JSON.stringify(summary) : renderLoad('sent, by origin', summary));
}
