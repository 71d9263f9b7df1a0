import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { execa } from 'execa';
import { openPlanning, planForStack, withoutRegions, withRegionsAsTheyAre } from '../cli/planFromStack';
import { LoadSender } from '../driver/loadSender';
import { ProxyHealth } from '../driver/proxyHealth';
import { regionsAsTheyAre } from '../driver/reach';
import { reconcilerOf } from '../driver/reconcile';
import { requestPathOf } from '../driver/requestPath';
import { RequestWatcher } from '../driver/requestWatcher';
import { runIntervals } from '../driver/runIntervals';
import type { AppliedInterval, RunObserver } from '../driver/runObserver';
import { openTarget } from '../driver/target';
import { compareRows, lossesIn, lostRegions, servedTraffic } from '../driver/verify/servedWeights';
import { nodes, lan, type LabNode } from '../lab/cluster/nodes';
import { failedAtClient } from '../load/requestLog';
import { observeRequests } from '../observe/observeRequests';
import { isUnknown } from '../observe/unknown';
import type { IntervalPlan } from '../planning/intervalPlan';
import type { Untouched } from '../planning/leftOut';
import { clusterOf, clustersOf } from '../stack/clusters';
import { objectNameOf } from '../stack/naming';
import { originsOf } from '../stack/requestPath';
import { readStackSettings, setStackValue } from '../stack/stackFile';
import type { HeldReady, StackConfig, StackPlan } from '../stack/stackConfig';
import { readTrace } from '../traces/readTrace';
import { defaultTraces } from './defaultTraces';
import { positiveNumber } from './flags';
import { IntervalWatch } from './live/intervalWatch';
import { plainStep } from './plainStep';
import { checkout, stackInLab } from './stackInLab';
import { dayIn } from './traceProblems';

/**
 * Regions that die under load: how soon are their requests served elsewhere, how many fail, how soon is there a plan
 * without them, and with them again? Runs in the lab; the last line is one JSON object.
 */

interface Flags {
  traces: string;
  requestsPerSecond: number;
  maxLatency: number;
  heldReady: HeldReady;
}

/** Something that kills a region, and undoes it where it does not mend by itself. */
interface Fault {
  readonly name: string;
  /** All that it kills: what stands on one node falls together. */
  readonly kills: readonly string[];
  /** Whether it lasts until it is undone: the region must be found lost, and come back. */
  readonly lasting: boolean;
  readonly inject: () => Promise<unknown>;
  readonly undo: () => Promise<unknown>;
}

/** What one fault did. Times in seconds. */
interface Injury {
  readonly fault: string;
  readonly lasting: boolean;
  readonly region: string;
  /** From the fault until every proxy that asks the region calls it lost; null where none ever did. */
  readonly detectSeconds: number | null;
  /** Of requests due in the first seconds, and of those due later. */
  readonly failedAtFirst: number;
  readonly failedLater: number;
  /** From detection until a plan without the region is in force; null where none had to be. */
  readonly replanSeconds: number | null;
  /** From the end of the fault until the region serves its planned share again. */
  readonly backSeconds: number | null;
  /**
   * Of the 3 s in which a destination that lives received most beside what its ready servers carry; null where unknown.
   * Of one with few servers it is chance, and does not count; nor does what has waited until the loss was found.
   */
  readonly busiestPercentOfReady: number | null;
  /** The same from the fault until 3 s after it was found: what the dead were sent in the meantime comes at once then. */
  readonly busiestAtFirstPercentOfReady: number | null;
  /** The same, in words, of every destination that received anything before, meanwhile and afterwards. */
  readonly busiest: readonly string[];
  /**
   * How far any destination's share was from the plan once the region was back, likewise; null where it never was, or
   * too few came.
   */
  readonly sharesAfterReturnWorst: number | null;
  /**
   * How far the share of a destination that lives was from the plan, from the fault on, in percent of its origin's
   * requests; null where too few came. Until a loss is found, each request to the dead is sent on to whoever is next.
   */
  readonly otherSharesWorst: number | null;
  /** The same once every proxy calls the region lost; null where none did for long enough. */
  readonly otherSharesOnceFoundWorst: number | null;
}

