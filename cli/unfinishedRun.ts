import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { StackOptions } from '../driver/engine/stack';
import { readRecords } from '../report/records';
import { readStackSettings } from '../stack/stackFile';
import { tellNote } from './progress';
import { copyIn, digestOf, flagsOfRun, isUnfinished } from './resumableRun';

/** As runs name their folders, by the second. */
const folderOfRun = /^\d{8}T\d{6}Z(-\d+)?$/;

/**
 * Says where the stack's last run ended before its last interval, and nothing has planned it by its stack file since:
 * what is live is that run's then, and not what the file has.
 * @param runs where runs leave their records
 */
export function tellUnfinishedRun(options: StackOptions, runs: string): void {
  const note = noteOfUnfinishedRun(options, runs);
  if (note !== null) tellNote(note);
}

/** @returns null where there is no such run */
export function noteOfUnfinishedRun(options: StackOptions, runs: string): string | null {
  if (!existsSync(runs)) return null;
  const newestFirst = readdirSync(runs)
    .filter((name) => folderOfRun.test(name))
    .sort()
    .reverse()
    .map((name) => path.join(runs, name));
  const last = newestFirst.find((folder) => isOf(options, folder));
  if (last === undefined || !isUnfinishedIn(options, last)) return null;
  const { stackName, configFile } = options;
  return (
    `the run in ${last} ended before its last interval was done: what is live may be its plan, and not that of ${path.basename(configFile)}. ` +
    `To go on with it: casper run --resume ${last}; to apply the plan that it had: ` +
    `casper apply --stack ${stackName} --config-file ${copyIn(last, stackName)}`
  );
}

/** A folder that has no records yet, or none that this version reads, says nothing. */
function isOf({ stackName, configFile }: StackOptions, folder: string): boolean {
  try {
    const flags = flagsOfRun(folder);
    return flags.stack === stackName && flags.configFile === configFile;
  } catch {
    return false;
  }
}

function isUnfinishedIn({ stackName, configFile }: StackOptions, folder: string): boolean {
  try {
    const records = readRecords(folder);
    const plan = digestOf(readStackSettings(configFile).plan);
    return (
      // Whoever has planned it by its stack file since knows what is live.
      records.run.begun?.planBefore === plan &&
      digestOf(readStackSettings(copyIn(folder, stackName)).plan) !== plan &&
      isUnfinished(records, flagsOfRun(folder))
    );
  } catch {
    // What is wrong with a file is said by who needs it.
    return false;
  }
}
