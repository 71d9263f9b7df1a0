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
import { notMeasured, type CellResult, type MeasuredTrace } from './cellResult';
import { ForecastError } from './forecast/forecaster';
import { forecasterNamed } from './forecast/forecasters';
import { forecastsFor } from './forecast/outlook';
import { learntStatic } from './learntStatic';
import { outcomeOf } from './outcome';
import { decideBy } from './simulation';
import type { TraceCell } from './studyCells';

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
 * @throws TraceError
 */
export async function runTraceCell(cell: TraceCell): Promise<CellResult> {
  const whole = readTrace(cell.folder);
  const trace = cell.regions ? whole.only(cell.regions) : whole;
  const first = secondsOf(cell.from ?? trace.firstInterval);
  const end =
    cell.to === undefined ? secondsOf(trace.lastInterval) + trace.intervalSeconds : secondsOf(cell.to);
  const hours = completeHours(trace, first, end);
  const range = { trace, hours, problemAt: problemsOf(trace, cell) };
  try {
    if (hours.length === 0) throw new NothingDecidedError('no hour of the range has complete data');
    const decisions = await (cell.policy === 'static-learnt'
      ? decideByThePast(cell, range)
      : decideByPolicy(cell, range));
    return {
      kind: 'trace',
      from: isoOf(first),
      to: isoOf(end),
      regions: trace.regions.length,
      synthetic: trace.synthetic,
      missingHours: Math.ceil((end - first) / trace.intervalSeconds) - hours.length,
      ...measured(range, decisions, switchingOf(cell)),
    };
  } catch (error) {
    if (error instanceof NothingDecidedError || error instanceof ForecastError)
      return notMeasured(error.message);
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
): Promise<readonly Decision[]> {
  const forecast =
    cell.forecast === null
      ? null
      : { forecaster: forecasterNamed(cell.forecast), demandQuantile: cell.demandQuantile };
  const decided = await decideBy(
    cell.policy,
    hours.map(problemAt),
    forecast && forecastsFor(trace, hours.map(isoOf), forecast),
    {
      alpha: cell.alpha,
      leastViolation: cell.leastViolation,
      horizonIntervals: cell.horizonIntervals,
      switching: switchingOf(cell),
      ...(forecast && { forecast }),
    },
  );
  if ('kind' in decided) throw nothingDecided(decided, hours);
  return decided;
}

/** A static placement for each week of the range, learnt from the weeks before it. */
async function decideByThePast(
  { learnFromWeeks, alpha }: TraceCell,
  { trace, hours, problemAt }: Range,
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
          'a placement is learnt from at least a week: begin later',
      );
    }
    const learnt = await learntStatic(past.map(problemAt), alpha);
    if ('kind' in learnt) throw nothingDecided(learnt, past);
    decisions.push(...itsHours.map(() => learnt));
  }
  return decisions;
}

function nothingDecided(
  { position, infeasible }: InfeasibleInterval,
  hours: readonly number[],
): NothingDecidedError {
  return new NothingDecidedError(describeInfeasible(isoOf(at(hours, position)), infeasible));
}

function measured(
  { hours, problemAt }: Range,
  decisions: readonly Decision[],
  switching: Switching,
): Pick<MeasuredTrace, 'outcome' | 'brokenIntervals' | 'gramsByDay'> {
  const truth = hours.map(problemAt);
  const days = Map.groupBy(hours.keys(), (position) => isoOf(at(hours, position)).slice(0, 10));
  return {
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
