import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { GoesOn } from '../driver/plannedCourse';
import type { IntervalOutcome } from '../driver/runObserver';
import {
  cutTornLines,
  lastVerified,
  readRecords,
  readRun,
  recordFiles,
  type RecordedInterval,
  type RunRecord,
  type RunRecords,
} from '../report/records';
import type { StackPlan } from '../stack/stackConfig';
import { flagsOfRecord, type DecidingFlags } from './runFlags';

/** A run whose folder says how far it came. */
export interface ResumableRun {
  readonly directory: string;
  /** Its copy of the stack file. */
  readonly configFile: string;
  readonly run: RunRecord;
  readonly flags: DecidingFlags;
  /** Position of the interval that it goes on with; how many there are where all are done. */
  readonly next: number;
  /** What became of those before. */
  readonly outcomes: readonly IntervalOutcome[];
  readonly goesOn: GoesOn;
}

/** A run that cannot be gone on with; the message says what to do instead. */
export class ResumeError extends Error {
  override readonly name = 'ResumeError';
}

/** A run's own copy of the stack file. */
export function copyIn(directory: string, stackName: string): string {
  return path.join(directory, `Pulumi.${stackName}.yaml`);
}

/**
 * What a run was told.
 * @throws ResumeError, RecordError
 */
export function flagsOfRun(folder: string): DecidingFlags {
  if (existsSync(folder) && !existsSync(path.join(folder, recordFiles.run))) {
    throw new ResumeError(
      `${folder} has no ${recordFiles.run}: the run ended before its first interval was to be applied; run again`,
    );
  }
  const { begun } = readRun(folder);
  const flags = begun && flagsOfRecord(begun.flags);
  if (flags) return flags;
  throw new ResumeError(
    `${folder} is a live run's, or of another version of casper, and cannot be resumed: run --live goes on by itself, and any other run begins anew, with --from`,
  );
}

/**
 * Reads how far a run came, and cuts off what its end has left torn: nobody may be adding to it.
 * @throws ResumeError, RecordError
 */
export function openResumable(folder: string): ResumableRun {
  const directory = path.resolve(folder);
  const flags = flagsOfRun(directory);
  cutTornLines(directory);
  const records = readRecords(directory);
  const next = nextOf(records, flags);
  const done = new Set(records.run.intervals.slice(0, next));
  return {
    ...{ directory, configFile: copyIn(directory, flags.stack), run: records.run, flags, next },
    outcomes: records.intervals.filter(({ plan }) => done.has(plan.interval)).map(({ outcome }) => outcome),
    goesOn: { verified: lastVerified(directory) },
  };
}

/** Whether a run has an interval left to do. */
export function isUnfinished(records: RunRecords, flags: DecidingFlags): boolean {
  return nextOf(records, flags) < records.run.intervals.length;
}

/** Position of the first interval of which something is missing: its record, part of its time, or what was sent in it. */
function nextOf({ run, intervals, sent }: RunRecords, { load, secondsPerInterval }: DecidingFlags): number {
  const wholeMs = secondsPerInterval * 1000;
  // Of one that a signal has cut short, what was measured is of a part of it.
  const isWhole = ({ served, startedAtMs, endedAtMs }: RecordedInterval): boolean =>
    !served || endedAtMs - startedAtMs >= wholeMs - 1;
  const recorded = new Set(intervals.filter(isWhole).map(({ plan }) => plan.interval));
  const counted = new Set(sent.map(({ interval }) => interval));
  const next = run.intervals.findIndex(
    (interval) => !recorded.has(interval) || (load === true && !counted.has(interval)),
  );
  return next < 0 ? run.intervals.length : next;
}

/** Tells plans from others. */
export function digestOf(plans: StackPlan | readonly StackPlan[]): string {
  return createHash('sha256').update(JSON.stringify(plans)).digest('hex');
}

/** @throws ResumeError where the plans are others than those that the run began with */
export function assertSamePlans({ run, directory }: ResumableRun, plans: readonly StackPlan[]): void {
  if (run.begun?.plansDigest === digestOf(plans)) return;
  throw new ResumeError(
    `The plans of ${directory} would be others than it began with: its traces, its regions.csv, its copy of the stack file or casper were changed since. Put them back, or run anew with --from`,
  );
}