const stackName = 'bench-failover';
/** Within which a share is to be served elsewhere. */
const firstMs = 3000;
const faultAfterMs = 15_000;
const faultMs = 40_000;
/** By then every scrape counts requests of the new weights alone. */
const settledMs = 3000;
/** Long enough for the fault, the return, and all updates on a slow machine. */
const intervalSeconds = 150;
/** Shares of fewer requests say more about the count than about the weights. */
const fewestRequests = 100;
/** What the ready servers of a destination carry at least, for its busiest 3 s to count. */
const fewestPerSecond = 20;

async function main(flags: Flags): Promise<void> {
  const configFile = await stackInLab(stackName, flags.traces);
  setStackValue(configFile, { keys: ['casper:resilience'], value: { heldReady: flags.heldReady } });
  const config = readStackSettings(configFile);

  const planFlags = { policy: 'carbon', maxLatency: flags.maxLatency, alpha: 0.9 };
  const planning = openPlanning(configFile, flags.traces, planFlags);
  const from = dayIn(readTrace(flags.traces));
  const [first] = await planForStack(planning, from, 1);
  if (!first) throw new Error('one interval has one plan');
  const region = busiestAwayFromControlPlane(first, config);
  const faults = [nodeCut(nodeOf(config, region), config), podsKilled(config, region)];
  // The same plan for every fault: what is compared is the fault.
  const repeated = (plan: IntervalPlan): IntervalPlan[] => faults.map(() => plan);

  const target = await openTarget({ projectDirectory: checkout, stackName, configFile });
  const health = new ProxyHealth(config);
  const loadShare = flags.requestsPerSecond / totalOf(first);
  const sender = new LoadSender({
    entryPoints: requestPathOf(config).entryPoints,
    plans: repeated(first),
    secondsPerInterval: intervalSeconds,
    seed: 1,
    loadShare,
  });
  const watch = new IntervalWatch(target, config, loadShare);
  const scene = new Scene(config, region, faults, watch);
  const losses = {
    health,
    asTheyAre: (lost: readonly string[]) => regionsAsTheyAre(config, lost),
    planAround: async ({ without, asTheyAre }: Untouched, inForce: StackPlan) => {
      const around = withRegionsAsTheyAre(withoutRegions(planning, without), asTheyAre, inForce);
      return (await planForStack(around, from, 1)).flatMap(repeated);
    },
  };
  const watcher = new RequestWatcher(target.clusters, config, loadShare);
  const settings = { secondsPerInterval: intervalSeconds, previewed: false, preScaled: false, losses };
  const observers = [sender, health, watcher, scene];
  const injuries = await runIntervals(
    repeated(first),
    reconcilerOf(target, plainStep),
    observers,
    settings,
    plainStep,
  )
    .then(() => scene.injuries(sender))
    .finally(() => watch.end());
  for (const injury of injuries) console.log(JSON.stringify(injury));
  const all = sender.log.summary();
  const failedRequests = failedAtClient(all);
  console.log(
    JSON.stringify({
      requests: all.due,
      undetected: injuries.filter(({ lasting, detectSeconds }) => lasting && detectSeconds === null).length,
      notReturned: injuries.filter(({ lasting, backSeconds }) => lasting && backSeconds === null).length,
      detectSeconds: largest(injuries.map(({ detectSeconds }) => detectSeconds)),
      failedRequests,
      failedAtFirst: injuries.reduce((sum, { failedAtFirst }) => sum + failedAtFirst, 0),
      failedLater: injuries.reduce((sum, { failedLater }) => sum + failedLater, 0),
      failedShare: failedRequests / all.due,
      replanSeconds: largest(injuries.map(({ replanSeconds }) => replanSeconds)),
      backSeconds: largest(injuries.map(({ backSeconds }) => backSeconds)),
      otherSharesWorst: largest(injuries.map(({ otherSharesWorst }) => otherSharesWorst)),
      otherSharesOnceFoundWorst: largest(
        injuries.map(({ otherSharesOnceFoundWorst }) => otherSharesOnceFoundWorst),
      ),
      sharesAfterReturnWorst: largest(injuries.map(({ sharesAfterReturnWorst }) => sharesAfterReturnWorst)),
      busiestPercentOfReady: largest(injuries.map(({ busiestPercentOfReady }) => busiestPercentOfReady)),
      busiestAtFirstPercentOfReady: largest(
        injuries.map(({ busiestAtFirstPercentOfReady }) => busiestAtFirstPercentOfReady),
      ),
      upSeconds: scene.upSeconds,
    }),
  );
}

