import { BackOff } from '../driver/backOff';
import { ProxyHealth } from '../driver/proxyHealth';
import { reconcilerOf } from '../driver/reconcile';
import { runCourse } from '../driver/runIntervals';
import { openTarget } from '../driver/target';
import { readThrottling } from '../driver/verify/cpuThrottling';
import { DemandWatch } from '../live/demandWatch';
import { LiveCourse } from '../live/liveCourse';
import { ThrottleWatch } from '../live/throttleWatch';
import type { TickRecord } from '../live/tickRecord';
import { LiveMetrics } from '../metrics/liveMetrics';
import { MetricsServer, type ListenAddress } from '../metrics/metricsServer';
import { carbonUsed, LiveRecorder } from '../report/liveRecorder';
import { readStackSettings } from '../stack/stackFile';
import type { LiveFlags } from './liveOptions';
import { askAccessOf, openLivePlanning } from './livePlanning';
import type { Log, LogFlags } from './log';
import type { PlanFlags, StackFlags, SwitchingFlags } from './options';
import { onSignals, whatIsLeft } from './onSignals';
import { stackOptionsOf } from './project';
import { RunPrinter } from './render/runPrinter';
import { renderTick } from './render/tick';

export interface RunLiveFlags extends PlanFlags, SwitchingFlags, StackFlags, LiveFlags, LogFlags {
  /** How many intervals; until it is stopped when absent. */
  intervals?: number;
  runs: string;
  mostFailures: number;
  /** Where metrics are served; nowhere when absent. */
  metricsListen?: ListenAddress;
  verbose?: boolean;
  json?: true;
}

/**
 * `casper run --live`: on the stack file itself, so that a restart, `tick` and people all see one plan.
 * @param open how what is planned with is opened
 */
export async function runLive(
  flags: RunLiveFlags,
  log: Log,
  open: typeof openLivePlanning = openLivePlanning,
): Promise<void> {
  const options = stackOptionsOf(flags);
  const { configFile, stackName } = options;
  const planning = open(configFile, flags);
  const { latencies } = planning;
  const config = readStackSettings(configFile);
  for (const note of await askAccessOf(planning)) log.note(note);
  const target = await openTarget(options);
  const recorder = new LiveRecorder(flags.runs, { stack: stackName, ...latencies }, log.fault);
  const [health, watch] = [new ProxyHealth(config), new DemandWatch(configFile)];
  const throttling = new ThrottleWatch(configFile, () =>
    readThrottling(target.clusters, readStackSettings(configFile)),
  );
  const metrics = new LiveMetrics(stackName);
  const served =
    flags.metricsListen && (await MetricsServer.listen(flags.metricsListen, () => metrics.set.text()));
  if (served) log.note(`metrics are at ${served.url}`);
  let carbon: Record<string, number> = {};
  const counts = new Map<string, number>();
  const onTick = (tick: TickRecord): void => {
    recorder.onTick(tick);
    metrics.onTick(tick);
    log.tick(tick);
    counts.set(tick.outcome, (counts.get(tick.outcome) ?? 0) + 1);
    if (tick.values) carbon = carbonUsed(tick.values);
    if (flags.json) console.log(JSON.stringify(tick));
    else if (flags.log === 'text') console.log(renderTick(tick));
  };
  const before = { stackPlan: config.plan, plan: null };
  const printer =
    flags.json || flags.log === 'json'
      ? { onNote: log.note }
      : new RunPrinter(before, () => carbon, flags.verbose ?? false);
  const stopped = untilSignal(stackName, log);
  const run = {
    ...{ planning, health, watch, throttling, intervals: flags.intervals ?? Infinity, stopped, onTick },
    ...{ backOff: new BackOff(), steadyMs: () => performance.now(), mostFailures: flags.mostFailures },
    demandChangesMs: demandChangesBefore(recorder, planning.surroundings.nowMs()),
  };
  await runCourse(
    (tell) => new LiveCourse(run, tell),
    reconcilerOf(target, log.step),
    [recorder, printer, health, watch, throttling, ...(served ? [served] : [])],
    false,
    log.step,
  );
  const summary = Object.fromEntries(counts);
  log.ended(summary);
  const words = [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ') || 'none';
  if (flags.json) console.log(JSON.stringify({ ticks: summary }));
  else if (flags.log === 'text') console.log(`ticks: ${words}`);
}

/** When demand alone asked for changes in the hour before, by the clock of the run. */
function demandChangesBefore(recorder: LiveRecorder, nowMs: number): number[] {
  const hourMs = 3600_000;
  return recorder.changesForDemand(nowMs - hourMs, nowMs).map((atMs) => performance.now() - (nowMs - atMs));
}

/** Ends the run once the update under way is done; the second signal ends it at once. */
function untilSignal(stackName: string, log: Log): AbortSignal {
  const stop = new AbortController();
  onSignals(
    (name) => {
      log.note(`${name}: the run ends once the update under way is done; another signal ends it at once`);
      stop.abort();
    },
    (name) => {
      log.fault(`ended at once by ${name}: ${whatIsLeft(stackName)}`);
    },
  );
  return stop.signal;
}
