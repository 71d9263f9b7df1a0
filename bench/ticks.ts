import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { z } from 'zod';
import { openPlanning, planForStack } from '../cli/planFromStack';
import { requestPathOf } from '../driver/requestPath';
import { generateLoadApart } from '../load/generateLoadApart';
import { traceSchedule } from '../load/loadSchedule';
import { failedAtClient } from '../load/requestLog';
import { randomSources } from '../load/seededRandom';
import { stackPlanOf } from '../planning/intervalPlan';
import { readStackSettings, writeStackPlan } from '../stack/stackFile';
import { readTrace } from '../traces/readTrace';
import { defaultTraces } from './defaultTraces';
import { positiveNumber, wholeNumber } from './flags';
import { casperOrKill } from './killable';
import { CarbonReplay, credentials } from './live/carbonReplay';
import { gradually } from './live/gradualLoad';
import { liveBy } from './live/liveStack';
import { median } from './median';
import { growthOf, printGrowth, type Sample } from './soak/growth';
import { bytesBelow, keptStateOf, machineFigures, machineNow } from './soak/machineFigures';
import { casper, stackInLab } from './stackInLab';
import { inTemporaryFolder } from './temporaryFolder';
import { writeDays } from './traceOfDays';

/**
 * `casper tick` every interval for hours, as cron runs it, while demand changes: does anything grow that should not? With
 * `--kills`, every second tick is killed at a random moment: does the next one reach its plan? Runs in the lab; the last
 * line is one JSON object.
 */

interface Flags {
  traces: string;
  hours: number;
  intervalSeconds: number;
  requestsPerSecond: number;
  kills: number;
  seed: number;
}

const stackName = 'bench-ticks';
/** Until Prometheus has a whole window of demand. */
const leadSeconds = 20;

/** What `casper tick --json` prints, as far as it is looked at here. */
const printed = z.object({
  outcome: z.string(),
  applied: z.object({ changes: z.int() }).nullable(),
});

/** A tick that came to its end. */
interface Ended {
  readonly exitCode: number;
  readonly outcome: string;
  readonly changes: number;
  readonly seconds: number;
}

