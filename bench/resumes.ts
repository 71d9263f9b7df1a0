import { readdirSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { randomSources } from '../load/seededRandom';
import { readRecords } from '../report/records';
import { defaultTraces } from './defaultTraces';
import { positiveNumber, wholeNumber } from './flags';
import { casperOrKill } from './killable';
import { stackInLab } from './stackInLab';
import { inTemporaryFolder } from './temporaryFolder';
import { writeDays } from './traceOfDays';

/**
 * SIGKILLs of `casper run --load` at random moments, and `casper run --resume` after each: do the same plans, records and
 * counts come of it as of a run that nothing disturbed? Runs in the lab; the last line is one JSON object.
 */

interface Flags {
  traces: string;
  kills: number;
  intervals: number;
  secondsPerInterval: number;
  requestsPerSecond: number;
  seed: number;
}

const stackName = 'bench-resumes';
/** What it prints is in its records too. */
const quiet = { stdout: 'ignore' } as const;

async function resumes(flags: Flags, folder: string): Promise<void> {
  const { traces, intervals, secondsPerInterval, requestsPerSecond } = flags;
  const from = writeDays(traces, folder, intervals, requestsPerSecond);
  const configFile = await stackInLab(stackName, folder);
  const fresh = (runs: string): string[] => [
    ...['run', '--load', '--json', '--stack', stackName, '--config-file', configFile, '--runs', runs],
    ...['--traces', folder, '--from', from, '--intervals', String(intervals), '--max-latency', '150'],
    // Pulumi's own process outlives the driver's, and holds its lock for as long as its update takes.
    ...['--seconds-per-interval', String(secondsPerInterval), '--most-failures', '20'],
  ];
  const runsOf = (name: string | number): string => path.join(folder, `runs-${name}`);
  const first = await casperOrKill(fresh(runsOf('undisturbed')), null, quiet);
  if (first?.exitCode !== 0) throw new Error('the run that nothing disturbed did not end with exit code 0');
  const undisturbed = cameTo(begunIn(runsOf('undisturbed')) ?? '');
  const random = randomSources(flags.seed)();
  let [kills, resumed, equal, count, interrupted] = [0, 0, 0, 0, 0];
  while (kills < flags.kills) {
    const runs = runsOf(count++);
    let [resumesHere, exitCode] = [0, 0];
    while (exitCode === 0) {
      const begun = begunIn(runs);
      if (begun !== undefined && isWhole(begun, intervals)) break;
      if (begun !== undefined) resumesHere += 1;
      // Two intervals' time: kills come in starts, in changes and while a plan serves, and some runs get to their ends.
      const killAfterMs = kills < flags.kills ? 2000 * secondsPerInterval * random() : null;
      const args = begun === undefined ? fresh(runs) : ['run', '--resume', begun, '--json'];
      const ended = await casperOrKill(args, killAfterMs, quiet);
      if (ended === null) {
        kills += 1;
        console.log(`kill ${kills}: after ${((killAfterMs ?? 0) / 1000).toFixed(1)} s`);
      } else exitCode = ended.exitCode;
    }
    const last = begunIn(runs);
    const outcomes = last === undefined ? [] : readRecords(last).intervals.map(({ outcome }) => outcome);
    const isEqual =
      last !== undefined &&
      cameTo(last) === undisturbed &&
      outcomes.every((outcome) => outcome === 'applied' || outcome === 'interrupted');
    interrupted += outcomes.filter((outcome) => outcome === 'interrupted').length;
    resumed += resumesHere;
    if (isEqual) equal += resumesHere;
    console.log(
      `run ${count}: exit code ${exitCode}, ${outcomes.join(', ')}; ${isEqual ? 'equal' : 'NOT EQUAL'}`,
    );
  }
  console.log(
    JSON.stringify({
      ...{ kills, resumes: resumed, resumesEqual: equal, runs: count, intervals, interrupted },
      ...{ secondsPerInterval, requestsPerSecond, seed: flags.seed },
    }),
  );
  if (equal < resumed) process.exitCode = 1;
}

/** The folder of a run that had begun; undefined where none has. */
function begunIn(runs: string): string | undefined {
  let names: string[];
  try {
    names = readdirSync(runs);
  } catch {
    return undefined;
  }
  return names
    .map((name) => path.join(runs, name))
    .find((folder) => readdirSync(folder).includes('run.json'));
}

/** Whether its last interval's requests are counted: all that it has left to do is its report. */
function isWhole(folder: string, intervals: number): boolean {
  const { intervals: recorded, sent } = readRecords(folder);
  return recorded.length === intervals && sent.length === intervals;
}

/** Plans, and how many requests were due, of each interval. */
function cameTo(folder: string): string {
  const { intervals, sent } = readRecords(folder);
  return JSON.stringify({
    plans: intervals.map(({ plan: { interval, servers, requests } }) => ({ interval, servers, requests })),
    due: sent.map(({ interval, total }) => [interval, total.due]),
  });
}

new Command('bench:resumes')
  .description('A run that is killed and goes on, beside one that nothing disturbed')
  .option('--traces <dir>', 'folder of the three CSV files', defaultTraces())
  .option('--kills <n>', 'how many', wholeNumber, 100)
  .option('--intervals <n>', 'of each run', wholeNumber, 4)
  .option('--seconds-per-interval <s>', 'how long each is at least', positiveNumber, 20)
  .option('--requests-per-second <n>', 'of all origins together, in the mean', positiveNumber, 60)
  .option('--seed <n>', 'of the moments', wholeNumber, 1)
  .action((flags: Flags) => inTemporaryFolder('resumes', (folder) => resumes(flags, folder)))
  .parseAsync()
  .catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
