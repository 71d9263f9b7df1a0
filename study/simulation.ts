import { describeTraceAccounting } from '../planning/accounting';
import { at, sum } from '../policies/model/matrix';
import type { Infeasible, Placement, PlacementProblem, Policy } from '../policies/problem';
import { policyNamed, type PolicyOptions } from '../policies/registry';
import { isoOf, secondsOf } from '../traces/time';
import type { Trace } from '../traces/trace';
import {
  decideAll,
  perfectOutlook,
  type DecideOptions,
  type Decided,
  type Outlook,
} from '../planning/decide';
import { holdReady } from '../planning/heldReady';
import {
  errorsOutlook,
  forecastOutlook,
  forecastsFor,
  type ForecastOptions,
  type Forecasts,
} from './forecast/outlook';
import { policiesOf, problemOf, type PlanOptions } from '../planning/planOptions';
import { outcomeOf, type SimulatedOutcome } from './outcome';

type HeldReady = NonNullable<PlanOptions['heldReady']>;

/** A range of the trace, and the plans to compare over it. */
export interface SimulationOptions
  extends Omit<PlanOptions, 'policy' | 'maxLatencyMs' | 'heldReady'>, DecideOptions {
  /** Start of the first interval, ISO 8601 in UTC; the trace's first when absent. */
  readonly from?: string;
  /** Start of the first interval that is not simulated; the end of the trace when absent. */
  readonly to?: string;
  readonly policies: readonly string[];
  /** Each policy is simulated with each bound; Infinity for none. */
  readonly maxLatenciesMs: readonly number[];
  /** Each policy and bound is simulated with each of these held ready for the loss of a region; `none` alone when absent. */
  readonly heldReadyLevels?: readonly HeldReady[];
  /** Forecasts for the policies that do not see the range; they see the truth when absent. */
  readonly forecast?: ForecastOptions;
  /** Leaves hours of which something is missing out of the range, where one would refuse it otherwise. */
  readonly overHoles?: boolean;
}

export interface Simulation {
  readonly from: string;
  readonly to: string;
  readonly synthetic: boolean;
  /** How carbon is counted, in words. */
  readonly accounting: string;
  readonly results: readonly SimulationResult[];
}

export type SimulationResult = Simulated | NotSimulated;

interface Named {
  readonly policy: string;
  /** Null when there is none. */
  readonly maxLatencyMs: number | null;
  readonly heldReady: HeldReady;
}

export interface Simulated extends Named {
  readonly outcome: SimulatedOutcome;
  /** Servers whose CPU limit is held for the loss of a region without being reserved, summed over regions and intervals. */
  readonly standbyServers: number;
  /** Share of grams, those of changes included, that this policy saves against each baseline simulated with the same bound and as much held ready. */
  readonly savedAgainst: Readonly<Record<string, number>>;
  /** Share of grams above those of the oracle with the same bound; absent when it was not simulated. */
  readonly overOracle?: number;
  /** Intervals in which the expected requests had no placement that keeps every limit, so the least-violating one was taken. */
  readonly brokenIntervals: number;
}

/** The policy finds no placement in some interval. */
export interface NotSimulated extends Named {
  readonly interval: string;
  readonly infeasible: Infeasible;
}

/** Savings are stated against all of these: a saving against one alone says little. */
export const baselines = ['latency', 'replay', 'static'];

/** A range that holds no interval. */
export class EmptyRangeError extends Error {
  override readonly name = 'EmptyRangeError';
}

/**
 * Simulates policies side by side. Each interval is decided before it begins, and measured by the true requests.
 * @throws UnknownPolicyError, EmptyRangeError, and what the trace throws for an interval that it cannot give
 */
export async function simulate(trace: Trace, options: SimulationOptions): Promise<Simulation> {
  const starts = startsOf(trace, options);
  const results: SimulationResult[] = [];
  let accounting = '';
  const forecasts = options.forecast ? forecastsFor(trace, starts, options.forecast) : null;
  for (const heldReady of options.heldReadyLevels ?? (['none'] as const)) {
    const unbounded = new Map<string, Decided>();
    for (const maxLatencyMs of options.maxLatenciesMs) {
      const withLevel = { ...options, heldReady };
      const truth = starts.map((start) => problemOf(trace, trace.at(start), { ...withLevel, maxLatencyMs }));
      accounting = describeTraceAccounting(at(truth, 0));
      const named = { maxLatencyMs: Number.isFinite(maxLatencyMs) ? maxLatencyMs : null, heldReady };
      const ofBound: SimulationResult[] = [];
      for (const name of options.policies) {
        const decided = unbounded.get(name) ?? (await decideBy(name, truth, forecasts, withLevel));
        if (!policyNamed(name, options).bounded) unbounded.set(name, decided);
        if ('kind' in decided) {
          const { position, infeasible } = decided;
          ofBound.push({ policy: name, ...named, interval: at(starts, position), infeasible });
          continue;
        }
        const { placements, standbyServers } = await held(truth, decided, withLevel);
        ofBound.push({
          ...{ policy: name, ...named },
          outcome: outcomeOf(truth, placements, options.switching),
          ...{ standbyServers, savedAgainst: {} },
          brokenIntervals: decided.filter(({ violations = [] }) => violations.length > 0).length,
        });
      }
      results.push(...ofBound.map((result) => withSavings(result, ofBound)));
    }
  }
  const end = secondsOf(at(starts, starts.length - 1)) + trace.intervalSeconds;
  return { from: at(starts, 0), to: isoOf(end), synthetic: trace.synthetic, accounting, results };
}