/** Of those that are known. */
function largest(values: readonly (number | null)[]): number | null {
  const known = values.flatMap((value) => (value === null ? [] : [value]));
  return known.length === 0 ? null : Math.max(...known);
}

interface Busiest {
  readonly percent: number | null;
  readonly moments: readonly string[];
}

/** Injures the region once in every interval, and notes down when what happened. */
class Scene implements RunObserver {
  private readonly acts: Act[] = [];
  private readonly ended = new AbortController();
  private playing: Promise<void>[] = [];
  upSeconds = NaN;

  constructor(
    private readonly config: StackConfig,
    private readonly region: string,
    private readonly faults: readonly Fault[],
    private readonly watch: IntervalWatch,
  ) {}

  onNote(note: string): void {
    console.log(`note: ${note}`);
  }

  onApplied(interval: AppliedInterval): void {
    const latest = this.acts.at(-1);
    if (latest?.startedAtMs === interval.startedAtMs) {
      const leftOut = interval.plan.without?.includes(this.region) ?? false;
      if (leftOut) latest.withoutAtMs ??= interval.inForceAtMs;
      else if (latest.withoutAtMs !== undefined) latest.backAtMs ??= interval.inForceAtMs;
      return;
    }
    this.upSeconds = interval.update.seconds;
    const fault = this.faults[this.acts.length];
    if (!fault) return;
    const act: Act = {
      fault,
      startedAtMs: interval.startedAtMs,
      endedAtMs: interval.endedAtMs,
      plan: interval.plan,
    };
    this.acts.push(act);
    this.playing.push(
      this.play(act).catch((error: unknown) => {
        if (!this.ended.signal.aborted) throw error;
      }),
    );
  }

  async onEnd(): Promise<void> {
    this.ended.abort();
    await Promise.all(this.playing);
  }

  private async play(act: Act): Promise<void> {
    const { signal } = this.ended;
    await sleep(faultAfterMs, undefined, { signal });
    act.faultAtMs = Date.now();
    await act.fault.inject();
    const seen = this.look(act, act.faultAtMs + faultMs, signal);
    try {
      await sleep(faultMs, undefined, { signal });
    } finally {
      act.undoneAtMs = Date.now();
      await act.fault.undo();
    }
    await seen;
  }

  /** Notes when every proxy that asks the region calls it lost, and when the first has other weights. */
  private async look(act: Act, untilMs: number, signal: AbortSignal): Promise<void> {
    while (Date.now() < untilMs && !signal.aborted && act.rowsChangedAtMs === undefined) {
      const origins = originsOf(this.config);
      const served = await Promise.all(origins.map((origin) => servedTraffic(origin)));
      if (lostRegions(served.map(lossesIn)).includes(this.region)) act.lostAtMs ??= Date.now();
      const changed = served.some(
        ({ weights }, index) =>
          compareRows(act.plan.weights[origins[index]?.name ?? ''] ?? {}, weights) !== null,
      );
      if (changed) act.rowsChangedAtMs = Date.now();
      await sleep(100);
    }
  }

