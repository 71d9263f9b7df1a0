import { Command } from 'commander';
import { renderFit } from '../cli/render/load';
import { reconcilerOf, type Reconciler } from '../driver/reconcile';
import { fitToMachine } from '../driver/fitToMachine';
import { LoadSender } from '../driver/loadSender';
import { requestPathOf } from '../driver/requestPath';
import { RequestWatcher } from '../driver/requestWatcher';
import { runIntervals } from '../driver/runIntervals';
import type { IntervalRecord, RunObserver } from '../driver/runObserver';
import { openTarget } from '../driver/target';
import { failedAtClient, type RequestLog } from '../load/requestLog';
import { failedAtTraefik } from '../observe/observeRequests';
import { isUnknown } from '../observe/unknown';
import type { IntervalPlan } from '../planning/intervalPlan';
import { freeSwitching } from '../planning/decide';
import { planRange } from '../planning/planRange';
import { sharesOf } from '../report/shares';
import { capacityOf } from '../stack/capacity';
import { failureDomainOf } from '../stack/failureDomain';
import { readStackSettings, setStackValue } from '../stack/stackFile';
import { readTrace } from '../traces/readTrace';
import type { Trace } from '../traces/trace';
import { defaultTraces } from './defaultTraces';
import { positiveNumber, wholeNumber } from './flags';
import { median } from './median';
import { plainStep } from './plainStep';
import { podRestarts } from './podRestarts';
import { checkout, stackInLab } from './stackInLab';
import { dayIn } from './traceProblems';

/**
 * Plans that change under the trace's load: does anybody notice? Counts at the client and at Traefik. Runs in the lab;
 * the last line is one JSON object.
 */

type LoadedInterval = IntervalRecord & Required<Pick<IntervalRecord, 'served'>>;

interface Flags {
  traces: string;
  from?: string;
  intervals: number;
  secondsPerInterval: number;
  loadShare?: number;
  heldReady?: string;
  serversPerPod?: number;
  requestShare: number;
  requestsPerServer?: number;
  epsilonMillicores?: number;
  maxLatency: number;
  cpuChange: 'inPlace' | 'rollout';
  preScaling: boolean;
}

/** Shares of fewer requests say more about the count than about the weights. */
const fewestRequests = 500;

async function main(flags: Flags): Promise<void> {
  const stackName = 'bench-changes';
  const configFile = await stackInLab(stackName, flags.traces);
  setStackValue(configFile, { keys: ['casper:service', 'cpuChange'], value: flags.cpuChange });
  if (flags.heldReady !== undefined) {
    setStackValue(configFile, { keys: ['casper:resilience'], value: { heldReady: flags.heldReady } });
  }
  for (const key of ['serversPerPod', 'requestsPerServer', 'epsilonMillicores'] as const) {
    if (flags[key] === undefined) continue;
    setStackValue(configFile, { keys: ['casper:capacity', key], value: flags[key] });
  }
  const config = readStackSettings(configFile);
  const trace = readTrace(flags.traces).withShareOfRequests(flags.requestShare);
  const plans = await planRange(trace, flags.from ?? dayIn(trace), flags.intervals, {
    ...{ policy: 'carbon', maxLatencyMs: flags.maxLatency, alpha: 0.9, keepWarm: false },
    capacity: (region) => capacityOf(config, region),
    heldReady: config.resilience.heldReady,
    failureDomain: (region) => failureDomainOf(config, region),
    ...{ horizonIntervals: 1, switching: freeSwitching },
  });
  const target = await openTarget({ projectDirectory: checkout, stackName, configFile });
  const reconciler = reconcilerOf(target, plainStep);
  const { loadShare, secondsPerInterval } = await pace(flags, plans, reconciler);
  const sender = new LoadSender({
    entryPoints: requestPathOf(config).entryPoints,
    ...{ plans, secondsPerInterval, seed: 1, loadShare },
  });
  const records: LoadedInterval[] = [];
  const collector: RunObserver = {
    onNote: (note) => {
      console.log(`note: ${note}`);
    },
    onRecord: ({ served, ...interval }) => {
      if (!served) return;
      const record = { ...interval, served };
      records.push(record);
      console.log(line(record));
    },
  };
  const observers = [sender, new RequestWatcher(target.clusters, config, loadShare), collector];
  const settings = { secondsPerInterval, previewed: false, preScaled: flags.preScaling };
  await runIntervals(plans, reconciler, observers, settings, plainStep);
  for (const { origin, dueAtMs, latencyMs, outcome } of sender.log.slowRequests()) {
    console.log(
      `slow: ${origin}, due at ${new Date(dueAtMs).toISOString()}, ${latencyMs.toFixed(0)} ms, ${outcome}`,
    );
  }
  const measured = figures(records, sender.log, trace, flags.maxLatency);
  console.log(JSON.stringify({ loadShare, ...measured, restarts: await podRestarts(target) }));
}

/** Where nobody has chosen a load: what this machine carries, in intervals that its updates fit into. */
async function pace(
  { loadShare, secondsPerInterval }: Flags,
  plans: readonly IntervalPlan[],
  reconciler: Reconciler,
): Promise<{ loadShare: number; secondsPerInterval: number }> {
  if (loadShare !== undefined) return { loadShare, secondsPerInterval };
  const fit = await fitToMachine(plans, reconciler, 1, plainStep);
  console.log(renderFit(fit));
  return {
    loadShare: fit.loadShare,
    secondsPerInterval: Math.max(secondsPerInterval, fit.secondsPerInterval),
  };
}

