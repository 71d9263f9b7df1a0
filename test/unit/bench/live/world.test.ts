import { BackOff } from '../../../../driver/backOff';
import { CarbonReplay } from '../../../../bench/live/carbonReplay';
import { findingOf, isSeen, movesTowards } from '../../../../bench/live/faultFindings';
import { liveBy } from '../../../../bench/live/liveStack';
import { spanOf } from '../../../../bench/live/replay';
import { phasesOf } from '../../../../bench/live/scenario';
import { World } from '../../../../bench/live/world';
import { runCourse } from '../../../../driver/runIntervals';
import { LiveCourse } from '../../../../live/liveCourse';
import { intervalAt } from '../../../../live/liveInterval';
import type { TickRecord } from '../../../../live/tickRecord';
import { LiveMetrics } from '../../../../metrics/liveMetrics';
import { isoOf } from '../../../../traces/time';
import { Trace } from '../../../../traces/trace';
import { liveStack, regions, removeStacks } from '../../live/liveStack';
import { cleanUp } from '../../signals/carbonServer';

afterEach(async () => {
  await cleanUp();
  removeStacks();
});

const firstHour = Date.parse('2022-08-13T00:00:00Z') / 1000;
const hours = Array.from({ length: 9 }, (_, hour) => firstHour + 3600 * hour);
const trace = new Trace({
  ...{ directory: 'none', synthetic: true, regions, droppedRegions: [], latencyMs: [] },
  requestsPerSecond: new Map(hours.map((hour) => [hour, [20, 40, 30]])),
  // The region that serves most as the data go bad stays the cleanest: what is planned would go there.
  carbonGramsPerKwh: new Map(hours.map((hour, index) => [hour, [50 + index, 800, 300 - 10 * index]])),
});
const intervalSeconds = 2;

test('a live run whose source fails one way after the other: the chain, the records and the metrics', async () => {
  const stack = await liveStack(null, true);
  const phases = phasesOf('faults', 1, 1);
  const pace = { loadShare: 1, intervalSeconds };
  const { endedAtMs: beginsAtMs } = intervalAt(Date.now(), intervalSeconds);
  const world = new World(trace, isoOf(firstHour), phases, pace, beginsAtMs, stack.plan);
  const source = await CarbonReplay.listen(() => world.sourceNow());
  liveBy(stack.configFile, source.url, intervalSeconds);
  const metrics = new LiveMetrics('test');
  const ticks: TickRecord[] = [];
  const texts = new Map<string, string>();
  const sources = { ...stack.clock, nowMs: () => world.traceTimeNow() };
  await new Promise((begun) => setTimeout(begun, beginsAtMs - Date.now()));
  const run = {
    planning: { ...stack.planning, signalSurroundings: sources },
    ...{
      health: { lost: [], changed: never },
      watch: { outOfBand: [], changed: never, plannedFor: () => undefined },
    },
    ...{ intervals: phases.length, stopped: new AbortController().signal },
    ...{ backOff: new BackOff(), steadyMs: () => performance.now(), mostFailures: 3 },
    onTick: (tick: TickRecord) => {
      ticks.push(tick);
      metrics.onTick(tick);
      texts.set(tick.interval, metrics.set.text());
    },
  };
  const step = <T>(_: string, work: () => Promise<T>): Promise<T> => work();
  await runCourse((tell) => new LiveCourse(run, tell), stack.reconciler, [], false, step);
  await source.close();

  const { region, before } = world.faulty ?? { region: '', before: stack.plan() };
  expect(region).toBe('clean');
  const findings = phases.flatMap((phase, position) => {
    if (phase.kind !== 'faults') return [];
    const start = isoOf(spanOf(world.replay, position).startedAtMs / 1000);
    const own = ticks.filter(({ interval }) => interval === start);
    return [findingOf(phase.answer, region, own, texts.get(start) ?? '')];
  });
  expect(findings.map(({ answer, from, outcome }) => [answer, from, outcome])).toEqual([
    ['null', 'lastKnown', 'applied'],
    ['zero', 'lastKnown', 'applied'],
    ['rateLimited', 'missing', 'held'],
    ['nothing', 'missing', 'held'],
    ['nothing', 'missing', 'held'],
    ['value', 'source', 'applied'],
  ]);
  expect(findings.filter(isSeen)).toHaveLength(6);
  expect(movesTowards(region, before, ticks.slice(1), 10)).toEqual([]);
});

const never = (): Promise<never> => new Promise(() => undefined);
