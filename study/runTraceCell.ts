import { describeAccounting } from '../planning/accounting';
import { freeSwitching } from '../planning/decide';
import { describeInfeasible } from '../planning/infeasibleError';
import { problemOf } from '../planning/planOptions';
import { capacityLikeReference } from '../planning/regionCapacity';
import { at } from '../policies/model/matrix';
import type { Decision, InfeasibleInterval, PlacementProblem, Switching } from '../policies/problem';
import { readRegions } from '../traces/readRegions';
import { readTrace } from '../traces/readTrace';
import { isoOf, secondsOf } from '../traces/time';
import type { Trace } from '../traces/trace';
import { errorFactor, uniformErrors } from './carbonErrors';
import { notMeasured, type CellResult, type MeasuredTrace } from './cellResult';
import { countOtherwise } from './countedOtherwise';
import { ForecastError } from './forecast/forecaster';
import { forecasterNamed } from './forecast/forecasters';
import { forecastsFor, type Forecasts } from './forecast/outlook';
import { learntStatic } from './learntStatic';
import { outcomeOf } from './outcome';
import { settingOf, withSpread } from './setting';
import { decideBy } from './simulation';
import type { TraceCell } from './studyCells';
import { forecastingPolicies } from './studyPolicies';
import { describeMethod } from './studyFile';
import { studyWords, type RunWords } from './studyRemedies';

const weekSeconds = 7 * 24 * 3600;

/** What a cell plans: hours of a trace that have complete data. */
interface Range {
  readonly trace: Trace;
  /** Unix seconds, in order. */
  readonly hours: readonly number[];
  readonly problemAt: (hour: number) => PlacementProblem;
}

/** Why a policy decides nothing. */
class NothingDecidedError extends Error {
  override readonly name = 'NothingDecidedError';
}

/**
 * Decides the hours of a range that have complete data, and measures the decisions by what came.
 * @param words for the remedies where there is no result
 * @throws TraceError
 */
export async function runTraceCell(cell: TraceCell, words: RunWords = studyWords): Promise<CellResult> {
  const whole = readTrace(cell.folder, words.folder, cell.intensity.table);
  const asItIs = cell.regions ? whole.only(cell.regions) : whole;
  const first = secondsOf(cell.from ?? asItIs.firstInterval);
  const end =
    cell.to === undefined ? secondsOf(asItIs.lastInterval) + asItIs.intervalSeconds : secondsOf(cell.to);
  const hours = completeHours(asItIs, first, end);
  if (hours.length === 0) return notMeasured('no hour of the range has complete data');
  const intensities = hours.map((hour) => asItIs.at(isoOf(hour)).carbonGramsPerKwh);
  const trace = withSpread(asItIs, intensities, cell.spread);
  const range = { trace, hours, problemAt: problemsOf(trace, cell) };
  try {
    const decisions = await (cell.policy === 'static-learnt'
      ? decideByThePast(cell, range, words)
      : decideByPolicy(cell, range, words));
    return {
      kind: 'trace',
      from: isoOf(first),
      to: isoOf(end),
      regions: trace.regions.length,
      synthetic: trace.synthetic,
      missingHours: Math.ceil((end - first) / trace.intervalSeconds) - hours.length,
      ...measured(cell, range, decisions),
    };
  } catch (error) {
    if (error instanceof NothingDecidedError) return notMeasured(error.message);
    if (error instanceof ForecastError) return notMeasured(error.with(words.forecast));
    throw error;
  }
}

function completeHours(trace: Trace, first: number, end: number): number[] {
  const hours: number[] = [];
  for (let hour = first; hour < end; hour += trace.intervalSeconds) {
    if (trace.isComplete(hour)) hours.push(hour);
  }
  return hours;
}

function problemsOf(trace: Trace, cell: TraceCell): (hour: number) => PlacementProblem {
  const { servers: maxServers, requestsPerServer } = cell;
  const options = {
    maxLatencyMs: cell.boundMs ?? Infinity,
    capacity: capacityLikeReference({ maxServers, requestsPerServer }),
    accounting: cell.accounting,
    ...(cell.regionsFile !== undefined && { regionRows: readRegions(cell.regionsFile, trace.regions) }),
  };
  return (hour) => problemOf(trace, trace.at(isoOf(hour)), options);
}

function switchingOf({ switchingGrams, minResidenceIntervals }: TraceCell): Switching {
  return { ...freeSwitching, gramsPerServerChange: switchingGrams, minResidenceIntervals };
}