function line(interval: LoadedInterval): string {
  const worst = worstShare([interval]);
  const { busiest } = interval.served;
  const most = busiest ? `${(100 * busiest.load).toFixed(0)} %` : 'unknown';
  return `${interval.plan.interval}: up ${interval.update.seconds.toFixed(1)} s, busiest ${most} of what is ready, worst share ${worst === null ? 'unknown' : `${worst.toFixed(2)} points`} from the plan, ${failures([interval])} failed at Traefik`;
}

function failures(intervals: readonly LoadedInterval[]): number | string {
  const failed = failedAtTraefik(intervals.flatMap(({ served }) => served.observed));
  return isUnknown(failed) ? 'unknown' : failed;
}

function worstShare(intervals: readonly LoadedInterval[]): number | null {
  const differences = intervals
    .filter(({ served }) => served.steady.length > 0)
    .flatMap(({ plan, served }) => sharesOf(plan, plan.regions, served.steady))
    .filter(({ served }) => isUnknown(served) || served >= fewestRequests)
    .map(({ plannedPercent, servedPercent }) =>
      isUnknown(servedPercent) ? NaN : Math.abs((servedPercent ?? 0) - (plannedPercent ?? 0)),
    );
  return largest([0, ...differences]);
}

/** Requests that a region outside the origin's bound served, by Prometheus; null where it does not know. */
function boundViolations(
  intervals: readonly LoadedInterval[],
  { regions, latencyMs }: Trace,
  maxLatencyMs: number,
): number | null {
  let violations = 0;
  for (const { origin, destination, requests } of intervals.flatMap(({ served }) => served.observed)) {
    const latency = latencyMs[regions.indexOf(origin)]?.[regions.indexOf(destination)] ?? Infinity;
    if (latency <= maxLatencyMs) continue;
    if (isUnknown(requests)) return null;
    violations += requests.served;
  }
  return violations;
}

/** Null where one is unknown. */
function largest(values: readonly number[]): number | null {
  const most = Math.max(...values);
  return Number.isNaN(most) ? null : most;
}

function figures(
  intervals: readonly LoadedInterval[],
  log: RequestLog,
  trace: Trace,
  maxLatencyMs: number,
): Record<string, number | string | null> {
  const all = log.summary();
  const changes = intervals.slice(1);
  const steady = intervals.map(({ inForceAtMs, endedAtMs }) =>
    log.summary({ fromMs: inForceAtMs, toMs: endedAtMs }),
  );
  // From an update's beginning to its end: what moves does so somewhere in between.
  const during = changes.map(({ startedAtMs, inForceAtMs }) =>
    log.summary({ fromMs: startedAtMs, toMs: inForceAtMs }),
  );
  const p99 = (parts: typeof steady): number[] =>
    parts.flatMap(({ latencyMs }) => (latencyMs ? [latencyMs.p99] : []));
  return {
    intervals: intervals.length,
    serversPlanned: median(
      intervals.map(({ plan }) => Object.values(plan.servers).reduce((sum, servers) => sum + servers, 0)),
    ),
    podsMost: Math.max(
      ...intervals.flatMap(({ verification }) => verification.map(({ pods }) => pods.length)),
    ),
    requests: all.sent,
    failed: failedAtClient(all),
    failedAtTraefik: failures(intervals),
    slowerThan1s: all.slow,
    worstSharePercent: worstShare(intervals),
    busiestPercentOfReady: largest(
      intervals.map(({ served: { busiest } }) => (busiest ? 100 * busiest.load : NaN)),
    ),
    latencyBoundViolations: boundViolations(intervals, trace, maxLatencyMs),
    p50SteadyMs: median(steady.flatMap(({ latencyMs }) => (latencyMs ? [latencyMs.p50] : []))),
    p99SteadyMs: median(p99(steady)),
    p99ChangeMs: median(p99(during)),
    p99ChangeWorstMs: changes.length === 0 ? null : Math.max(...p99(during)),
    upSecondsP50: median(changes.map(({ update }) => update.seconds)),
    upToServingSecondsMax:
      changes.length === 0
        ? null
        : Math.max(...changes.map(({ startedAtMs, inForceAtMs }) => (inForceAtMs - startedAtMs) / 1000)),
  };
}

new Command('bench:changes')
  .description('Changes of plan under the trace’s load: failed requests, shares, latency')
  .option('--traces <dir>', 'folder of the three CSV files', defaultTraces())
  .option(
    '--from <time>',
    'start of the first interval (default: 2022-08-13T00:00:00Z, or the first of a trace without it)',
  )
  .option('--intervals <n>', 'how many', wholeNumber, 24)
  .option('--seconds-per-interval <s>', 'how long each is at least', positiveNumber, 30)
  .option(
    '--load-share <share>',
    'of the requests that are planned for (default: what this machine carries)',
    positiveNumber,
  )
  .option('--request-share <share>', 'of the trace’s requests that is planned for', positiveNumber, 1)
  .option('--requests-per-server <n>', 'what a server carries, as `casper calibrate` has it', wholeNumber)
  .option('--epsilon-millicores <n>', 'CPU of a region that carries nothing, likewise', wholeNumber)
  .option('--servers-per-pod <n>', 'most servers in one pod (default: all of a region’s)', wholeNumber)
  .option('--held-ready <level>', 'for the loss of a region: none, limit or servers')
  .option('--max-latency <ms>', 'latency bound', positiveNumber, 150)
  .option('--cpu-change <way>', 'inPlace or rollout', 'inPlace')
  .option('--no-pre-scaling', 'make no servers ready an interval before their requests come')
  .action(main)
  .parseAsync()
  .catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
