import path from 'node:path';
import type { DecideOptions } from '../planning/decide';
import { InfeasibleError } from '../planning/infeasibleError';
import { stackPlanOf, type IntervalPlan } from '../planning/intervalPlan';
import { capacityAsTheyAre, leftOut, type Untouched } from '../planning/leftOut';
import { planExpected, type Shaping } from '../planning/planExpected';
import { policiesOf, problemOf, type PlanOptions } from '../planning/planOptions';
import { at, sum } from '../policies/model/matrix';
import type { PlacementProblem } from '../policies/problem';
import { SignalsConfigError } from '../signals/fault';
import { readSignals } from '../signals/readSignals';
import type { Surroundings } from '../signals/surroundings';
import { readStackSettings } from '../stack/stackFile';
import type { StackConfig, StackPlan } from '../stack/stackConfig';
import { forecastOutlook, quantile, type Expected } from '../study/forecast/outlook';
import type { Latencies } from '../traces/readLatencies';
import { followDemand, type DemandWithMargin, type Followed } from './followDemand';
import { awayFrom, pinned } from './guard';
import type { Moved } from './limitMoves';
import { intervalAt, type LiveInterval } from './liveInterval';
import type { ExpectedDemand, LiveDemand } from './liveDemand';
import { aheadFrom, expectedAhead, hoursAhead } from './lookAhead';
import { MoveLimit } from './moveLimit';
import { heldByPeople } from './people';
import { withPinnedShares } from './pinnedShares';
import { missingIn, standIns, usedCarbon, type UsedValues } from './usedValues';

/** What a tick is planned with, besides what the stack file says. */
export interface LivePlanning {
  readonly configFile: string;
  readonly latencies: Latencies;
  readonly optionsOf: (config: StackConfig) => PlanOptions & DecideOptions;
  /** Share of hours in which no more requests should come than are planned for; null for the forecast itself. */
  readonly demandQuantile: number | null;
  readonly demand: LiveDemand;
  /** Regions of which a plan must use no more than there is, where others are lost. */
  readonly asTheyAre: (config: StackConfig, lost: readonly string[]) => Promise<readonly string[]>;
  readonly surroundings: Surroundings;
  /** By which signals are read where that is another clock: of sources that replay a trace. */
  readonly signalSurroundings?: Surroundings;
}

/** The plan of the interval under way, made from the signals of now. */
export interface PlannedTick {
  readonly kind: 'planned';
  readonly interval: LiveInterval;
  readonly plan: IntervalPlan;
  readonly stackPlan: StackPlan;
  readonly values: UsedValues;
  /** Regions whose data are bad, to which no requests may move. */
  readonly guarded: readonly string[];
  /** Regions that cannot be changed, or may be lost too: what runs there stays. */
  readonly asTheyAre: readonly string[];
  /** Null where casper:live has no mostPercentMoved. */
  readonly moved: Moved | null;
}

/** How long reading and planning took. */
interface Timed {
  readonly seconds: number;
}

/** The plan in force stays. */
export interface HeldTick {
  readonly kind: 'held';
  readonly interval: LiveInterval;
  /** `people`: the stack file says so; `data`: something to plan from is missing; `guard`: only towards bad data. */
  readonly by: 'people' | 'data' | 'guard';
  readonly reasons: readonly string[];
  /** Null where nothing was read. */
  readonly values: UsedValues | null;
  /** The plan in force with the servers that demand asks for; null where it has them, or demand is not known. */
  readonly followed: Followed | null;
}

/** The clock of this machine, or of who made the plan in force, is wrong. */
export class LiveClockError extends Error {
  override readonly name = 'LiveClockError';
}

/** The interval under way by the stack file's length and this machine's clock. */
export function intervalNow({ configFile, surroundings }: LivePlanning): LiveInterval {
  return intervalAt(surroundings.nowMs(), readStackSettings(configFile).live.intervalSeconds);
}

export interface PlanTickOptions {
  /** Regions that are lost. */
  readonly without: readonly string[];
  /** Over how long demand is measured; as the stack file says when absent. */
  readonly windowSeconds?: number | undefined;
}

/**
 * Plans the interval under way; changes nothing.
 * @throws StackConfigError, SignalsConfigError, DemandError, LiveClockError, and InfeasibleError where no placement
 *   keeps every limit whatever the data
 */