async function decideByPolicy(
  cell: TraceCell,
  { trace, hours, problemAt }: Range,
  words: RunWords,
): Promise<readonly Decision[]> {
  const forecast =
    cell.forecast === null
      ? null
      : { forecaster: forecasterNamed(cell.forecast), demandQuantile: cell.demandQuantile };
  const truth = hours.map(problemAt);
  const factors = carbonFactors(cell, truth);
  const forecasts = forecast && forecastsFor(trace, hours.map(isoOf), forecast);
  const decided = await decideBy(
    cell.policy,
    truth.map((problem, position) => believed(problem, at(factors, position))),
    forecasts && believedForecasts(forecasts, factors),
    {
      alpha: cell.alpha,
      solver: cell.solver,
      leastViolation: cell.leastViolation,
      horizonIntervals: cell.horizonIntervals,
      switching: switchingOf(cell),
      ...(forecast && { forecast }),
    },
  );
  if ('kind' in decided)
    throw nothingDecided(decided, hours, words, forecastingPolicies.has(cell.policy) && !cell.leastViolation);
  return decided;
}

/** By what the carbon intensities that are planned from differ from what is or was forecast, [hour][region]. */
function carbonFactors(
  { carbonErrorPercent, seed }: TraceCell,
  truth: readonly PlacementProblem[],
): number[][] {
  const uniform = uniformErrors(seed ?? 0);
  return truth.map(({ regions }) => regions.map(() => errorFactor(carbonErrorPercent, uniform)));
}

function believed<T extends Pick<PlacementProblem, 'carbonGramsPerKwh'>>(
  problem: T,
  factors: readonly number[],
): T {
  return {
    ...problem,
    carbonGramsPerKwh: problem.carbonGramsPerKwh.map((grams, region) => grams * at(factors, region)),
  };
}

function believedForecasts(forecasts: Forecasts, factors: readonly (readonly number[])[]): Forecasts {
  return (interval, hours) =>
    forecasts(interval, hours)
      .slice(0, factors.length - interval)
      .map((expected, lead) => believed(expected, at(factors, interval + lead)));
}

/** A static placement for each week of the range, learnt from the weeks before it. */
async function decideByThePast(
  { learnFromWeeks, alpha, solver }: TraceCell,
  { trace, hours, problemAt }: Range,
  words: RunWords,
): Promise<readonly Decision[]> {
  const first = at(hours, 0);
  const byWeek = Map.groupBy(hours, (hour) => Math.floor((hour - first) / weekSeconds));
  const decisions: Decision[] = [];
  for (const [week, itsHours] of byWeek) {
    const now = first + week * weekSeconds;
    const past = completeHours(trace, now - learnFromWeeks * weekSeconds, now);
    if (past.length * trace.intervalSeconds < weekSeconds) {
      throw new NothingDecidedError(
        `${past.length} complete hours lie in the ${learnFromWeeks} weeks before ${isoOf(now)}; ` +
          `a placement is learnt from at least a week: ${words.learn}`,
      );
    }
    const learnt = await learntStatic(past.map(problemAt), { alpha, solver });
    if ('kind' in learnt) throw nothingDecided(learnt, past, words);
    decisions.push(...itsHours.map(() => learnt));
  }
  return decisions;
}

/** @param couldBreak whether the policy would take a placement that breaks limits, were it asked to */
function nothingDecided(
  { position, infeasible }: InfeasibleInterval,
  hours: readonly number[],
  { limits, leastViolation }: RunWords,
  couldBreak = false,
): NothingDecidedError {
  const diagnosis = describeInfeasible(isoOf(at(hours, position)), infeasible, limits);
  return new NothingDecidedError(
    couldBreak && leastViolation !== null ? `${diagnosis}\n  or: ${leastViolation}` : diagnosis,
  );
}

function measured(
  cell: TraceCell,
  { hours, problemAt }: Range,
  decisions: readonly Decision[],
): Pick<
  MeasuredTrace,
  'setting' | 'accounting' | 'outcome' | 'brokenIntervals' | 'gramsByDay' | 'otherwise'
> {
  const { alsoBy, folder, intensity } = cell;
  const switching = switchingOf(cell);
  const truth = hours.map(problemAt);
  const days = Map.groupBy(hours.keys(), (position) => isoOf(at(hours, position)).slice(0, 10));
  return {
    accounting: `${describeMethod(intensity)} (${intensity.table}), ${describeAccounting(at(truth, 0))}`,
    setting: settingOf(truth),
    otherwise: alsoBy ? countOtherwise(alsoBy, folder, { hours, truth, decisions }) : null,
    outcome: outcomeOf(truth, decisions, switching),
    brokenIntervals: decisions.filter((decision) => 'violations' in decision).length,
    gramsByDay: [...days].map(([day, positions]) => {
      const { carbonGrams, switchingGrams } = outcomeOf(
        positions.map((position) => at(truth, position)),
        positions.map((position) => at(decisions, position)),
        switching,
      );
      return { day, grams: carbonGrams + switchingGrams };
    }),
  };
}
