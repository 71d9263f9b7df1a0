import { Command, Option } from 'commander';
import { holdingStack } from '../../driver/engine/stackHold';
import type { ListenAddress } from '../../metrics/metricsServer';
import {
  integer,
  nonNegativeNumber,
  positiveInteger,
  withPlanOptions,
  withStackOptions,
  withSwitchingOptions,
} from '../options';
import { withLiveForecastOptions, type LiveFlags } from '../liveOptions';
import { logging, withLogOption, type LogFlags } from '../log';
import { listenAddress } from '../metricsOptions';
import { tellNote } from '../progress';
import { sampleTraces, stackOptionsOf } from '../project';
import { flagsOfRun, openResumable } from '../resumableRun';
import type { RunTraceFlags } from '../runFlags';
import { runTrace } from '../runTrace';
import { tellUnfinishedRun } from '../unfinishedRun';

interface Flags extends RunTraceFlags, LiveFlags, LogFlags {
  live?: true;
  resume?: string;
  metricsListen?: ListenAddress;
}

/** What a run that goes on has from its folder. */
const recordedOptions = [
  ...['stack', 'configFile', 'traces', 'from', 'intervals', 'secondsPerInterval', 'mostFailures'],
  ...['live', 'load', 'fit', 'seed', 'runs', 'policy', 'maxLatency', 'alpha', 'regions', 'networkJoules'],
  ...['objectiveWeights', 'solver', 'leastViolation', 'horizon', 'switchingGrams', 'movingGrams'],
  ...['minResidence', 'maxRegionsChanged', 'forecast', 'demandQuantile', 'metricsListen', 'log'],
];

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
            .option('--runs <dir>', 'where the run leaves its records', 'runs')
            .addOption(
              new Option(
                '--resume <folder>',
                'go on with a run that ended before its last interval: its folder says how, and from which interval',
              ).conflicts(recordedOptions),
            ),
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
  130, 143  ended by SIGINT, SIGTERM
Whatever ended it, casper run --resume goes on with it.`,
  )
  .action(async (flags: Flags, command: Command) => {
    if (flags.resume !== undefined) return resume(flags.resume, flags);
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
    await holdingStack(options, 'casper run', tellNote, async () => {
      tellUnfinishedRun(options, flags.runs);
      await runTrace(flags);
    });
  });

async function resume(folder: string, { runs, verbose, json }: Flags): Promise<void> {
  // How far it came is read once nobody else adds to it.
  const options = stackOptionsOf(flagsOfRun(folder));
  await holdingStack(options, 'casper run', tellNote, () => {
    const resumed = openResumable(folder);
    return runTrace({ ...resumed.flags, runs, ...(verbose && { verbose }), ...(json && { json }) }, resumed);
  });
}
