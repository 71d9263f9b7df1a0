import { Command, Option } from 'commander';
import { openPlanning, planForStack } from '../cli/planFromStack';
import { reconcilerOf } from '../driver/reconcile';
import { openTarget } from '../driver/target';
import { intervalAt } from '../live/liveInterval';
import { failedAtClient } from '../load/requestLog';
import { readStackSettings } from '../stack/stackFile';
import { isoOf } from '../traces/time';
import { defaultTraces } from './defaultTraces';
import { positiveNumber, wholeNumber } from './flags';
import { CarbonReplay } from './live/carbonReplay';
import { findingOf, isSeen, movesTowards, type FaultFigures } from './live/faultFindings';
import { overloadedShare, replansIn } from './live/figures';
import { liveRun, type LiveRunResult } from './live/liveRun';
import type { WatchedInterval } from './live/intervalWatch';
import { liveBy, paceOf } from './live/liveStack';
import { carbonOfInterval } from './live/oracle';
import { spanOf } from './live/replay';
import { savingsOf, type IntervalCarbon } from './live/savings';
import { phasesOf, scenarios, type Phase, type Scenario } from './live/scenario';
import { secondTick, type SecondTick } from './live/secondTick';
import { recordedTicks } from './live/tickLog';
import { steadySeconds, trebleFigures, watchedSeconds } from './live/trebled';
import { World } from './live/world';
import { median } from './median';
import { plainStep } from './plainStep';
import { podRestarts } from './podRestarts';
import { checkout, stackInLab } from './stackInLab';
import { dayIn } from './traceProblems';

/**
 * `casper run --live` as it is left running: carbon from a local Electricity Maps that replays a trace, demand from the
 * stack's Prometheus, and requests that follow the trace without the planner's knowing it. Runs in the lab; the last
 * line is one JSON object.
 */

interface Flags {
  traces: string;
  from?: string;
  scenario: Scenario;
  intervals: number;
  intervalSeconds?: number;
  loadShare?: number;
  maxLatency: number;
}

const stackName = 'bench-live';
/** Until the first interval at least, so that Prometheus has a whole window of demand. */
const leadSeconds = 15;

async function main(flags: Flags): Promise<void> {
  const { traces, maxLatency } = flags;
  const configFile = await stackInLab(stackName, traces);
  const planFlags = { policy: 'carbon', maxLatency, alpha: 0.9 };
  const planning = openPlanning(configFile, traces, planFlags);
  const { trace, options } = planning;
  const from = flags.from ?? dayIn(trace);
  const [first, second] = await planForStack(planning, from, 2);
  if (!first || !second) throw new Error('two intervals have two plans');
  const target = await openTarget({ projectDirectory: checkout, stackName, configFile });
  const pace = await paceOf(flags, [first, second], reconcilerOf(target, plainStep));
  const { loadShare, intervalSeconds } = pace;
  const restartsBefore = await podRestarts(target);

  // The interval's own update comes before.
  const trebleSeconds = intervalSeconds / 3 + steadySeconds + watchedSeconds;
  const phases = phasesOf(flags.scenario, flags.intervals, Math.ceil(trebleSeconds / intervalSeconds));
  const beginsAtMs = intervalAt(Date.now() + leadSeconds * 1000, intervalSeconds).endedAtMs;
  const planInForce = () => readStackSettings(configFile).plan;
  const world = new World(trace, from, phases, pace, beginsAtMs, planInForce);
  const source = await CarbonReplay.listen(() => world.sourceNow());
  try {
    liveBy(configFile, source.url, intervalSeconds);
    const carbon: (IntervalCarbon | null)[] = [];
    let ticked: SecondTick | undefined;
    const run = await liveRun({
      ...{ target, world, phases, planFlags, traces },
      onInterval: async (position, phase, seen) => {
        const { served } = seen;
        const now = { grams: world.gramsOf(position), seconds: intervalSeconds };
        const own = served && (await carbonOfInterval(trace, options, { ...now, served }));
        carbon.push(own);
        console.log(line(world.schedule[position]?.interval ?? '', phase, seen, own));
      },
      afterwards: async (runs) => {
        const plan = ['--traces', traces, '--max-latency', String(maxLatency)];
        ticked = await secondTick(configFile, ['--stack', stackName, '--runs', runs, ...plan]);
      },
    });
    const follows = phases.flatMap(({ kind }, position) => (kind === 'follow' ? [position] : []));
    const { requestsPerServer } = readStackSettings(configFile).capacity;
    console.log(
      JSON.stringify({
        ...followFigures(run, world, follows, trace.regions.length),
        ...savingsOf(follows.map((position) => carbon[position] ?? null)),
        restarts: (await podRestarts(target)) - restartsBefore,
        ...{ loadShare, intervalSeconds },
        ...(run.trebled && trebleFigures(run.trebled, run.log, run.ticks)),
        ...faultFigures(run, world, phases, requestsPerServer),
        ...ticked,
      }),
    );
  } finally {
    await source.close();
  }
}

