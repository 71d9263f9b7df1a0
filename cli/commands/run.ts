import path from 'node:path';
import { Command, Option } from 'commander';
import { fitToMachine } from '../../driver/fitToMachine';
import { unreachableRegions } from '../../driver/reach';
import { reconcilerOf } from '../../driver/reconcile';
import { LoadSender } from '../../driver/loadSender';
import { RequestWatcher } from '../../driver/requestWatcher';
import { ProxyHealth } from '../../driver/proxyHealth';
import { requestPathOf } from '../../driver/requestPath';
import { runIntervals } from '../../driver/runIntervals';
import type { RunObserver } from '../../driver/runObserver';
import { openTargetOnCopy } from '../../driver/target';
import type { IntervalPlan } from '../../planning/intervalPlan';
import type { Untouched } from '../../planning/leftOut';
import { comparisonOf } from '../../report/comparison';
import { carbonByRegion, latencyByPair } from '../../report/conditions';
import { makeReport } from '../../report/makeReport';
import type { ListenAddress } from '../../metrics/metricsServer';
import { RunRecorder } from '../../report/recorder';
import type { StackPlan } from '../../stack/stackConfig';
import { readStackSettings } from '../../stack/stackFile';
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
import { withLiveForecastOptions, type LiveFlags } from '../liveOptions';
import { logging, withLogOption, type LogFlags } from '../log';
import { listenAddress } from '../metricsOptions';
import {
  openPlanning,
  planForStack,
  simulateForStack,
  withoutRegions,
  withRegionsAsTheyAre,
} from '../planFromStack';
import { showStep } from '../progress';
import { sampleTraces, stackOptionsOf } from '../project';
import { renderFit, renderLoad } from '../render/load';
import { jsonPrinter, RunPrinter } from '../render/runPrinter';

interface Flags extends PlanFlags, StackFlags, SwitchingFlags, LiveFlags, LogFlags {
  live?: true;
  from?: string;
  intervals?: number;
  secondsPerInterval: number;
  load?: true;
  fit?: true;
  seed: number;
  runs: string;
  metricsListen?: ListenAddress;
  verbose?: boolean;
  json?: true;
}

export const runCommand = withLogOption(
  withLiveForecastOptions(
    withPlanOptions(
      withSwitchingOptions(
        withStackOptions(
          new Command('run')
            .description(
              'Plan, preview, apply and verify successive intervals, on a copy of the stack file under runs/.',
            )
            .option('--traces <dir>', 'folder of the three CSV files', sampleTraces)
            .option(
              '--from <time>',
              'start of the first interval, ISO 8601 in UTC (default: the first of the trace)',
            )
            .option(
              '--intervals <n>',
              'how many intervals (default: 1; with --live, until it is stopped)',
              positiveInteger,
            )
            .addOption(
              new Option(
                '--live',
                'intervals of the wall clock, on the stack file itself: each planned as it begins from the signals and the demand of now, and anew where a region is lost or back, or demand is out of what is planned for; of --traces only latency.csv is read',
              ).conflicts(['from', 'secondsPerInterval', 'load', 'fit']),
            )
            .option(
              '--seconds-per-interval <s>',
              'start an interval no sooner than this after the one before',
              nonNegativeNumber,
              0,
            )
            .option(
              '--load',
              'send the trace’s requests meanwhile, and count what is served; needs casper:hosts',
            )
            .addOption(
              new Option(
                '--fit',
                'with --load, where one machine carries everything: find out what it carries, and choose share of the load and length of an interval from that',
              ).conflicts('secondsPerInterval'),
            )
            .addOption(new Option('--seed <n>', 'of the load').argParser(integer).default(1))
            .option('--runs <dir>', 'where the run leaves its records', 'runs'),
        ),
      ),
    ),
  ),
)
  .option(
    '--metrics-listen <host:port>',
    'with --live: serve metrics for Prometheus at /metrics; on the loopback address where it is a port alone',
    listenAddress,
  )
  .option('--verbose', 'list every resource that changes')
  .option('--json', 'print one JSON object an interval')
  .action(async (flags: Flags, command: Command) => {
    if (flags.live) {
      await logging(flags, async (log) => (await import('../runLive.ts')).runLive(flags, log));
      return;
    }
    if (flags.metricsListen || flags.log === 'json') {
      command.error('error: --metrics-listen and --log json are of --live: add it, or leave them out');
    }
    const { from, intervals = 1, json } = flags;
    const options = stackOptionsOf(flags);
    const planning = openPlanning(options.configFile, flags.traces, flags);
    const { trace } = planning;
    const plans = await planForStack(planning, from, intervals);
    const simulation = await simulateForStack(planning, from, intervals);
    const before = { stackPlan: readStackSettings(options.configFile).plan, plan: null };
    const directory = path.resolve(flags.runs, new Date().toISOString().replaceAll(/[-:]|\.\d+/g, ''));
    const target = await openTargetOnCopy(options, directory);

    const reconciler = reconcilerOf(target, showStep);
    const fit =
      flags.load && flags.fit ? await fitToMachine(plans, reconciler, flags.seed, showStep) : undefined;
    if (fit) (json ? console.error : console.log)(renderFit(fit));
    const loadShare = fit?.loadShare ?? 1;
    const carbonOf = (interval: string): Record<string, number> => carbonByRegion(trace, interval);
    const run = {
      stack: options.stackName,
      regions: [...trace.regions],
      intervals: plans.map(({ interval }) => interval),
      loadShare,
      latencyMs: latencyByPair(trace),
      comparison: comparisonOf(simulation),
    };
    const recorder = new RunRecorder(directory, run, carbonOf);
    const printer = json ? jsonPrinter : new RunPrinter(before, carbonOf, flags.verbose ?? false);
    const secondsPerInterval =
      fit?.secondsPerInterval ?? (flags.secondsPerInterval || (flags.load ? referenceSecondsPerInterval : 0));
    const observers: RunObserver[] = [recorder, printer];
    let sender: LoadSender | undefined;
    if (flags.load) {
      const config = readStackSettings(target.options.configFile);
      sender = new LoadSender({
        entryPoints: requestPathOf(config).entryPoints,
        ...{ plans, secondsPerInterval, seed: flags.seed, loadShare, keepLog: false },
        onSent: (interval, load) => {
          recorder.onSent(interval, load);
        },
      });
      observers.push(sender, new RequestWatcher(target.clusters, config, loadShare));
    }
    const health = new ProxyHealth(readStackSettings(target.options.configFile));
    const losses = {
      health,
      unreachable: () => unreachableRegions(readStackSettings(target.options.configFile)),
      planAround: ({ without, asTheyAre }: Untouched, inForce: StackPlan) =>
        planForStack(
          withRegionsAsTheyAre(withoutRegions(planning, without), asTheyAre, inForce),
          from,
          intervals,
        ),
    };
    const settings = { secondsPerInterval, previewed: true, preScaled: flags.load ?? false, losses };
    observers.push(health);
    try {
      await runIntervals(plans, reconciler, observers, settings, showStep);
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
