import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { openLivePlanning } from '../../cli/livePlanning';
import type { PlanFlags } from '../../cli/options';
import { runLive } from '../../cli/runLive';
import { requestPathOf } from '../../driver/requestPath';
import type { Target } from '../../driver/target';
import type { LoadOrigin } from '../../load/entryPoint';
import { generateLoadApart } from '../../load/generateLoadApart';
import type { RequestLog } from '../../load/requestLog';
import { realSurroundings } from '../../signals/surroundings';
import { readStackSettings } from '../../stack/stackFile';
import { isoOf } from '../../traces/time';
import { checkout } from '../stackInLab';
import { credentials } from './carbonReplay';
import { IntervalWatch, type WatchedInterval } from './intervalWatch';
import { spanOf } from './replay';
import type { Phase } from './scenario';
import { TickLog, type EndedTick } from './tickLog';
import { treble, type Trebled } from './trebled';
import type { World } from './world';

export interface LiveRunOptions {
  readonly target: Target;
  readonly world: World;
  readonly phases: readonly Phase[];
  readonly planFlags: PlanFlags;
  readonly traces: string;
  /** Told of every interval once it is over. */
  readonly onInterval: (position: number, phase: Phase, interval: SeenInterval) => Promise<void>;
  /** What is done after the last interval, under load still. */
  readonly afterwards: (runs: string) => Promise<void>;
}

/** An interval, and casper's metrics at its end. */
export interface SeenInterval extends WatchedInterval {
  readonly metrics: string;
}

export interface LiveRunResult {
  /** Folder of the run's records. */
  readonly runs: string;
  readonly ticks: readonly EndedTick[];
  readonly intervals: readonly SeenInterval[];
  readonly trebled: Trebled | undefined;
  readonly log: RequestLog;
}

/** `casper run --live` in a world that goes by, with load, from its first interval to after its last. */
export async function liveRun(options: LiveRunOptions): Promise<LiveRunResult> {
  const { target, world, phases, planFlags, traces } = options;
  const { stackName, configFile } = target.options;
  const config = readStackSettings(configFile);
  const { entryPoints } = requestPathOf(config);
  const runs = path.join(
    ...[checkout, 'runs', stackName],
    new Date().toISOString().replaceAll(/[-:]|\.\d+/g, ''),
  );
  mkdirSync(runs, { recursive: true });
  const folder = mkdtempSync(path.join(tmpdir(), 'casper-bench-live-'));
  const stop = new AbortController();
  const stopOn = (work: Promise<unknown>): void => {
    work.catch(() => {
      stop.abort();
    });
  };
  const load = generateLoadApart({
    ...{ origins: entryPoints, intervals: world.load(), seed: 1, signal: stop.signal },
  });
  stopOn(load);
  const watch = new IntervalWatch(target, config);
  const ticks = new TickLog();
  const intervals: SeenInterval[] = [];
  let trebled: Promise<Trebled> | undefined;
  const until = (atMs: number): Promise<void> =>
    sleep(Math.max(0, atMs - Date.now()), undefined, { signal: stop.signal });

  const lookOn = async (): Promise<void> => {
    for (const [position, phase] of phases.entries()) {
      const { startedAtMs, endedAtMs } = spanOf(world.replay, position);
      await until(startedAtMs);
      if (phase.kind === 'treble' && !trebled) {
        await ticks.planOf(isoOf(startedAtMs / 1000), endedAtMs, stop.signal);
        trebled = trebleMiddle(entryPoints, world);
        stopOn(trebled);
      }
      await until(endedAtMs);
      const { metricsUrl } = ticks;
      const metrics = metricsUrl === undefined ? '' : await (await request(metricsUrl)).body.text();
      const seen = { metrics, ...(await watch.interval(startedAtMs, endedAtMs)) };
      intervals.push(seen);
      await options.onInterval(position, phase, seen);
    }
  };
  try {
    await until(world.replay.beginsAtMs);
    const live = runLive(
      {
        ...{ ...planFlags, traces, runs, stack: stackName, configFile, demandQuantile: null },
        // Of the policy `horizon`, which this is not.
        ...{ horizon: 1, switchingGrams: 0, movingGrams: 0, minResidence: 1 },
        // One more: a run does not wait for the end of its last interval.
        ...{ intervals: phases.length + 1, metricsListen: { host: '127.0.0.1', port: 0 }, log: 'json' },
        mostFailures: 3,
      },
      ticks,
      (file, flags) => ({
        ...openLivePlanning(file, flags),
        signalSurroundings: {
          ...realSurroundings(folder),
          nowMs: () => world.traceTimeNow(),
          environment: credentials,
        },
      }),
    );
    stopOn(live);
    await Promise.all([live, lookOn()]);
    await options.afterwards(runs);
    stop.abort();
    return { runs, ticks: ticks.ticks, intervals, trebled: await trebled, log: (await load).log };
  } finally {
    stop.abort();
    await Promise.allSettled([load, watch.end()]);
    rmSync(folder, { recursive: true });
  }
}

/** Of the origins the one in the middle: the largest would be another load on the machine, the smallest none. */
function trebleMiddle(entryPoints: readonly LoadOrigin[], world: World): Promise<Trebled> {
  const rate = ({ name }: LoadOrigin): number => world.ratesAt(Date.now())[name] ?? 0;
  const middle = [...entryPoints].sort((one, other) => rate(one) - rate(other))[entryPoints.length >> 1];
  if (!middle) throw new Error('the stack has no entry point');
  return treble(middle, () => rate(middle));
}