  /** Of destinations that live, in a part of an act. */
  private async busiest({ faultAtMs = NaN, fault }: Act, fromMs: number, toMs: number): Promise<Busiest> {
    const { busiest } = await this.watch.interval(fromMs, toMs);
    const alive = busiest?.filter(({ destination }) => !fault.kills.includes(destination)) ?? [];
    const counted = alive.filter(
      ({ capacityRequestsPerSecond }) => capacityRequestsPerSecond >= fewestPerSecond,
    );
    return {
      percent: largest(counted.map(({ load }) => 100 * load)),
      moments: alive.map(
        ({ destination, atMs, requestsPerSecond, capacityRequestsPerSecond }) =>
          `${destination}: ${requestsPerSecond.toFixed(1)} of ${capacityRequestsPerSecond.toFixed(1)} requests/s, ${((atMs - faultAtMs) / 1000).toFixed(1)} s after the fault`,
      ),
    };
  }

  async injuries({ log }: LoadSender): Promise<Injury[]> {
    const injuries: Injury[] = [];
    for (const act of this.acts) {
      const { fault, plan, startedAtMs, endedAtMs, faultAtMs = NaN, undoneAtMs = NaN } = act;
      const { lostAtMs, rowsChangedAtMs, withoutAtMs, backAtMs } = act;
      const unchangedUntilMs = rowsChangedAtMs ?? undoneAtMs;
      const foundByMs = (lostAtMs ?? faultAtMs) + settledMs;
      const before = await this.busiest(act, startedAtMs, faultAtMs);
      const atFirst = await this.busiest(act, faultAtMs, foundByMs);
      const after = await this.busiest(act, foundByMs, endedAtMs);
      const failed = (fromMs: number, toMs: number): number => failedAtClient(log.summary({ fromMs, toMs }));
      const since = (from: number | undefined, to: number | undefined): number | null =>
        from === undefined || to === undefined ? null : (to - from) / 1000;
      injuries.push({
        fault: fault.name,
        lasting: fault.lasting,
        region: this.region,
        detectSeconds: since(faultAtMs, lostAtMs),
        failedAtFirst: failed(faultAtMs, faultAtMs + firstMs),
        failedLater: failed(faultAtMs + firstMs, endedAtMs),
        replanSeconds: since(lostAtMs, withoutAtMs),
        backSeconds: since(undoneAtMs, backAtMs),
        busiestPercentOfReady: largest([before.percent, after.percent]),
        busiestAtFirstPercentOfReady: atFirst.percent,
        busiest: [before, atFirst, after].flatMap(({ moments }) => moments),
        // While the rows were still those with the region; of destinations that take none of what is lost over.
        otherSharesWorst: await this.sharesWorst(plan, faultAtMs, unchangedUntilMs, fault.kills),
        otherSharesOnceFoundWorst:
          lostAtMs === undefined
            ? null
            : await this.sharesWorst(plan, lostAtMs + settledMs, unchangedUntilMs, fault.kills),
        sharesAfterReturnWorst:
          backAtMs === undefined ? null : await this.sharesWorst(plan, backAtMs + settledMs, endedAtMs, []),
      });
    }
    return injuries;
  }

  /** In percent of an origin's requests, of destinations that have nothing to do with those that are dead. */
  private async sharesWorst(
    plan: IntervalPlan,
    fromMs: number,
    toMs: number,
    dead: readonly string[],
  ): Promise<number | null> {
    const observed = await observeRequests({ ...requestPathOf(this.config), fromMs, toMs });
    let worst: number | null = null;
    for (const origin of plan.regions) {
      const own = observed.filter((observation) => observation.origin === origin);
      const count = ({ requests }: (typeof own)[number]): number =>
        isUnknown(requests) ? NaN : requests.served;
      const total = own.reduce((sum, observation) => sum + count(observation), 0);
      if (!(total >= fewestRequests)) continue;
      const weights = plan.weights[origin] ?? {};
      const touched = new Set(
        dead.flatMap((lost) => [lost, ...Object.keys(plan.backup[origin]?.[lost] ?? {})]),
      );
      const whole = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
      for (const observation of own) {
        const weight = weights[observation.destination] ?? 0;
        if (weight === 0 || touched.has(observation.destination)) continue;
        const percent = Math.abs((100 * count(observation)) / total - (100 * weight) / whole);
        worst = Math.max(worst ?? 0, percent);
      }
    }
    return worst;
  }
}

