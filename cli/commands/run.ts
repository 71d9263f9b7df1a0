import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command, Option } from 'commander';
import { runReport, type ReportedInterval } from '../../report/runReport';
import { openRun, recordInterval, run, type IntervalRecord } from '../../driver/run';
import type { IntervalLoad } from '../../load/generateLoad';
import { RunTables, type IntervalOutcome } from '../../report/tables/runTables';
import { runUnderLoad, servedShares, type LoadedInterval } from '../../driver/underLoad';
import type { Trace } from '../../traces/trace';
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
import {
  renderBusiest,
  renderChange,
  renderLoad,
  renderPlan,
  renderReadyAhead,
  renderRows,
  renderShares,
  renderVerification,
} from '../render/render';

interface Flags extends PlanFlags, StackFlags, SwitchingFlags {
  traces: string;
  from?: string;
  intervals: number;
  secondsPerInterval: number;
  load?: true;
  seed: number;
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
        .option('--load', 'send the trace’s requests meanwhile, and count what is served; needs casper:hosts')
        .addOption(new Option('--seed <n>', 'of the load').argParser(integer).default(1))
        .option('--runs <dir>', 'where the run leaves its records', 'runs'),
    ),
  ),
)
  .option('--json', 'print one JSON object an interval')
  .action(
    async ({ traces, from, intervals, secondsPerInterval, load, seed, runs, json, ...flags }: Flags) => {
      const options = stackOptionsOf(flags);
      const planning = openPlanning(options.configFile, traces, flags);
      const { trace } = planning;
      const plans = await planForStack(planning, from, intervals);
      const runDirectory = path.resolve(runs, new Date().toISOString().replaceAll(/[-:]|\.\d+/g, ''));
      const print = (record: object, text: () => string): void => {
        console.log(json ? JSON.stringify(record) : text());
      };
      const report = async (reported: readonly ReportedInterval[]): Promise<void> => {
        const simulation = await simulateForStack(planning, from, intervals);
        const title = `${options.stackName}: ${plans[0]?.interval ?? ''} to ${plans.at(-1)?.interval ?? ''}`;
        writeFileSync(path.join(runDirectory, 'report.html'), await runReport(title, reported, simulation));
      };
      if (load) {
        const target = await openRun({ ...options, runDirectory });
        const seconds = secondsPerInterval || referenceSecondsPerInterval;
        const tables = new RunTables(runDirectory, plans[0]?.regions ?? []);
        const run = await runUnderLoad(
          plans,
          target,
          { secondsPerInterval: seconds, seed, previewed: true, bridged: true },
          showStep,
          (interval) => {
            recordInterval(runDirectory, interval);
            tables.append({ ...outcomeOf(interval, trace), seconds });
            print(interval, () => renderLoadedInterval(interval));
          },
        );
        for (const [index, { byOrigin }] of run.load.entries()) {
          tables.appendSent(plans[index]?.interval ?? '', byOrigin);
        }
        await report(run.intervals.map((interval, index) => reportedOf(interval, run.load[index], trace)));
        const { log } = run;
        const summary = {
          total: log.summary(),
          byOrigin: Object.fromEntries(
            (plans[0]?.regions ?? []).map((origin) => [origin, log.summary({ origin })]),
          ),
          slowRequests: log.slowRequests({}, 10),
        };
        print(summary, () => renderLoad('sent, by origin', summary));
      } else {
        const records: IntervalRecord[] = [];
        await run(plans, { ...options, runDirectory, secondsPerInterval }, showStep, (record) => {
          records.push(record);
          print(record, () => renderRecord(record));
        });
        await report(records.map(({ plan, update }) => ({ plan, upSeconds: update.seconds })));
      }
      if (!json) console.log(`records: ${path.relative(process.cwd(), runDirectory)}`);
    },
  );

function renderRecord({ plan, preview, update, verification, rows }: IntervalRecord): string {
  return [
    renderPlan(plan),
    'preview:',
    renderChange(preview),
    `up: ${update.changes.length} changes in ${update.seconds.toFixed(1)} s`,
    'verified:',
    renderVerification(verification),
    ...renderRows(rows),
    '',
  ].join('\n');
}

/** The reference's: an hour takes 30 s (carbonfirst/casper, simulation.py). */
const referenceSecondsPerInterval = 30;

/** What the tables want to know of an interval besides what was observed. */
function outcomeOf({ plan, observed }: LoadedInterval, trace: Trace): Omit<IntervalOutcome, 'seconds'> {
  const { carbonGramsPerKwh } = trace.at(plan.interval);
  const named = (values: readonly number[]): Record<string, number> =>
    Object.fromEntries(trace.regions.map((region, index) => [region, values[index] ?? NaN]));
  return {
    plan,
    observations: observed,
    carbonGramsPerKwh: named(carbonGramsPerKwh),
    latencyMs: Object.fromEntries(
      trace.regions.map((origin, index) => [origin, named(trace.latencyMs[index] ?? [])]),
    ),
  };
}

function reportedOf(
  interval: LoadedInterval,
  load: IntervalLoad | undefined,
  trace: Trace,
): ReportedInterval {
  const { plan, update, observed, startedAtMs, endedAtMs, inForceAtMs } = interval;
  const { carbonGramsPerKwh } = outcomeOf(interval, trace);
  return {
    plan,
    upSeconds: update.seconds,
    ...(load && {
      served: {
        seconds: (endedAtMs - startedAtMs) / 1000,
        carbonGramsPerKwh,
        observations: observed,
        shares: servedShares(interval),
        client: load.total,
        inForceAfterSeconds: Math.max(0, inForceAtMs - startedAtMs) / 1000,
      },
    }),
  };
}

function renderLoadedInterval(interval: LoadedInterval): string {
  const { plan, stackPlan, preview, steady, busiest } = interval;
  return [
    ...(preview ? [renderRecord({ ...interval, preview })] : []),
    ...renderReadyAhead(plan, stackPlan),
    ...(steady.length > 0
      ? ['planned against served, while the plan was in force:', renderShares(servedShares(interval))]
      : ['the plan came into force only after its interval: nothing to compare']),
    ...(busiest ? [renderBusiest(busiest)] : []),
    '',
  ].join('\n');
}
