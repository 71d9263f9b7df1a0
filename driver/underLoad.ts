import { setTimeout as sleep } from 'node:timers/promises';
import type { StackPlan } from '../stack/stackConfig';
import { capacityOf } from '../stack/capacity';
import { preScaledPlan } from '../planning/preScaling';
import { stackPlanOf, type IntervalPlan } from '../planning/intervalPlan';
import { readStackFile, writeStackPlan } from '../stack/stackFile';
import type { IntervalLoad } from '../load/generateLoad';
import { generateLoadApart } from '../load/generateLoadApart';
import { RequestLog } from '../load/requestLog';
import { busiestMoment, type BusiestMoment } from '../observe/busiestMoment';
import { observeRequests, type Observation } from '../observe/observeRequests';
import { PrometheusError } from '../observe/prometheus';
import { watchReadyServers, type ReadyServers } from '../observe/readyServers';
import { receivedRequests } from '../observe/receivedRequests';
import { isUnknown } from '../observe/unknown';
import { requestPathOf } from './requestPath';
import type { StackChange } from './engine/update';
import { apply, preview, type Step, type Target, type Verified } from './run';

/** One interval under load: what was planned, sent and served. Times are Unix times in ms. */
export interface LoadedInterval extends Verified {
  readonly plan: IntervalPlan;
  /** What the stack was given: the plan, with the servers that the change to the next one takes. */
  readonly stackPlan: StackPlan;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** When the plan was in force: `up` had ended, so every Traefik served the new weights. */
  readonly inForceAtMs: number;
  /** What the preview said would change; null where none was asked for. */
  readonly preview: StackChange | null;
  readonly update: StackChange;
  /** Over the whole interval, the change of plan included. */
  readonly observed: readonly Observation[];
  /** From the moment that the plan was in force to the interval's end. */
  readonly steady: readonly Observation[];
  /** When, over the whole interval, a destination received most of what was ready there; null where it is unknown. */
  readonly busiest: BusiestMoment | null;
}

export interface LoadedRun {
  readonly intervals: readonly LoadedInterval[];
  readonly load: readonly IntervalLoad[];
  readonly log: RequestLog;
}

export interface LoadedRunOptions {
  readonly secondsPerInterval: number;
  readonly seed: number;
  /** Whether each change is previewed: while the plan before it serves. */
  readonly previewed: boolean;
  /** Whether the servers that a change takes are made ready an interval before, with the change before it. */
  readonly bridged: boolean;
}

/** What Prometheus scrapes after a moment is there this much later: a scrape takes time too. */
const settleMs = 500;

/**
 * Applies plans one after the other while requests come in at the plans' rates, without a break. The first plan is in
 * force before the load begins; each later one is applied at the beginning of its interval.
 * @throws what `apply` throws; the load is ended first
 */
