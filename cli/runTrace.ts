import { copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { BackOff } from '../driver/backOff';
import type { StackOptions } from '../driver/engine/stack';
import { fitToMachine } from '../driver/fitToMachine';
import { LoadSender } from '../driver/loadSender';
import { messageOf } from '../driver/messageOf';
import { stackPlansOf } from '../driver/plannedCourse';
import { ProxyHealth } from '../driver/proxyHealth';
import { regionsAsTheyAre } from '../driver/reach';
import { reconcilerOf, type Reconciler } from '../driver/reconcile';
import { requestPathOf } from '../driver/requestPath';
import { RequestWatcher } from '../driver/requestWatcher';
import { runIntervals } from '../driver/runIntervals';
import type { IntervalOutcome, RunObserver } from '../driver/runObserver';
import { openTarget, type Target } from '../driver/target';
import { steadyClock } from '../load/steadyClock';
import type { Untouched } from '../planning/leftOut';
import { Backlog } from '../report/backlog';
import { comparisonOf } from '../report/comparison';
import { carbonByRegion, latencyByPair } from '../report/conditions';
import { makeReport } from '../report/makeReport';
import { RunRecorder } from '../report/recorder';
import type { RunRecord } from '../report/records';
import { capacityOf } from '../stack/capacity';
import type { StackPlan } from '../stack/stackConfig';
import { assertPlansFit, readStackSettings, writeStackPlan } from '../stack/stackFile';
import {
  openPlanning,
  planRunForStack,
  simulateForStack,
  withoutRegions,
  withRegionsAsTheyAre,
  type StackPlanning,
} from './planFromStack';
import { showStep, tellNote } from './progress';
import { stackOptionsOf } from './project';
import { renderFit, renderLoad } from './render/load';
import { jsonPrinter, RunPrinter } from './render/runPrinter';
import { assertSamePlans, copyIn, digestOf, type ResumableRun } from './resumableRun';
import { flagsToRecord, type RunTraceFlags } from './runFlags';
import { StackFileEdits } from './stackFileEdits';
import { stopping } from './stopping';

/** What a run changes, and what it asks besides. */
export interface RunTarget extends Pick<Target, 'clusters'> {
  readonly reconciler: Reconciler;
  /** Regions of which a plan must use no more than there is, where others are lost. */
  readonly asTheyAre: (lost: readonly string[]) => Promise<readonly string[]>;
}

/** @param cancelled ends what is under way in order, with its reason */
async function openRunTarget(options: StackOptions, cancelled: AbortSignal): Promise<RunTarget> {
  const target = await openTarget(options);
  return {
    clusters: target.clusters,
    reconciler: reconcilerOf(target, showStep, cancelled),
    asTheyAre: (lost) => regionsAsTheyAre(readStackSettings(options.configFile), lost),
  };
}

/**
 * `casper run` of a trace, on a copy of the stack file.
 * @param resumed the run to go on with; a new one in a folder of its own when absent
 * @param open reaches what is changed
 */
export async function runTrace(
  flags: RunTraceFlags,
  resumed?: ResumableRun,
  open: typeof openRunTarget = openRunTarget,
): Promise<void> {
  const { from, intervals = 1, json } = flags;
  const original = stackOptionsOf(flags);
  // A run goes by its copy: that is as the stack file was when it began.
  const settings = resumed?.configFile ?? original.configFile;
  const planning = openPlanning(settings, flags.traces, flags);
  const all = await planRunForStack(planning, from, intervals);
  const stackPlans = stackPlansOf(all, flags.load ? capacityIn(settings) : null);
  if (resumed) assertSamePlans(resumed, stackPlans);
  else assertPlansFit(settings, stackPlans);
  const next = resumed?.next ?? 0;
  const plans = all.slice(next);
  if (resumed) {
    if (plans.length === 0) return ended(resumed.directory, original, resumed.outcomes, json);
    // What was previewed since, or tried, is not what the run goes on from.
    const { verified } = resumed.goesOn;
    if (verified) writeStackPlan(settings, verified.stackPlan);
    tellNote(`goes on with ${plans[0]?.interval ?? ''}, interval ${next + 1} of ${all.length}`);
  }
  const comparison =
    resumed?.run.comparison ?? comparisonOf(await simulateForStack(planning, from, intervals));
  const directory = resumed?.directory ?? newFolder(flags.runs);
  const options = { ...original, configFile: copyIn(directory, original.stackName) };
  if (!resumed) copyFileSync(original.configFile, options.configFile);
  const before = { stackPlan: readStackSettings(options.configFile).plan, plan: null };

  const { cancelled, stopped, stop } = stopping(options.stackName);
  const { clusters, reconciler, asTheyAre } = await open(options, cancelled);
  const fit =
    flags.load && flags.fit ? await fitToMachine(plans, reconciler, flags.seed, showStep) : undefined;
  if (fit) (json ? console.error : console.log)(renderFit(fit));
  const loadShare = resumed?.run.loadShare ?? fit?.loadShare ?? 1;
  const secondsPerInterval =
    fit?.secondsPerInterval ?? (flags.secondsPerInterval || (flags.load ? referenceSecondsPerInterval : 0));
  const run: RunRecord = resumed?.run ?? {
    stack: options.stackName,
    regions: [...planning.trace.regions],
    intervals: all.map(({ interval }) => interval),
    ...{ loadShare, latencyMs: latencyByPair(planning.trace), comparison },
    begun: {
      flags: flagsToRecord(
        { ...flags, from: all[0]?.interval ?? '', intervals, secondsPerInterval },
        original.configFile,
      ),
      plansDigest: digestOf(stackPlans),
      planBefore: digestOf(readStackSettings(original.configFile).plan),
    },
  };
  const planBefore = run.begun?.planBefore ?? '';
  const edits = new StackFileEdits(original.configFile, options.configFile, planBefore, tellNote);
  const carbonOf = (interval: string): Record<string, number> => carbonByRegion(planning.trace, interval);
  const backlog = new Backlog(tellFault);
  const recorder = new RunRecorder(directory, run, carbonOf, backlog);
  const printer = json ? jsonPrinter : new RunPrinter(before, carbonOf, flags.verbose ?? false);
  const outcomes: IntervalOutcome[] = [...(resumed?.outcomes ?? [])];
  const counter: RunObserver = { onRecord: ({ outcome }) => outcomes.push(outcome) };
  const observers: RunObserver[] = [recorder, printer, counter, edits];
  const clock = steadyClock();
  let sender: LoadSender | undefined;
  if (flags.load) {
    const config = readStackSettings(options.configFile);
    sender = new LoadSender({
      entryPoints: requestPathOf(config).entryPoints,
      ...{ plans: all, from: next, secondsPerInterval, seed: flags.seed, loadShare, keepLog: false },
      onSent: (interval, load) => {
        recorder.onSent(interval, load);
      },
      onFailure: stop,
    });
    observers.push(sender, new RequestWatcher(clusters, config, loadShare, clock));
  }
  const health = new ProxyHealth(readStackSettings(options.configFile));
  observers.push(health);
  const losses = {
    ...{ health, asTheyAre },
    planAround: async (untouched: Untouched, inForce: StackPlan) =>
      (await planRunForStack(around(planning, untouched, inForce), from, intervals)).slice(next),
  };
  const failures = { most: flags.mostFailures, backOff: new BackOff() };
  const how = {
    secondsPerInterval,
    previewed: true,
    preScaled: flags.load ?? false,
    goesOn: resumed?.goesOn,
  };
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
  if (sender) printSent(sender, json);
  if (backlog.length > 0) {
    tellOutcomes(outcomes);
    throw new LostRecordsError(
      `${backlog.length} records of ${directory} could not be written, as was said; what was changed serves. Make room, and run again for a whole record`,
    );
  }
  await ended(directory, original, outcomes, json);
}

/** What is left to do once every interval has its record. */
async function ended(
  directory: string,
  { stackName, configFile }: StackOptions,
  outcomes: readonly IntervalOutcome[],
  json: true | undefined,
): Promise<void> {
  tellOutcomes(outcomes);
  await makeReport(directory);
  if (!json) console.log(`records: ${path.relative(process.cwd(), directory)}`);
  const [copy, file] = [copyIn(directory, stackName), path.basename(configFile)];
  tellNote(
    `what is live is the plan in the run's copy of ${file}, and casper apply goes back to that of ${file} itself. ` +
      `To keep what is live: casper apply --stack ${stackName} --config-file ${path.relative(process.cwd(), copy)}`,
  );
}

function capacityIn(configFile: string): (region: string) => ReturnType<typeof capacityOf> {
  const config = readStackSettings(configFile);
  return (region) => capacityOf(config, region);
}

function around(
  planning: StackPlanning,
  { without, asTheyAre }: Untouched,
  inForce: StackPlan,
): StackPlanning {
  return withRegionsAsTheyAre(withoutRegions(planning, without), asTheyAre, inForce);
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

function printSent({ whole }: LoadSender, json: true | undefined): void {
  if (!whole) throw new Error('a load that has ended has its sum');
  console.log(json ? JSON.stringify(whole) : renderLoad('sent, by origin', whole));
}
