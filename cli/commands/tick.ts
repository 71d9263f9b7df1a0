import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { holdingStack } from '../../driver/engine/stackHold';
import { messageOf } from '../../driver/messageOf';
import { regionsLostTwice } from '../../driver/proxyHealth';
import { faultsOf, reconcilerOf, remedyFor, type Reconciler } from '../../driver/reconcile';
import { openTarget } from '../../driver/target';
import type { LiveInterval } from '../../live/liveInterval';
import { intervalNow } from '../../live/planTick';
import { tick, type Tick } from '../../live/tick';
import type { TickOutcome, TickRecord } from '../../live/tickRecord';
import { MetricsFile } from '../../metrics/metricsFile';
import { MetricsError } from '../../metrics/metricsServer';
import { carbonUsed, LiveRecorder } from '../../report/liveRecorder';
import { readStackSettings } from '../../stack/stackFile';
import { withLiveForecastOptions, type LiveFlags } from '../liveOptions';
import { logging, withLogOption, type Log, type LogFlags } from '../log';
import { askAccessOf, openLivePlanning } from '../livePlanning';
import { metricsFile } from '../metricsOptions';
import {
  knownRegions,
  withPlanOptions,
  withStackOptions,
  withSwitchingOptions,
  withWithoutOption,
  type PlanFlags,
  type StackFlags,
  type SwitchingFlags,
} from '../options';
import { sampleTraces, stackOptionsOf } from '../project';
import { renderChange } from '../render/changes';
import { renderMove } from '../render/move';
import { renderTick } from '../render/tick';
import { renderVerified } from '../render/verification';
import { stopping, type Stopping } from '../stopping';

interface Flags extends PlanFlags, SwitchingFlags, StackFlags, LiveFlags, LogFlags {
  again?: true;
  dryRun?: true;
  out?: string;
  metricsFile?: string;
  runs: string;
  verbose?: boolean;
  json?: true;
}

const exitCodes: Readonly<Record<TickOutcome, number>> = {
  ...{ applied: 0, unchanged: 0, planned: 0 },
  ...{ failed: 1, held: 4, paused: 5 },
};

export const tickCommand = withLogOption(
  withLiveForecastOptions(
    withWithoutOption(
      withPlanOptions(
        withSwitchingOptions(
          withStackOptions(
            new Command('tick').description(
              'One interval, live: read signals and demand, plan, apply, verify, record. The interval is the one under way by the wall clock and casper:live. Where it has its plan, that is applied again, which changes nothing where it is in force.',
            ),
          ),
        ),
      ),
    ),
  ),
)
  .option(
    '--traces <dir>',
    'folder whose latency.csv has the latencies; its other files are not read',
    sampleTraces,
  )
  .option('--again', 'plan anew where the interval has its plan')
  .option('--dry-run', 'print the plan, and change and record nothing')
  .option('--out <file>', 'write what is printed with --json to a file')
  .option(
    '--metrics-file <file>',
    'write metrics for the textfile collector of the node exporter; its name ends with .prom',
    metricsFile,
  )
  .option('--runs <dir>', 'where ticks leave their records, by day', 'runs')
  .option('--verbose', 'list every resource that changes')
  .option('--json', 'print one JSON object')
  .addHelpText(
    'after',
    `
Exit codes:
  0  the interval's plan is in force (or, with --dry-run, was made)
  1  failed; the plan before it stays
  3  no placement keeps every limit; the plan before it stays
  4  held: something to plan from is missing, or only a move towards bad data would do; the plan before it stays
  5  paused: by casper:live.paused or quietHours
  130, 143  ended by SIGINT, SIGTERM; what the update had not reached keeps the plan before it`,
  )
  .action((flags: Flags) =>
    logging(flags, (log) => {
      // What changes nothing ends at once.
      if (flags.dryRun) return tickOnce(flags, log);
      const stop = stopping(flags.stack, log);
      return holdingStack(stackOptionsOf(flags), 'casper tick', log.note, () => tickOnce(flags, log, stop));
    }),
  );