async function ticks(flags: Flags, folder: string): Promise<void> {
  const { traces, hours, intervalSeconds, requestsPerSecond, kills: wanted } = flags;
  // Some ticks end before they are killed.
  const intervals = wanted > 0 ? 3 * wanted : Math.ceil((3600 * hours) / intervalSeconds);
  const from = writeDays(traces, folder, intervals + 1, requestsPerSecond);
  const trace = readTrace(folder);
  const configFile = await stackInLab(stackName, folder);
  const planning = openPlanning(configFile, folder, { policy: 'carbon', maxLatency: 150, alpha: 0.9 });
  const [first] = await planForStack(planning, from, 1);
  if (!first) throw new Error('one interval has one plan');
  writeStackPlan(configFile, stackPlanOf(first));
  await casper(['apply', '--stack', stackName, '--config-file', configFile]);

  // Within an hour of the wall clock the grids stay as they are: it is demand that changes the plans.
  const { carbonGramsPerKwh } = trace.at(from);
  const grams = Object.fromEntries(
    trace.regions.map((region, index) => [region, carbonGramsPerKwh[index] ?? NaN]),
  );
  const source = await CarbonReplay.listen(() => ({ clockMs: Date.now(), grams, answerTo: () => 'value' }));
  liveBy(configFile, source.url, intervalSeconds);
  const { entryPoints } = requestPathOf(readStackSettings(configFile));
  const schedule = traceSchedule(trace, from, intervals + 1, intervalSeconds, trace.regions);
  const lead = { seconds: leadSeconds, requestsPerSecond: schedule[0]?.requestsPerSecond ?? {} };
  const stop = new AbortController();
  const load = generateLoadApart({
    ...{ origins: entryPoints, intervals: [lead, ...gradually(schedule, 1)], seed: 1, signal: stop.signal },
  });

  const [kept, cache, runs] = [keptStateOf(stackName), path.join(folder, 'cache'), path.join(folder, 'runs')];
  const args = [
    ...['tick', '--stack', stackName, '--config-file', configFile, '--traces', folder, '--runs', runs],
    ...['--max-latency', '150', '--json'],
  ];
  const look = (tickSeconds: number) => ({
    ...{ ...machineNow(kept), tickSeconds, cacheKb: bytesBelow(cache) / 1024 },
    recordsKb: bytesBelow(runs) / 1024,
  });
  const samples: Sample<keyof ReturnType<typeof look>>[] = [];
  const ended: Ended[] = [];
  const random = randomSources(flags.seed)();
  let [kills, reached, wasKilled] = [0, 0, false];
  const isDone = (): boolean => wanted > 0 && kills === wanted && !wasKilled;
  try {
    await sleep(leadSeconds * 1000);
    for (let index = 1; index <= intervals && !isDone(); index++) {
      const intervalMs = 1000 * intervalSeconds;
      await sleep(intervalMs - (Date.now() % intervalMs));
      const usualMs = 1000 * median(ended.map(({ seconds }) => seconds));
      const toKill = kills < wanted && !wasKilled && ended.length > 0;
      const result = await tick(args, cache, toKill ? usualMs * random() : null);
      if (result === null) {
        kills += 1;
        wasKilled = true;
        continue;
      }
      const { exitCode, outcome, changes, seconds } = result;
      if (wasKilled && exitCode === 0 && outcome === 'applied') reached += 1;
      wasKilled = false;
      ended.push(result);
      samples.push({ atMs: Date.now(), figures: look(seconds) });
      console.log(`${index}: ${outcome} (${exitCode}), ${changes} changes in ${seconds.toFixed(1)} s`);
    }
  } finally {
    stop.abort();
    await source.close();
  }
  const sent = (await load).log.summary();
  const growth = growthOf(samples, [...machineFigures, 'tickSeconds', 'cacheKb', 'recordsKb']);
  printGrowth(growth);
  const failedTicks = ended.filter(({ exitCode }) => exitCode !== 0).length;
  console.log(
    JSON.stringify({
      ...{ ticks: ended.length, failedTicks, changed: ended.filter(({ changes }) => changes > 0).length },
      ...(wanted > 0 && { kills, reached }),
      ...{ requests: sent.due, failed: failedAtClient(sent), intervalSeconds, growth },
    }),
  );
  if (failedTicks > 0 || reached < kills) process.exitCode = 1;
}

/** @returns null where it was killed */
async function tick(
  args: readonly string[],
  cache: string,
  killAfterMs: number | null,
): Promise<Ended | null> {
  const beganMs = performance.now();
  const result = await casperOrKill(args, killAfterMs, { env: { ...credentials, CASPER_CACHE: cache } });
  if (!result) return null;
  const { exitCode, stdout } = result;
  const seconds = (performance.now() - beganMs) / 1000;
  // One that failed prints nothing.
  if (stdout === '') return { exitCode, outcome: 'failed', changes: 0, seconds };
  const { outcome, applied } = printed.parse(JSON.parse(stdout));
  return { exitCode, outcome, changes: applied?.changes ?? 0, seconds };
}

new Command('bench:ticks')
  .description(
    'casper tick every interval for hours: what grows; or killed at random moments: what comes of it',
  )
  .option('--traces <dir>', 'folder of the three CSV files, of which a day is repeated', defaultTraces())
  .option('--hours <n>', 'how long, without kills', positiveNumber, 2)
  .option('--interval-seconds <s>', 'of the wall clock', wholeNumber, 30)
  .option('--requests-per-second <n>', 'of all origins together, in the mean', positiveNumber, 60)
  .option('--kills <n>', 'ticks to kill, every second one at the most; as long as that takes', wholeNumber, 0)
  .option('--seed <n>', 'of the moments', wholeNumber, 1)
  .action((flags: Flags) => inTemporaryFolder('ticks', (folder) => ticks(flags, folder)))
  .parseAsync()
  .catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
