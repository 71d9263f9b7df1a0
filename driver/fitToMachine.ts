import type { LoadOrigin } from '../load/entryPoint';
import { generateLoadApart } from '../load/generateLoadApart';
import { failedAtClient, type LoadSummary } from '../load/requestLog';
import { stackPlanOf, type IntervalPlan } from '../planning/intervalPlan';
import { preScaledPlans } from '../planning/preScaling';
import { capacityOf } from '../stack/capacity';
import { readStackSettings, writeStackPlan } from '../stack/stackFile';
import { requestRates } from './loadSender';
import type { Reconciler } from './reconcile';
import { requestPathOf } from './requestPath';
import type { Step } from './step';

/** What a machine carries on which cluster, proxies, load and driver run together. */
export interface MachineFit {
  /** Share of the planned requests that is sent; 1 where the machine carries all of them. */
  readonly loadShare: number;
  /** Long enough for a preview and an update under that load, and to compare what is served after it. */
  readonly secondsPerInterval: number;
  /** How long an update took under that load. */
  readonly updateSeconds: number;
  /** 99th percentile of the latency in the probe, in ms; null where nothing was answered. */
  readonly p99Ms: number | null;
  /** The same while the update went on, by the share that the probe found. */
  readonly p99InUpdateMs: number | null;
}

/** Sends a share of the requests until the signal, or for some seconds. */
export type SendProbe = (share: number, seconds: number, signal?: AbortSignal) => Promise<LoadSummary>;

const shares = [1, 1 / 2, 1 / 4, 1 / 8, 1 / 16];
const probeSeconds = 7;
/** First connections, and a service that nobody has asked before, are slow on any machine: they are not counted. */
const warmUpMs = 2000;
/** An update that takes longer than this has failed by its own bounds. */
const longestUpdateSeconds = 600;

/** Half of the kernel's CPU period of 100 ms: above it, requests wait for a CPU and not for their pod's quota. */
const calmP99Ms = 50;

/**
 * One CPU period: above it Pulumi takes CPU that requests need. The update that is timed is a small one; on one core, at
 * 116 ms in it, a later one that made pods brought health checks past their time, busy regions were called lost, and one
 * request in a hundred failed.
 */
const calmInUpdateP99Ms = 100;

/** The preview of the next change and the change itself, which come in one interval, take about as long as each other. */
const updatesPerInterval = 2;
const shortestIntervalSeconds = 20;
/** To compare what is served, in whole scrapes, with the plan in force. */
const comparedSeconds = 6;

/**
 * Finds out what this machine carries. The first plan is applied; the largest share of its requests under which none
 * fails and the 99th percentile stays calm is the load; the update that the run begins with, to the first plan with the
 * servers that the change to the next one takes, is timed under it. Where requests do not stay calm in the update, the load
 * is less.
 * @param plans of the run, one at least
 * @param seed of the load
 */
export async function fitToMachine(
  plans: readonly IntervalPlan[],
  reconciler: Reconciler,
  seed: number,
  step: Step,
): Promise<MachineFit> {
  const config = readStackSettings(reconciler.configFile);
  const [first] = plans;
  const [firstStackPlan] = preScaledPlans(plans, (region) => capacityOf(config, region));
  if (!first || !firstStackPlan) throw new Error('a run without an interval has no load');
  const send = probeOf(first, requestPathOf(config).entryPoints, seed);
  writeStackPlan(reconciler.configFile, stackPlanOf(first));
  await reconciler.apply();
  const { share, p99Ms } = await step('finding out what this machine carries', () => calmShare(send));
  const stop = new AbortController();
  const load = send(share, longestUpdateSeconds, stop.signal);
  // The update ends first where the load's process has died: that error is thrown below.
  load.catch(() => undefined);
  const startedAtMs = performance.now();
  try {
    writeStackPlan(reconciler.configFile, firstStackPlan);
    await reconciler.apply();
  } finally {
    stop.abort();
    await load;
  }
  const updateSeconds = (performance.now() - startedAtMs) / 1000;
  const inUpdate = await load;
  return {
    loadShare: shareThroughUpdate(share, inUpdate),
    secondsPerInterval: intervalFor(updateSeconds),
    ...{ updateSeconds, p99Ms, p99InUpdateMs: inUpdate.latencyMs?.p99 ?? null },
  };
}

/** A share is halved once where requests failed in the update, and for every time that their 99th percentile is twice too long. */
export function shareThroughUpdate(share: number, inUpdate: LoadSummary): number {
  const least = shares.at(-1) ?? share;
  const p99Ms = inUpdate.latencyMs?.p99 ?? Infinity;
  const tooLong = Math.max(p99Ms / calmInUpdateP99Ms, failedAtClient(inUpdate) > 0 ? 2 : 1);
  return Math.max(least, share / 2 ** Math.ceil(Math.log2(tooLong)));
}

/** The length of an interval for updates that take so long, in whole seconds. */
export function intervalFor(updateSeconds: number): number {
  const needed = Math.ceil(updatesPerInterval * updateSeconds) + comparedSeconds;
  return Math.max(shortestIntervalSeconds, needed);
}

/** The largest share that leaves the machine calm; the smallest where none does. */
export async function calmShare(send: SendProbe): Promise<{ share: number; p99Ms: number | null }> {
  let found = { share: NaN, p99Ms: null as number | null };
  for (const share of shares) {
    const summary = await send(share, probeSeconds);
    const p99Ms = summary.latencyMs?.p99 ?? null;
    found = { share, p99Ms };
    if (failedAtClient(summary) === 0 && p99Ms !== null && p99Ms <= calmP99Ms) break;
  }
  return found;
}

/** Probes with a plan's requests. */
function probeOf(plan: IntervalPlan, origins: readonly LoadOrigin[], seed: number): SendProbe {
  return async (share, seconds, signal) => {
    const requestsPerSecond = requestRates(plan, share);
    const intervals = [{ seconds, requestsPerSecond }];
    const sent = await generateLoadApart({ origins, intervals, seed, ...(signal && { signal }) });
    const startedAtMs = sent.intervals[0]?.startedAtMs ?? 0;
    return sent.log.summary({ fromMs: startedAtMs + warmUpMs });
  };
}