export async function planTick(
  planning: LivePlanning,
  options: PlanTickOptions,
): Promise<(PlannedTick | HeldTick) & Timed> {
  const begun = performance.now();
  const made = await planNow(planning, options);
  return { ...made, seconds: (performance.now() - begun) / 1000 };
}

async function planNow(
  planning: LivePlanning,
  { without, windowSeconds }: PlanTickOptions,
): Promise<PlannedTick | HeldTick> {
  const { configFile, latencies, surroundings } = planning;
  const nowMs = surroundings.nowMs();
  const inFile = readStackSettings(configFile);
  const config =
    windowSeconds === undefined ? inFile : { ...inFile, demand: { ...inFile.demand, windowSeconds } };
  const interval = intervalAt(nowMs, config.live.intervalSeconds);
  // One that began after this one did, and is not to come, was of another length of intervals.
  if (Date.parse(config.plan.interval) > nowMs) {
    throw new LiveClockError(
      `The plan in ${path.basename(configFile)} is for ${config.plan.interval}, which is to come: it is ${new Date(nowMs).toISOString()} by this machine's clock. ` +
        'Set the clock; where the plan is the one that is wrong, set casper:plan.interval to an earlier time',
    );
  }
  const people = heldByPeople(config.live, nowMs);
  if (people !== null)
    return { kind: 'held', interval, by: 'people', reasons: [people], values: null, followed: null };
  const stackOptions = planning.optionsOf(config);
  const intervals = seesHorizon(stackOptions) ? stackOptions.horizonIntervals : 1;
  const sight = { policy: stackOptions.policy, intervals, interval, without };
  const { values, demand } = await readWorld(planning, config, stackOptions, nowMs, hoursAhead(sight, nowMs));
  const missing = missingIn(values, without);
  const asTheyAreNow = async (): Promise<string[]> =>
    (await planning.asTheyAre(config, without)).filter((region) => !without.includes(region));
  const heldBy = async (by: HeldTick['by'], reasons: readonly string[]): Promise<HeldTick> => {
    const known = demandOf(latencies.regions, values, demand, config, planning.demandQuantile);
    const follow = (untouched: readonly string[]): Followed | null =>
      known && followDemand(config, latencies, known, untouched, stackOptions);
    const followed = follow(without) && follow([...without, ...(await asTheyAreNow())]);
    return { kind: 'held', interval, by, reasons, values, followed };
  };
  if (missing.length > 0) return heldBy('data', missing);
  const asTheyAre = await asTheyAreNow();
  const options = optionsAround(stackOptions, { without, asTheyAre }, config.plan);
  const world = problemOf(latencies, worldOf(latencies.regions, values, config, without), options);
  const free = pinned(config.live.pins)(world);
  const guarded = standIns(values);
  const away = awayFrom(guarded, config.plan.weights);
  const guard = (problem: PlacementProblem): PlacementProblem => away(withShareOf(problem, options));
  const now: Expected = {
    requestsPerSecond: free.requestsPerSecond,
    carbonGramsPerKwh: free.carbonGramsPerKwh,
    ratios: demand.ratios,
  };
  const { signals, plan: inForce, live } = config;
  const expected =
    sight.intervals > 1 && signals
      ? [now, ...(await expectedAhead(sight, config, signals, surroundings, demand.hours, free))]
      : [now];
  // Without a quantile of its own every case counts, and there is one: the fixed margin.
  const outlook = forecastOutlook(
    expected.map(() => free),
    () => expected,
    planning.demandQuantile ?? 1,
  );
  const limit = new MoveLimit(world, without, config, options);
  try {
    const of = { interval: interval.start, synthetic: latencies.synthetic };
    const shaping: Shaping = {
      narrow: guard,
      policy: (policy) => withPinnedShares(policy, live.pins),
      settle: (problem, placement) => limit.settle(problem, placement),
    };
    const ahead = seesHorizon(stackOptions)
      ? aheadFrom(latencies.regions, sight.intervals, inForce)
      : undefined;
    const plan = await planExpected(outlook, of, options, shaping, ahead);
    const stackPlan = leftOut(stackPlanOf(plan), { without, asTheyAre }, config.plan);
    return { kind: 'planned', interval, plan, stackPlan, values, guarded, asTheyAre, moved: limit.moved };
  } catch (error) {
    if (!(error instanceof InfeasibleError) || guarded.length === 0) throw error;
    const reason = `no placement moves nothing towards ${guarded.join(', ')}, whose data are not of now: ${error.message}`;
    return heldBy('guard', [reason]);
  }
}

