import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { CoreV1Api } from '../cluster/client';
import { Command } from 'commander';
import { execa } from 'execa';
import { nonNegativeNumber, positiveInteger } from '../cli/options';
import { showStep } from '../cli/progress';
import { openPlanning, planForStack } from '../cli/planFromStack';
import { failedAtClient } from '../load/requestLog';
import { failedAtTraefik } from '../observe/observeRequests';
import { isUnknown } from '../observe/unknown';
import { openTarget, type Target } from '../driver/run';
import { runUnderLoad, servedShares, type LoadedInterval, type LoadedRun } from '../driver/underLoad';
import { setStackValue } from '../stack/stackFile';
import type { Trace } from '../traces/trace';
import { median } from './median';

/**
 * Plans that change under the trace's load: does anybody notice? Counts at the client and at Traefik. Runs in the lab;
 * the last line is one JSON object.
 */

interface Flags {
  traces: string;
  from: string;
  intervals: number;
  secondsPerInterval: number;
  maxLatency: number;
  cpuChange: 'inPlace' | 'rollout';
  bridge: boolean;
}

const checkout = path.resolve(__dirname, '..', '..');
/** Shares of fewer requests say more about the count than about the weights. */
const fewestRequests = 500;

async function main(flags: Flags): Promise<void> {
  const stackName = 'bench-changes';
  const fileOf = (stack: string): string => path.join(checkout, 'runs', `Pulumi.${stack}.yaml`);
  const configFile = fileOf(stackName);
  mkdirSync(path.dirname(configFile), { recursive: true });
  for (const stack of [stackName, `${stackName}-platform`]) rmSync(fileOf(stack), { force: true });
  const casper = (...args: string[]) =>
    execa('node', ['dist/cli/main.js', ...args, '--config-file', configFile], { cwd: checkout });
  await casper('init', '--lab', '--traces', flags.traces);
  await showStep('installing the platform', () => casper('platform', '--stack', stackName));
  setStackValue(configFile, { keys: ['casper:service', 'cpuChange'], value: flags.cpuChange });
  const options = { projectDirectory: checkout, stackName, configFile };
  const planFlags = { policy: 'carbon', maxLatency: flags.maxLatency, alpha: 0.9 };
  const planning = openPlanning(configFile, flags.traces, planFlags);
  const plans = await planForStack(planning, flags.from, flags.intervals);
  const target = await openTarget(options);
  const run = await runUnderLoad(
    plans,
    target,
    { secondsPerInterval: flags.secondsPerInterval, seed: 1, previewed: false, bridged: flags.bridge },
    showStep,
    (interval) => {
      console.log(line(interval));
    },
  );
  for (const { origin, dueAtMs, latencyMs, outcome } of run.log.slowRequests()) {
    console.log(
      `slow: ${origin}, due at ${new Date(dueAtMs).toISOString()}, ${latencyMs.toFixed(0)} ms, ${outcome}`,
    );
  }
  console.log(JSON.stringify(await figures(run, planning.trace, flags.maxLatency, target)));
}

function line(interval: LoadedInterval): string {
  const worst = worstShare([interval]);
  const { busiest } = interval;
  const most = busiest ? `${(100 * busiest.load).toFixed(0)} %` : 'unknown';
  return `${interval.plan.interval}: up ${interval.update.seconds.toFixed(1)} s, busiest ${most} of what is ready, worst share ${worst === null ? 'unknown' : `${worst.toFixed(2)} points`} from the plan, ${failedAtTraefik(interval.observed) ?? 'unknown'} failed at Traefik`;
}

function worstShare(intervals: readonly LoadedInterval[]): number | null {
  const differences = intervals
    .flatMap(servedShares)
    .filter(({ served }) => served === null || served >= fewestRequests)
    .map(({ plannedPercent, servedPercent }) =>
      servedPercent === 'unknown' ? NaN : Math.abs(servedPercent - plannedPercent),
    );
  return largest([0, ...differences]);
}

/** Requests that a region outside the origin's bound served, by Prometheus; null where it does not know. */
function boundViolations(
  { intervals }: LoadedRun,
  { regions, latencyMs }: Trace,
  maxLatencyMs: number,
): number | null {
  let violations = 0;
  for (const { origin, destination, requests } of intervals.flatMap(({ observed }) => observed)) {
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

async function figures(
  run: LoadedRun,
  trace: Trace,
  maxLatencyMs: number,
  target: Target,
): Promise<Record<string, number | string | null>> {
  const { intervals, log } = run;
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
    requests: all.sent,
    failed: failedAtClient(all),
    failedAtTraefik: failedAtTraefik(intervals.flatMap(({ observed }) => observed)) ?? 'unknown',
    slowerThan1s: all.slow,
    worstSharePercent: worstShare(intervals),
    busiestPercentOfReady: largest(intervals.map(({ busiest }) => (busiest ? 100 * busiest.load : NaN))),
    latencyBoundViolations: boundViolations(run, trace, maxLatencyMs),
    p50SteadyMs: median(steady.flatMap(({ latencyMs }) => (latencyMs ? [latencyMs.p50] : []))),
    p99SteadyMs: median(p99(steady)),
    p99ChangeMs: median(p99(during)),
    p99ChangeWorstMs: changes.length === 0 ? null : Math.max(...p99(during)),
    restarts: await restarts(target),
    upSecondsP50: median(changes.map(({ update }) => update.seconds)),
    upToServingSecondsMax:
      changes.length === 0
        ? null
        : Math.max(...changes.map(({ startedAtMs, inForceAtMs }) => (inForceAtMs - startedAtMs) / 1000)),
  };
}

async function restarts({ kubeConfig }: Target): Promise<number> {
  const { items } = await kubeConfig.makeApiClient(CoreV1Api).listNamespacedPod({ namespace: 'casper' });
  return items
    .flatMap(({ status }) => status?.containerStatuses ?? [])
    .reduce((sum, { restartCount }) => sum + restartCount, 0);
}

new Command('bench:changes')
  .description('Changes of plan under the trace’s load: failed requests, shares, latency')
  .option(
    '--traces <dir>',
    'folder of the four CSV files',
    process.env['CASPER_WIKI_TRACES'] ?? 'traces/sample',
  )
  .option('--from <time>', 'start of the first interval', '2022-08-13T00:00:00Z')
  .option('--intervals <n>', 'how many', positiveInteger, 24)
  .option('--seconds-per-interval <s>', 'how long each is', nonNegativeNumber, 30)
  .option('--max-latency <ms>', 'latency bound', nonNegativeNumber, 150)
  .option('--cpu-change <way>', 'inPlace or rollout', 'inPlace')
  .option('--no-bridge', 'make no servers ready an interval before their requests come')
  .action(main)
  .parseAsync()
  .catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