/** What was decided, with what is held ready for the loss of a region. */
async function held(
  problems: readonly PlacementProblem[],
  decided: readonly Placement[],
  options: Pick<PlanOptions, 'heldReady' | 'solver'>,
): Promise<{ placements: Placement[]; standbyServers: number }> {
  const placements: Placement[] = [];
  let standbyServers = 0;
  for (const [interval, placement] of decided.entries()) {
    const ready = await holdReady(at(problems, interval), placement, options);
    placements.push(ready.placement);
    standbyServers += sum(ready.backups?.standbyServers ?? []);
  }
  return { placements, standbyServers };
}

/**
 * Decides a range by one policy, from forecasts where there are some.
 * @throws UnknownPolicyError
 */
export async function decideBy(
  name: string,
  truth: readonly PlacementProblem[],
  forecasts: Forecasts | null,
  options: DecideOptions & PolicyOptions & Pick<SimulationOptions, 'leastViolation' | 'forecast'>,
): Promise<Decided> {
  // A forecast may be infeasible where the truth is not; then the least-violating placement is taken.
  const leastViolation = options.leastViolation === true || forecasts !== null;
  const { policy, fallback } = policiesOf({ ...options, policy: name, leastViolation });
  const outlook = forecasts
    ? outlookOf(policy, truth, forecasts, options.forecast?.demandQuantile ?? null)
    : perfectOutlook(truth);
  return decideAll(policy, truth, outlook, options, fallback);
}

/** N-1 and a largest share are limits on certain requests: with them, every origin's requests have a margin. */
function outlookOf(
  policy: Policy,
  truth: readonly PlacementProblem[],
  forecasts: Forecasts,
  demandQuantile: number | null,
): Outlook {
  const limitsCertain = truth.some(
    ({ survivesRegionLoss, maxRequestsPerRegion }) =>
      survivesRegionLoss === true || maxRequestsPerRegion !== undefined,
  );
  const weighsErrors = policy.sees === 'interval' && policy.weighsErrors === true && !limitsCertain;
  return weighsErrors && demandQuantile !== null
    ? errorsOutlook(truth, forecasts, demandQuantile)
    : forecastOutlook(truth, forecasts, demandQuantile);
}

function withSavings(result: SimulationResult, all: readonly SimulationResult[]): SimulationResult {
  if (!('outcome' in result)) return result;
  const savedAgainst: Record<string, number> = {};
  for (const other of all) {
    if (!baselines.includes(other.policy) || other.policy === result.policy || !('outcome' in other))
      continue;
    savedAgainst[other.policy] = 1 - gramsOf(result) / gramsOf(other);
  }
  const oracle = all.find(({ policy }) => policy === 'oracle');
  const overOracle = oracle && 'outcome' in oracle ? gramsOf(result) / gramsOf(oracle) - 1 : undefined;
  return { ...result, savedAgainst, ...(overOracle === undefined ? {} : { overOracle }) };
}

/** gCO2e, those of changes included. */
export function gramsOf({ outcome }: Simulated): number {
  return outcome.carbonGrams + outcome.switchingGrams;
}

function startsOf(trace: Trace, { from, to, overHoles }: SimulationOptions): string[] {
  const first = secondsOf(trace.at(from ?? trace.firstInterval).start);
  const end = to === undefined ? secondsOf(trace.lastInterval) + trace.intervalSeconds : secondsOf(to);
  if (end <= first) {
    throw new EmptyRangeError(
      `No interval lies between ${isoOf(first)} and ${isoOf(end)}; --to must be after --from`,
    );
  }
  const starts: string[] = [];
  for (let start = first; start < end; start += trace.intervalSeconds) {
    if (!overHoles || trace.isComplete(start)) starts.push(isoOf(start));
  }
  return starts;
}