const startOf = ({ replay }: World, position: number): string =>
  isoOf(spanOf(replay, position).startedAtMs / 1000);

/** @param follows positions of the intervals that count */
function followFigures(
  { log, trebled, ticks: ended, intervals }: LiveRunResult,
  world: World,
  follows: readonly number[],
  regionCount: number,
): Record<string, number | null> {
  const sent = [log, ...(trebled ? [trebled.extra] : [])].map((part) => part.summary());
  const ticks = ended.map(({ tick }) => tick);
  const starts = follows.map((position) => startOf(world, position));
  return {
    intervals: follows.length,
    requests: sent.reduce((sum, { due }) => sum + due, 0),
    failed: sent.reduce((sum, summary) => sum + failedAtClient(summary), 0),
    overloadedShare: overloadedShare(
      follows.map((position) => intervals[position]?.busiest ?? null),
      regionCount,
    ),
    replans: replansIn(ticks.filter(({ interval }) => starts.includes(interval))),
    upSeconds: median(ticks.flatMap(({ applied }) => (applied?.changes ? [applied.seconds] : []))),
  };
}

/** Undefined for a scenario without faults. */
function faultFigures(
  { runs, intervals }: LiveRunResult,
  world: World,
  phases: readonly Phase[],
  requestsPerServer: number,
): FaultFigures | undefined {
  const { faulty } = world;
  if (!faulty) return undefined;
  const ticks = recordedTicks(runs);
  const findings = phases.flatMap((phase, position) => {
    if (phase.kind !== 'faults') return [];
    const own = ticks.filter(({ interval }) => interval === startOf(world, position));
    return [findingOf(phase.answer, faulty.region, own, intervals[position]?.metrics ?? '')];
  });
  for (const finding of findings) console.log(JSON.stringify({ region: faulty.region, ...finding }));
  const firstAt = startOf(
    world,
    phases.findIndex(({ kind }) => kind === 'faults'),
  );
  const since = ticks.filter(({ interval }) => interval >= firstAt);
  const moves = movesTowards(faulty.region, faulty.before, since, requestsPerServer);
  for (const move of moves) console.log(`moved towards ${faulty.region}: ${move}`);
  return {
    faultIntervals: findings.length,
    faultIntervalsSeen: findings.filter(isSeen).length,
    movesTowardsFaulty: moves.length,
  };
}

function line(
  interval: string,
  { kind }: Phase,
  { busiest }: WatchedInterval,
  carbon: IntervalCarbon | null,
): string {
  const most = busiest && Math.max(0, ...busiest.map(({ load }) => load));
  const load = most === null ? 'unknown' : `${(100 * most).toFixed(0)} %`;
  const { savingPercent, oracleSavingPercent } = savingsOf([carbon]);
  const percent = (value: number | null): string => (value === null ? 'unknown' : `${value.toFixed(1)} %`);
  return `${kind}, ${interval}: busiest ${load} of what is ready, saved ${percent(savingPercent)}, the oracle ${percent(oracleSavingPercent)}`;
}

new Command('bench:live')
  .description(
    'casper run --live under load: failed requests, overload, carbon beside the oracle’s, bad data',
  )
  .option('--traces <dir>', 'folder of the three CSV files', defaultTraces())
  .option(
    '--from <time>',
    'start of the first interval (default: 2022-08-13T00:00:00Z, or the first of a trace without it)',
  )
  .addOption(
    new Option(
      '--scenario <name>',
      'follow the trace; treble one origin’s requests; let the source fail; or all of it',
    )
      .choices(scenarios)
      .default('all'),
  )
  .option('--intervals <n>', 'how many follow the trace', wholeNumber, 20)
  .option('--interval-seconds <s>', 'length of an interval (default: three updates)', wholeNumber)
  .option(
    '--load-share <share>',
    'of the trace’s requests (default: what this machine carries)',
    positiveNumber,
  )
  .option('--max-latency <ms>', 'latency bound', positiveNumber, 150)
  .action(main)
  .parseAsync()
  .catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