async function tickOnce(flags: Flags, log: Log, stop?: Stopping): Promise<void> {
  const options = stackOptionsOf(flags);
  const { configFile, stackName } = options;
  const planning = openLivePlanning(configFile, flags);
  const { latencies } = planning;
  const recorder = new LiveRecorder(flags.runs, { stack: stackName, ...latencies }, log.fault);
  const metrics = flags.metricsFile === undefined ? undefined : new MetricsFile(flags.metricsFile, stackName);
  const onTick = (record: TickRecord): void => {
    log.tick(record);
    if (flags.dryRun) return;
    recorder.onTick(record);
    try {
      metrics?.onTick(record);
    } catch (error) {
      // A plan that is in force did not fail for it.
      if (!(error instanceof MetricsError)) throw error;
      log.note(error.message);
    }
  };
  const { plan: before } = readStackSettings(configFile);
  const interval = intervalNow(planning);
  const open = async (): Promise<Reconciler> => {
    const target = await openTarget(options);
    stop?.stopped.throwIfAborted();
    return reconcilerOf(target, log.step, stop?.cancelled);
  };
  const named = knownRegions(flags.without, latencies.regions);
  const ticked = async (): Promise<Tick> => {
    for (const note of await askAccessOf(planning)) log.note(note);
    const lost = await regionsLostTwice(readStackSettings(configFile));
    if (lost.length > 0) log.note(`lost by what the proxies say, and left out: ${lost.join(', ')}`);
    const how = { without: [...new Set([...named, ...lost])], lost, again: flags.again ?? false };
    return tick(planning, how, flags.dryRun ? undefined : open);
  };
  const made = await ticked().catch((error: unknown) => {
    onTick(failedTick(error, interval));
    throw error;
  });
  const { record, plan, applied } = made;
  onTick(record);
  if (!flags.dryRun && plan && applied && record.plan) {
    const inForceAtMs = Date.now();
    const values = { ...(record.values && { values: record.values }) };
    recorder.onRecord({
      ...{ plan, stackPlan: record.plan, ...values, preview: null, ...applied },
      ...{ startedAtMs: interval.startedAtMs, endedAtMs: interval.endedAtMs, inForceAtMs },
      ...{ outcome: 'applied', failures: [] },
    });
  }
  process.exitCode = recorder.unwritten > 0 ? 1 : exitCodes[record.outcome];
  if (applied && faultsOf(applied).length > 0) {
    log.fault(remedyFor(applied));
    process.exitCode = 1;
  }
  const all = { ...record, intervalPlan: plan };
  if (flags.out !== undefined) writeFileSync(path.resolve(flags.out), `${JSON.stringify(all)}\n`);
  if (flags.json) console.log(JSON.stringify(all));
  else if (flags.log === 'text') console.log(render(made, before, flags.verbose ?? false));
  stop?.stopped.throwIfAborted();
}

function render(
  { record, plan, applied }: Tick,
  before: NonNullable<TickRecord['plan']>,
  verbose: boolean,
): string {
  const { values } = record;
  return [
    renderTick(record),
    ...(plan && values
      ? [renderMove(plan, { stackPlan: before, plan: null }, () => carbonUsed(values))]
      : []),
    ...(applied
      ? ['applied:', renderChange(applied.update, verbose), 'verified:', renderVerified(applied)]
      : []),
  ].join('\n');
}

function failedTick(error: unknown, { start, startedAtMs, endedAtMs }: LiveInterval): TickRecord {
  return {
    ...{ at: new Date().toISOString(), interval: start, intervalSeconds: (endedAtMs - startedAtMs) / 1000 },
    ...{ why: 'the interval begins', outcome: 'failed', heldBy: null },
    reasons: [messageOf(error)],
    ...{ values: null, guarded: [], plan: null, planSeconds: null, applied: null },
  };
}
