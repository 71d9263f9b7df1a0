import { BackOff } from '../../../driver/backOff';
import { tick } from '../../../live/tick';
import { LiveCourse } from '../../../live/liveCourse';
import type { TickRecord } from '../../../live/tickRecord';
import { writeStackPlan } from '../../../stack/stackFile';
import { cleanUp, hourMs, minuteMs } from '../signals/carbonServer';
import { liveStack, removeStacks, type LiveStack } from './liveStack';

afterEach(async () => {
  await cleanUp();
  removeStacks();
});

const once = { without: [], again: false };
const ticked = (stack: LiveStack) => tick(stack.planning, once, () => Promise.resolve(stack.reconciler));

/** Nothing is known of the carbon intensity of a region, and one origin sends three times as much. */
async function holeAndCrowd(): Promise<LiveStack> {
  const stack = await liveStack();
  delete stack.grams['PL'];
  stack.rates['dirty'] = 120;
  return stack;
}

test('a hole in carbon: servers follow demand by the weights in force, and the tick is held', async () => {
  const stack = await holeAndCrowd();
  const before = stack.plan();
  const { record, plan } = await ticked(stack);
  expect(record).toMatchObject({ outcome: 'held', heldBy: 'data', applied: { changes: 1 } });
  expect(record.reasons).toEqual([
    expect.stringMatching(/^carbon intensity of dirty: no value/),
    'servers follow demand, by the weights in force: clean 6 -> 10, middle 6 -> 11',
  ]);
  // 20 and half of 120 to the one, half of 120 and 30 to the other, and a fifth more.
  expect(stack.plan()).toEqual({
    ...before,
    regions: {
      ...before.regions,
      clean: { servers: 10, cpuMillicores: 101 },
      middle: { servers: 11, cpuMillicores: 111 },
    },
    requestsPerSecond: { clean: 24, dirty: 144, middle: 36 },
  });
  expect(JSON.parse(JSON.stringify(plan))).toMatchObject({ carbonSum: null, servers: { clean: 10 } });
  expect(record.plan).toEqual(stack.plan());
});

test('the interval has no plan of its own by that: the next tick plans it, once the data are there', async () => {
  const stack = await holeAndCrowd();
  await ticked(stack);
  stack.grams['PL'] = 800;
  stack.clock.later(10 * minuteMs);
  const { record } = await ticked(stack);
  expect(record).toMatchObject({ outcome: 'applied', interval: '2026-08-13T12:00:00Z' });
  expect(stack.plan().interval).toBe('2026-08-13T12:00:00Z');
});

test('demand that the servers carry, or that is not known, changes nothing; servers never get fewer', async () => {
  const stack = await holeAndCrowd();
  const before = stack.plan();
  stack.rates['dirty'] = 40;
  expect((await ticked(stack)).record.applied).toBeNull();
  stack.rates['dirty'] = 1;
  expect((await ticked(stack)).record.applied).toBeNull();
  delete stack.rates['dirty'];
  stack.rates['clean'] = 500;
  expect((await ticked(stack)).record).toMatchObject({ outcome: 'held', applied: null });
  expect(stack.plan()).toEqual(before);
});

test('shares that are no whole requests are carried too', async () => {
  const stack = await holeAndCrowd();
  stack.set(['casper:plan', 'weights', 'dirty'], { clean: 1, middle: 2 });
  stack.set(['casper:plan', 'weights', 'middle'], { clean: 2, middle: 5 });
  Object.assign(stack.rates, { clean: 50, dirty: 127, middle: 33 });
  const { record } = await ticked(stack);
  // 60, a third of 153 and two sevenths of 40 make 122.4.
  expect(record.plan?.regions['clean']?.servers).toBe(13);
  expect(record.outcome).toBe('held');
});

test('more than all servers carry: as many as there may be, and the plan names what it accepts', async () => {
  const stack = await holeAndCrowd();
  stack.rates['dirty'] = 5000;
  await ticked(stack);
  expect(stack.plan()).toMatchObject({
    regions: { clean: { servers: 100 }, middle: { servers: 100 }, dirty: { servers: 0 } },
    accepts: ['overCapacity'],
  });
});

test('a region in a cluster that does not answer keeps what it has', async () => {
  const stack = await holeAndCrowd();
  stack.asTheyAre = ['clean'];
  await ticked(stack);
  expect(stack.plan()).toMatchObject({ regions: { clean: { servers: 6 }, middle: { servers: 11 } } });
});

test('a dry run prints it and changes nothing', async () => {
  const stack = await holeAndCrowd();
  const before = stack.plan();
  const { record } = await tick(stack.planning, once);
  expect(record).toMatchObject({
    outcome: 'held',
    applied: null,
    plan: { regions: { clean: { servers: 10 } } },
  });
  expect(stack.plan()).toEqual(before);
});

test('a live run follows too, at most as often as demand may change a plan, and goes on trying', async () => {
  const stack = await holeAndCrowd();
  stack.set(['casper:live'], { mostChangesAnHour: 2 });
  const ticks: TickRecord[] = [];
  const watch = {
    outOfBand: [],
    changed: () => new Promise<null>(() => undefined),
    plannedFor: () => undefined,
  };
  const health = { lost: [], changed: () => new Promise<null>(() => undefined) };
  const { planning } = stack;
  const { nowMs, random } = stack.clock;
  const clocks = { backOff: new BackOff(nowMs, random), steadyMs: nowMs, mostFailures: 3 };
  const stopped = new AbortController().signal;
  const run = { planning, health, watch, intervals: Infinity, stopped, ...clocks };
  const course = new LiveCourse({ ...run, onTick: (tick) => void ticks.push(tick) }, () => undefined);
  const turn = async (index: number): Promise<void> => {
    if (!(await course.lookAround(index))) return;
    const change = course.at(index);
    if (!change) throw new Error('no change');
    writeStackPlan(stack.configFile, change.stackPlan);
    course.applied(index, change, await stack.reconciler.apply());
  };
  await turn(0);
  for (const rate of [240, 480]) {
    stack.rates['dirty'] = rate;
    stack.clock.later(minuteMs);
    await turn(0);
  }
  expect(ticks.map(({ outcome, applied }) => [outcome, applied?.changes ?? null])).toEqual([
    ['held', 1],
    ['held', 1],
    ['held', null],
  ]);
  expect(stack.plan().regions['clean']?.servers).toBe(17);
  stack.grams['PL'] = 800;
  stack.clock.later(minuteMs);
  await turn(0);
  expect(ticks.at(-1)).toMatchObject({ outcome: 'applied', why: 'tried again' });
  stack.clock.later(hourMs);
});
