import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { Command, Option } from 'commander';
import { BackOff } from '../../driver/backOff';
import { holdingStack } from '../../driver/engine/stackHold';
import { fitToMachine } from '../../driver/fitToMachine';
import { messageOf } from '../../driver/messageOf';
import { regionsAsTheyAre } from '../../driver/reach';
import { reconcilerOf } from '../../driver/reconcile';
import { LoadSender } from '../../driver/loadSender';
import { RequestWatcher } from '../../driver/requestWatcher';
import { ProxyHealth } from '../../driver/proxyHealth';
import { requestPathOf } from '../../driver/requestPath';
import { runIntervals } from '../../driver/runIntervals';
import type { IntervalOutcome, RunObserver } from '../../driver/runObserver';
import { openTargetOnCopy } from '../../driver/target';
import { steadyClock } from '../../load/steadyClock';
import type { IntervalPlan } from '../../planning/intervalPlan';
import type { Untouched } from '../../planning/leftOut';
import { comparisonOf } from '../../report/comparison';
import { carbonByRegion, latencyByPair } from '../../report/conditions';
import { Backlog } from '../../report/backlog';
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
  planRunForStack,
  simulateForStack,
  withoutRegions,
  withRegionsAsTheyAre,
} from '../planFromStack';
import { showStep, tellNote } from '../progress';
import { sampleTraces, stackOptionsOf } from '../project';
import { renderFit, renderLoad } from '../render/load';
import { jsonPrinter, RunPrinter } from '../render/runPrinter';
import { stopping } from '../stopping';

interface Flags extends PlanFlags, StackFlags, SwitchingFlags, LiveFlags, LogFlags {
  live?: true;
  from?: string;
  intervals?: number;
  secondsPerInterval: number;
  mostFailures: number;
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
              ).conflicts(['from', 'secondsPerInterval', 'mostFailures', 'load', 'fit']),
            )
            .option(
              '--seconds-per-interval <s>',
              'start an interval no sooner than this after the one before',
              nonNegativeNumber,
              0,
            )
            .option(
              '--most-failures <n>',
              'changes that fail in a row before the plan that verified last is put back',
              positiveInteger,
              3,
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
  .addHelpText(
    'after',
    `
A change that fails is tried again within its interval. Exit codes:
  0    every interval had its own plan
  1    an interval's plan failed, or records are missing; the run went on, unless it says otherwise
  3    no placement keeps every limit; nothing was changed
  4    the trace has holes: an interval had the plan of the one before it
  130, 143  ended by SIGINT, SIGTERM`,
  )
  .action(async (flags: Flags, command: Command) => {
    const options = stackOptionsOf(flags);
    if (flags.live) {
      await logging(flags, (log) =>
        holdingStack(options, 'casper run --live', log.note, async () =>
          (await import('../runLive.ts')).runLive(flags, log),
        ),
      );
      return;
    }
    if (flags.metricsListen || flags.log === 'json') {
      command.error('error: --metrics-listen and --log json are of --live: add it, or leave them out');
    }
    await holdingStack(options, 'casper run', tellNote, () => runTrace(flags));
  });

async function runTrace(flags: Flags): Promise<void> {
  const { from, intervals = 1, json } = flags;
  const options = stackOptionsOf(flags);
  const planning = openPlanning(options.configFile, flags.traces, flags);
  const { trace } = planning;
  const plans = await planRunForStack(planning, from, intervals);
  const simulation = await simulateForStack(planning, from, intervals);
  const before = { stackPlan: readStackSettings(options.configFile).plan, plan: null };
  const directory = newFolder(flags.runs);
  const target = await openTargetOnCopy(options, directory);
  const { cancelled, stopped, stop } = stopping(options.stackName);

  const reconciler = reconcilerOf(target, showStep, cancelled);
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
  const backlog = new Backlog(tellFault);
  const recorder = new RunRecorder(directory, run, carbonOf, backlog);
  const printer = json ? jsonPrinter : new RunPrinter(before, carbonOf, flags.verbose ?? false);
  const secondsPerInterval =
    fit?.secondsPerInterval ?? (flags.secondsPerInterval || (flags.load ? referenceSecondsPerInterval : 0));
  const outcomes: IntervalOutcome[] = [];
  const observers: RunObserver[] = [recorder, printer, { onRecord: ({ outcome }) => outcomes.push(outcome) }];
  const clock = steadyClock();
  let sender: LoadSender | undefined;
  if (flags.load) {
    const config = readStackSettings(target.options.configFile);
    sender = new LoadSender({
      entryPoints: requestPathOf(config).entryPoints,
      ...{ plans, secondsPerInterval, seed: flags.seed, loadShare, keepLog: false },
      onSent: (interval, load) => {
        recorder.onSent(interval, load);
      },
      onFailure: stop,
    });
    observers.push(sender, new RequestWatcher(target.clusters, config, loadShare, clock));
  }
  const health = new ProxyHealth(readStackSettings(target.options.configFile));
  const losses = {
    health,
    asTheyAre: (lost: readonly string[]) =>
      regionsAsTheyAre(readStackSettings(target.options.configFile), lost),
    planAround: ({ without, asTheyAre }: Untouched, inForce: StackPlan) =>
      planRunForStack(
        withRegionsAsTheyAre(withoutRegions(planning, without), asTheyAre, inForce),
        from,
        intervals,
      ),
  };
  const failures = { most: flags.mostFailures, backOff: new BackOff() };
  const how = { secondsPerInterval, previewed: true, preScaled: flags.load ?? false };
  observers.push(health);
  try {
    await runIntervals(plans, reconciler, observers, { ...how, losses, failures, stopped, clock }, showStep);
  } catch (error) {
    // What was done until then has its tables and its page too; the error is what people must see.
    await makeReport(directory).catch((fault: unknown) => {
      tellNote(`no report: ${messageOf(fault)}`);
    });
    if (error === stopped.reason) tellNote(`records: ${path.relative(process.cwd(), directory)}`);
    throw error;
  }
  if (sender) printSent(sender, plans, json);
  tellOutcomes(outcomes);
  if (backlog.length > 0) {
    throw new LostRecordsError(
      `${backlog.length} records of ${directory} could not be written, as was said; what was changed serves. Make room, and run again for a whole record`,
    );
  }
  await makeReport(directory);
  if (!json) console.log(`records: ${path.relative(process.cwd(), directory)}`);
}

/** A folder of its own, by the second: another stack's run may begin in the same one. */
function newFolder(runs: string): string {
  const name = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  mkdirSync(runs, { recursive: true });
  for (let count = 1; ; count++) {
    const folder = path.resolve(runs, count === 1 ? name : `${name}-${count}`);
    try {
      mkdirSync(folder);
      return folder;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** A run did its work, and could not write down all of it. */
class LostRecordsError extends Error {
  override readonly name = 'LostRecordsError';
}

function tellFault(fault: string): void {
  console.error(`casper: ${fault}`);
}

const exitCodes = { failed: 1, held: 4 };

/** Says how many intervals had not a plan of their own, and sets the exit code. */
function tellOutcomes(outcomes: readonly IntervalOutcome[]): void {
  const count = (wanted: IntervalOutcome): number => outcomes.filter((outcome) => outcome === wanted).length;
  const [failed, held] = [count('failed'), count('held')];
  if (failed + held === 0) return;
  process.exitCode = failed > 0 ? exitCodes.failed : exitCodes.held;
  tellFault(
    `of ${outcomes.length} intervals ${failed} failed and ${held} were held: an earlier plan served in them`,
  );
}

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
