import path from 'node:path';
import { gramsOfRequest } from '../policies/model/energy';
import { at } from '../policies/model/matrix';
import type { Decision, PlacementProblem } from '../policies/problem';
import { freeSwitching } from '../planning/decide';
import { constantIntensities, readIntensities, type Intensities } from '../traces/readIntensities';
import { outcomeOf } from './outcome';
import type { OtherIntensity } from './studyFile';

/** The same decisions, with their carbon counted by another table of intensities; or why it is not. */
export type Otherwise = CountedOtherwise | NotCounted;

export interface CountedOtherwise {
  readonly kind: 'counted';
  /** Measured hours that the other table has no value of; they are left out on both sides. */
  readonly missingHours: number;
  readonly hours: readonly HourByBoth[];
  readonly moves: readonly MovesTo[];
}

export interface NotCounted {
  readonly kind: 'notCounted';
  readonly why: string;
}

/** gCO2e of one hour, those of changes left out. */
export interface HourByBoth {
  /** Unix seconds. */
  readonly start: number;
  readonly grams: number;
  readonly otherwise: number;
}

/** Requests/s that a region takes from others, summed over hours. */
export interface MovesTo {
  readonly region: string;
  readonly requests: number;
  /** Those of them that would emit less here by the study's own intensities, and more by the other. */
  readonly turned: number;
}

/** Hours with what came and what was decided. */
export interface Decided {
  /** Unix seconds. */
  readonly hours: readonly number[];
  readonly truth: readonly PlacementProblem[];
  readonly decisions: readonly Decision[];
}

/**
 * Counts decisions by other intensities as well.
 * @param folder where the other table is
 * @throws TraceError for a table that cannot be read
 */
export function countOtherwise(other: OtherIntensity, folder: string, decided: Decided): Otherwise {
  const { regions } = at(decided.truth, 0);
  const intensities = intensitiesOf(other, folder, regions);
  const { missingRegions } = intensities;
  if (missingRegions.length > 0) {
    const has = regions.filter((region) => !missingRegions.includes(region));
    return notCounted(
      `alsoBy has no ${other.signal} intensity of ${missingRegions.join(', ')}` +
        `${has.length === 0 ? '' : ` (it has ${has.join(', ')})`}; what differs in method is not compared: ` +
        'add the missing regions, or name under regions those that have one',
    );
  }
  const hours: HourByBoth[] = [];
  const moves = new Map(regions.map((region) => [region, { requests: 0, turned: 0 }]));
  for (const [position, start] of decided.hours.entries()) {
    const otherGrams = intensities.at(start);
    if (!otherGrams) continue;
    const problem = at(decided.truth, position);
    const decision = at(decided.decisions, position);
    const counted = { ...problem, carbonGramsPerKwh: otherGrams };
    hours.push({ start, grams: gramsOf(problem, decision), otherwise: gramsOf(counted, decision) });
    addMoves(moves, problem, counted, decision);
  }
  if (hours.length === 0) {
    return notCounted(
      `alsoBy has a value of all regions in none of the ${decided.hours.length} hours; take a table of the same time`,
    );
  }
  return {
    kind: 'counted',
    missingHours: decided.hours.length - hours.length,
    hours,
    moves: [...moves].map(([region, sums]) => ({ region, ...sums })),
  };
}

function notCounted(why: string): NotCounted {
  return { kind: 'notCounted', why };
}

function intensitiesOf(
  { table, gramsPerKwh }: OtherIntensity,
  folder: string,
  regions: readonly string[],
): Intensities {
  if (table !== undefined) return readIntensities(path.join(folder, table), regions);
  return constantIntensities(gramsPerKwh ?? {}, regions);
}

function gramsOf(problem: PlacementProblem, decision: Decision): number {
  return outcomeOf([problem], [decision], freeSwitching).carbonGrams;
}

function addMoves(
  moves: ReadonlyMap<string, { requests: number; turned: number }>,
  problem: PlacementProblem,
  counted: PlacementProblem,
  { requests }: Decision,
): void {
  for (const [origin, row] of requests.entries()) {
    for (const [destination, count] of row.entries()) {
      if (destination === origin || count === 0) continue;
      const sums = moves.get(at(problem.regions, destination));
      if (!sums) continue;
      sums.requests += count;
      if (saves(problem, origin, destination) > 0 && saves(counted, origin, destination) < 0) {
        sums.turned += count;
      }
    }
  }
}

/** gCO2e that one request/s less emits at the destination than at home. */
function saves(problem: PlacementProblem, origin: number, destination: number): number {
  return gramsOfRequest(problem, origin) - gramsOfRequest(problem, destination);
}