export async function runUnderLoad(
  plans: readonly IntervalPlan[],
  target: Target,
  { secondsPerInterval, seed, previewed, bridged }: LoadedRunOptions,
  step: Step,
  onInterval: (interval: LoadedInterval) => void,
): Promise<LoadedRun> {
  const { configFile } = target.options;
  const config = readStackFile(configFile);
  const path = requestPathOf(config);
  // An update of their own for the next interval's servers would find no time in a squeezed hour.
  const changes = plans.map((plan, index) => {
    const next = plans[index + 1];
    return {
      plan,
      stackPlan:
        bridged && next
          ? preScaledPlan(plan, next, (region) => capacityOf(config, region))
          : stackPlanOf(plan),
    };
  });
  const previewOf = async (stackPlan: StackPlan | undefined): Promise<StackChange | null> => {
    if (!stackPlan || !previewed) return null;
    writeStackPlan(configFile, stackPlan);
    return preview(target, step);
  };
  const change = (stackPlan: StackPlan): ReturnType<typeof apply> => {
    writeStackPlan(configFile, stackPlan);
    return apply(target, step);
  };
  const [first] = changes;
  if (!first) return { intervals: [], load: [], log: new RequestLog([]) };
  let shown = await previewOf(first.stackPlan);
  const begin = await change(first.stackPlan);

  const stop = new AbortController();
  const watched = new AbortController();
  const ready: ReadyServers[] = [];
  const watching = watchReadyServers(target.kubeConfig, config, watched.signal, (moment) =>
    ready.push(moment),
  );
  const begunAtMs = Date.now();
  const load = generateLoadApart({
    origins: path.entryPoints,
    intervals: plans.map(({ regions, requests }) => ({
      seconds: secondsPerInterval,
      requestsPerSecond: Object.fromEntries(
        regions.map((origin) => [
          origin,
          Object.values(requests[origin] ?? {}).reduce((sum, count) => sum + count, 0),
        ]),
      ),
    })),
    seed,
    signal: stop.signal,
  });
  const observe = (fromMs: number, toMs: number): Promise<Observation[]> =>
    observeRequests({ ...path, fromMs, toMs });

  const busiestFrom = async (fromMs: number): Promise<BusiestMoment | null> => {
    const received = await receivedRequests(path.prometheusUrl, path.pairs, Date.now() - fromMs).catch(
      (error: unknown) => {
        if (error instanceof PrometheusError) return [];
        throw error;
      },
    );
    return busiestMoment(received, ready, (region) => capacityOf(config, region).requestsPerServer);
  };

  const intervals: LoadedInterval[] = [];
  try {
    for (const [index, { plan, stackPlan }] of changes.entries()) {
      const startedAtMs = begunAtMs + index * secondsPerInterval * 1000;
      const endedAtMs = startedAtMs + secondsPerInterval * 1000;
      await sleep(Math.max(0, startedAtMs - Date.now()));
      const changed = index === 0 ? begin : await change(stackPlan);
      // Counts up to a moment are in the last scrape before it: let one scrape pass with only the new weights.
      const inForceAtMs = Date.now() + path.scrapeIntervalMs;
      // Ahead of its interval, from which it would otherwise take the time.
      const shownNext = await previewOf(changes[index + 1]?.stackPlan);
      await sleep(Math.max(0, endedAtMs - Date.now()));
      await step('asking Prometheus', () => sleep(settleMs));
      const interval = {
        plan,
        stackPlan,
        startedAtMs,
        endedAtMs,
        inForceAtMs,
        preview: shown,
        ...changed,
        observed: await observe(startedAtMs, endedAtMs),
        steady: inForceAtMs < endedAtMs ? await observe(inForceAtMs, endedAtMs) : [],
        busiest: await busiestFrom(startedAtMs),
      };
      shown = shownNext;
      intervals.push(interval);
      onInterval(interval);
    }
  } catch (error) {
    stop.abort();
    await load;
    throw error;
  } finally {
    watched.abort();
    await watching;
  }
  const { intervals: sent, log } = await load;
  return { intervals, load: sent, log };
}

/** Planned against served share of one origin's requests to one destination, in percent. */
export interface ServedShare {
  readonly origin: string;
  readonly destination: string;
  readonly plannedPercent: number;
  readonly servedPercent: number | 'unknown';
  /** Requests that were counted; null where they are unknown. */
  readonly served: number | null;
}

/** Every pair that a plan names or that was served, over the time that the plan was in force; pure. */
export function servedShares({ plan, steady }: Pick<LoadedInterval, 'plan' | 'steady'>): ServedShare[] {
  return plan.regions.flatMap((origin) => {
    const row = plan.requests[origin] ?? {};
    const planned = Object.values(row).reduce((sum, count) => sum + count, 0);
    const own = steady.filter((observation) => observation.origin === origin);
    const counts = own.map(({ requests }) => (isUnknown(requests) ? null : requests.served));
    const total = counts.includes(null) ? null : counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
    return own.flatMap(({ destination }, index): ServedShare[] => {
      const served = counts[index] ?? null;
      const plannedCount = row[destination] ?? 0;
      if (plannedCount === 0 && served === 0) return [];
      return [
        {
          origin,
          destination,
          plannedPercent: planned === 0 ? 0 : (100 * plannedCount) / planned,
          servedPercent:
            total === null || served === null || total === 0 ? 'unknown' : (100 * served) / total,
          served,
        },
      ];
    });
  });
}
