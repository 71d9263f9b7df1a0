import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { readRecords, type RecordedInterval, type RecordedLoad, type RunRecord } from './records';
import { runReport, type ReportedInterval } from './runReport';
import { sharesOf } from './shares';
import { RunTables } from './tables/runTables';

/**
 * Makes the tables and report.html of a run from its records: at the run's end, a bad one too, and whenever they are
 * wanted again.
 * @param tell is told what is left out of it
 * @returns the page's path
 * @throws RecordError
 */
export async function makeReport(directory: string, tell?: (note: string) => void): Promise<string> {
  const { run, intervals, sent, ticks, notes } = readRecords(directory);
  for (const note of notes) tell?.(note);
  if (intervals.some(({ served }) => served)) {
    RunTables.remove(directory);
    const tables = new RunTables(directory, run.regions);
    for (const interval of intervals) addInterval(tables, run, interval);
    for (const { interval, byOrigin } of sent) tables.appendSent(interval, byOrigin);
  }
  const page = path.join(directory, 'report.html');
  const reported = intervals.map((interval) =>
    reportedOf(
      interval,
      sent.find((load) => load.interval === interval.plan.interval),
    ),
  );
  writeFileSync(page, await runReport(run, reported, ticks));
  return page;
}

/** Adds an interval to the tables; one in which nothing was observed has no rows. */
export function addInterval(
  tables: RunTables,
  { latencyMs, loadShare }: RunRecord,
  interval: Pick<RecordedInterval, 'plan' | 'startedAtMs' | 'endedAtMs' | 'carbonGramsPerKwh' | 'served'>,
): void {
  const { plan, startedAtMs, endedAtMs, carbonGramsPerKwh, served } = interval;
  if (!served) return;
  const seconds = (endedAtMs - startedAtMs) / 1000;
  tables.append({ plan, seconds, loadShare, carbonGramsPerKwh, latencyMs, observations: served.observed });
}

function notesOf({ plan, outcome, failures, update }: RecordedInterval): string[] {
  const notes = [
    ...(plan.held === undefined ? [] : [`${outcome}: ${plan.held}`]),
    ...(plan.without?.length ? [`left out, because lost: ${plan.without.join(', ')}`] : []),
    ...failures.map((failure) => `a change failed: ${failure}`),
    ...update.notes,
  ];
  // An interval that was planned anew for a loss has it among the update's notes too.
  return [...new Set(notes)];
}

function reportedOf(interval: RecordedInterval, load: RecordedLoad | undefined): ReportedInterval {
  const { plan, update, startedAtMs, endedAtMs, inForceAtMs, carbonGramsPerKwh, served } = interval;
  return {
    plan,
    outcome: interval.outcome,
    upSeconds: update.seconds,
    notes: notesOf(interval),
    ...(served && {
      served: {
        seconds: (endedAtMs - startedAtMs) / 1000,
        carbonGramsPerKwh,
        observations: served.observed,
        shares: served.steady.length > 0 ? sharesOf(plan, plan.regions, served.steady) : [],
        client: load?.total ?? null,
        inForceAfterSeconds: Math.max(0, inForceAtMs - startedAtMs) / 1000,
      },
    }),
  };
}
