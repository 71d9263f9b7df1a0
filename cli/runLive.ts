import { ProxyHealth } from '../driver/proxyHealth';
import { reconcilerOf } from '../driver/reconcile';
import { runCourse } from '../driver/runIntervals';
import { openTarget } from '../driver/target';
import { DemandWatch } from '../live/demandWatch';
import { LiveCourse } from '../live/liveCourse';
import type { TickRecord } from '../live/tickRecord';
import { latencyByPair } from '../report/conditions';
import { carbonUsed, LiveRecorder } from '../report/liveRecorder';
import { readStackSettings } from '../stack/stackFile';
import type { LiveFlags } from './liveOptions';
import { openLivePlanning } from './livePlanning';
import type { PlanFlags, StackFlags } from './options';
import { showStep } from './progress';
import { stackOptionsOf } from './project';
import { RunPrinter } from './render/runPrinter';
import { renderTick } from './render/tick';

export interface RunLiveFlags extends PlanFlags, StackFlags, LiveFlags {
  /** How many intervals; until it is stopped when absent. */
  intervals?: number;
  runs: string;
  verbose?: boolean;
  json?: true;
}

/** `casper run --live`: on the stack file itself, so that a restart, `tick` and people all see one plan. */
export async function runLive(flags: RunLiveFlags): Promise<void> {
  const options = stackOptionsOf(flags);
  const { configFile, stackName } = options;
  const planning = openLivePlanning(configFile, flags);
  const { latencies } = planning;
  const config = readStackSettings(configFile);
  const target = await openTarget(options);
  const recorder = new LiveRecorder(flags.runs, {
    stack: stackName,
    regions: [...latencies.regions],
    latencyMs: latencyByPair(latencies),
  });
  const [health, watch] = [new ProxyHealth(config), new DemandWatch(configFile)];
  let carbon: Record<string, number> = {};
  const counts = new Map<string, number>();
  const onTick = (tick: TickRecord): void => {
    recorder.onTick(tick);
    counts.set(tick.outcome, (counts.get(tick.outcome) ?? 0) + 1);
    if (tick.values) carbon = carbonUsed(tick.values);
    console.log(flags.json ? JSON.stringify(tick) : renderTick(tick));
  };
  const before = { stackPlan: config.plan, plan: null };
  const printer = flags.json
    ? {
        onNote: (note: string) => {
          console.error(`note: ${note}`);
        },
      }
    : new RunPrinter(before, () => carbon, flags.verbose ?? false);
  const stopped = untilSignal();
  const run = { planning, health, watch, intervals: flags.intervals ?? Infinity, stopped, onTick };
  await runCourse(
    (tell) => new LiveCourse(run, tell),
    reconcilerOf(target, showStep),
    [recorder, printer, health, watch],
    false,
    showStep,
  );
  const summary = Object.fromEntries(counts);
  console.log(
    flags.json
      ? JSON.stringify({ ticks: summary })
      : `ticks: ${[...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ') || 'none'}`,
  );
}

/** Ends the run once the update under way is done; the second signal ends it at once. */
function untilSignal(): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => {
      console.error(`note: ${name}: the run ends once the update under way is done`);
      stop.abort();
    });
  }
  return stop.signal;
}