function seesHorizon(options: PlanOptions): boolean {
  return policiesOf(options).policy.sees === 'horizon';
}

/**
 * Requests/s of each origin and the margin on top, in the order of the regions.
 * @returns null where one is not known
 */
function demandOf(
  regions: readonly string[],
  { demand: byOrigin }: UsedValues,
  { ratios }: ExpectedDemand,
  { demand: { leastRequestsPerSecond } }: StackConfig,
  demandQuantile: number | null,
): DemandWithMargin[] | null {
  const known = regions.flatMap((region, index): DemandWithMargin[] => {
    const value = byOrigin[region];
    if (!value || 'missing' in value) return [];
    const margin = quantile(
      ratios.map((row) => at(row, index)),
      demandQuantile ?? 1,
    );
    return [{ requestsPerSecond: Math.max(leastRequestsPerSecond, value.requestsPerSecond), margin }];
  });
  return known.length === regions.length ? known : null;
}

/** The largest share is one of all requests, the margin for errors among them. */
function withShareOf(problem: PlacementProblem, { maxSharePercent }: PlanOptions): PlacementProblem {
  if (maxSharePercent === undefined) return problem;
  const maxRequestsPerRegion = Math.floor((maxSharePercent * sum(problem.requestsPerSecond)) / 100);
  return { ...problem, maxRequestsPerRegion };
}

/** A limit that cannot be kept without what is lost is broken as little as can be: nobody would be served otherwise. */
function optionsAround(
  options: PlanOptions & DecideOptions,
  { without, asTheyAre }: Untouched,
  inForce: StackPlan,
): PlanOptions & DecideOptions {
  if (without.length + asTheyAre.length === 0) return options;
  const capacity = capacityAsTheyAre(options.capacity, asTheyAre, inForce);
  return { ...options, without, capacity, leastViolation: true };
}

async function readWorld(
  { latencies, demand, surroundings, signalSurroundings, configFile }: LivePlanning,
  config: StackConfig,
  { regionRows, accounting }: PlanOptions,
  nowMs: number,
  ahead: number,
): Promise<{ readonly values: UsedValues; readonly demand: ExpectedDemand }> {
  const { regions, signals } = config;
  if (!signals) {
    throw new SignalsConfigError(
      `${configFile} has no casper:signals; add it with at least one source: docs/signals.md lists them`,
    );
  }
  const [read, expected] = await Promise.all([
    readSignals(regions, signals, signalSurroundings ?? surroundings),
    demand.read(config, latencies.regions, nowMs, ahead),
  ]);
  const values = {
    carbon: Object.fromEntries(
      read.map((signal) => [
        signal.region,
        usedCarbon(signal, regionRows?.get(signal.region)?.pue ?? accounting?.pue),
      ]),
    ),
    demand: expected.byOrigin,
    faults: [
      ...read.flatMap(({ region, faults }) =>
        faults.map(({ kind, message }) => `${region}: ${kind}: ${message}`),
      ),
      ...expected.faults,
    ],
  };
  return { values, demand: expected };
}

/** Values by region in the order of the latencies; nothing is missing here but of regions that are left out. */
function worldOf(
  regions: readonly string[],
  { carbon, demand }: UsedValues,
  { demand: { leastRequestsPerSecond } }: StackConfig,
  without: readonly string[],
): { readonly requestsPerSecond: number[]; readonly carbonGramsPerKwh: number[] } {
  const grams = regions.map((region) => {
    const value = carbon[region];
    // The planner counts PUE itself, with the power of the servers.
    return value && !('missing' in value) ? (value.gridGramsPerKwh ?? value.gramsPerKwh) : null;
  });
  // Of a region that gets no requests it does not count, but a number has to stand there.
  const worst = grams.reduce<number>((most, value) => Math.max(most, value ?? 1), 1);
  return {
    requestsPerSecond: regions.map((region) => {
      const value = demand[region];
      if (!value || 'missing' in value) throw new Error(`nothing is known of the demand of ${region}`);
      return Math.max(leastRequestsPerSecond, value.requestsPerSecond);
    }),
    carbonGramsPerKwh: grams.map((value, index) => {
      const region = regions[index] ?? '';
      if (value === null && !without.includes(region)) throw new Error(`nothing is known of ${region}`);
      return value ?? worst;
    }),
  };
}