/** One fault as it went; Unix times in ms. */
interface Act {
  readonly fault: Fault;
  readonly plan: IntervalPlan;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  faultAtMs?: number;
  lostAtMs?: number | undefined;
  /** When the first Traefik had other weights. */
  rowsChangedAtMs?: number | undefined;
  undoneAtMs?: number;
  withoutAtMs?: number;
  backAtMs?: number;
}

/** The region that serves most, on a node that does not carry the control plane too. */
function busiestAwayFromControlPlane(plan: IntervalPlan, config: StackConfig): string {
  const load = (region: string): number =>
    plan.regions.reduce((sum, origin) => sum + (plan.requests[origin]?.[region] ?? 0), 0);
  const [busiest] = plan.regions
    .filter((region) => nodeOf(config, region).name !== nodes[0]?.name)
    .sort((one, other) => load(other) - load(one));
  if (busiest === undefined) throw new Error('no region stands on a node without the control plane');
  return busiest;
}

function nodeOf({ regions }: StackConfig, region: string): LabNode {
  const selector = regions.find(({ name }) => name === region)?.nodeSelector ?? {};
  const node = nodes.find(({ name }) => name === selector['kubernetes.io/hostname']);
  if (!node) throw new Error(`${region} is not bound to a node of the lab`);
  return node;
}

/** The node's link to the LAN is taken down: nothing answers, and nothing is refused. A cluster of one node goes with it. */
function nodeCut(node: LabNode, config: StackConfig): Fault {
  const { lanInterface } = node;
  const link = (state: 'down' | 'up') =>
    execa('ip', ['-netns', lan.name, 'link', 'set', lanInterface, state]);
  const what = clustersOf(config).length > 1 ? 'cluster' : 'node';
  const kills = config.regions.map(({ name }) => name).filter((name) => nodeOf(config, name) === node);
  return {
    name: `${what} cut off`,
    kills,
    lasting: true,
    inject: () => link('down'),
    undo: () => link('up'),
  };
}

function podsKilled(config: StackConfig, region: string): Fault {
  const own = config.regions.find(({ name }) => name === region);
  const context = own && clusterOf(config, own)?.context;
  const kill = () =>
    execa('kubectl', [
      ...[
        'delete',
        'pods',
        `--context=${context ?? ''}`,
        '-n',
        config.service.namespace,
        '-l',
        `app.kubernetes.io/instance=${region}`,
      ],
      ...['--grace-period=0', '--force'],
    ]);
  const name = `pods of ${objectNameOf(region)} killed`;
  return { name, kills: [region], lasting: false, inject: kill, undo: () => Promise.resolve() };
}

function totalOf({ requests }: IntervalPlan): number {
  return Object.values(requests)
    .flatMap((row) => Object.values(row))
    .reduce((sum, count) => sum + count, 0);
}

new Command('bench:failover')
  .description('Regions that die under load: failed requests, plans without them, their return')
  .option('--traces <dir>', 'folder of the three CSV files', defaultTraces())
  .option('--requests-per-second <n>', 'of all origins together', positiveNumber, 300)
  .option('--max-latency <ms>', 'latency bound', positiveNumber, 150)
  .option('--held-ready <level>', 'none, limit or servers', 'limit')
  .action(main)
  .parseAsync()
  .catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
