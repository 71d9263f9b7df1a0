import { readFileSync, writeFileSync } from 'node:fs';
import { runCourse } from '../../../driver/runIntervals';
import { BackOff } from '../../../driver/backOff';
import type { Course } from '../../../driver/course';
import type { IntervalRecord } from '../../../driver/runObserver';
import type { OutOfBand } from '../../../live/demandWatch';
import { LiveCourse } from '../../../live/liveCourse';
import type { Throttled } from '../../../live/throttleWatch';
import type { TickRecord } from '../../../live/tickRecord';
import { writeStackPlan } from '../../../stack/stackFile';
import { cleanUp, hourMs, minuteMs } from '../signals/carbonServer';
import { liveStack, removeStacks, type LiveStack } from './liveStack';

afterEach(async () => {
  await cleanUp();
  removeStacks();
});

/** What is seen from outside, as a test says it. */
class Evidence {
  lost: string[] = [];
  outOfBand: OutOfBand[] = [];
  planned: Readonly<Record<string, number>> = {};
  private waiting = Promise.withResolvers<null>();
  changed = (): Promise<null> => this.waiting.promise;
  plannedFor = (planned: Readonly<Record<string, number>>): void => {
    this.planned = planned;
    this.outOfBand = [];
  };
  tell(): void {
    this.waiting.resolve(null);
    this.waiting = Promise.withResolvers();
  }
}

function courseOf(stack: LiveStack, intervals = Infinity) {
  const evidence = new Evidence();
  const notes: string[] = [];
  const ticks: TickRecord[] = [];
  const stop = new AbortController();
  const run = {
    ...{ planning: stack.planning, health: evidence, watch: evidence, intervals, stopped: stop.signal },
    onTick: (tick: TickRecord) => void ticks.push(tick),
    backOff: new BackOff(stack.clock.nowMs, stack.clock.random),
    ...{ steadyMs: stack.clock.nowMs, mostFailures: 3 },
  };
  const course = new LiveCourse(run, (note) => void notes.push(note));
  /** As the loop does it; whether a plan was applied. */
  const turn = async (index: number): Promise<boolean> => {
    if (!(await course.lookAround(index))) return false;
    for (;;) {
      const change = course.at(index);
      if (!change) return false;
      try {
        writeStackPlan(stack.configFile, change.stackPlan);
        course.applied(index, change, await stack.reconciler.apply());
        return true;
      } catch (error) {
        if ((await course.failed(index, error)) === 'later') return false;
      }
    }
  };
  return { course, evidence, notes, ticks, stop, turn, run };
}

const trebled = { origin: 'dirty', requestsPerSecond: 120, planned: 48 };

test('every interval of the clock is planned once, as it begins', async () => {
  const stack = await liveStack();
  const { turn, ticks, course } = courseOf(stack);
  expect([await turn(0), await turn(0)]).toEqual([true, false]);
  expect(course.spanOf().endedAtMs).toBe(Date.parse('2026-08-13T13:00:00Z'));
  stack.clock.later(hourMs);
  expect([await turn(1), await turn(1)]).toEqual([true, false]);
  expect(ticks.map(({ interval, why, outcome }) => [interval, why, outcome])).toEqual([
    ['2026-08-13T12:00:00Z', 'the run begins', 'applied'],
    ['2026-08-13T13:00:00Z', 'the interval begins', 'applied'],
  ]);
});

test('a region that is lost is left out at once, and comes back once an interval', async () => {
  const stack = await liveStack();
  const { turn, ticks, evidence } = courseOf(stack);
  await turn(0);
  for (const lost of [['clean'], [], ['clean'], []]) {
    evidence.lost = lost;
    await turn(0);
  }
  expect(ticks.slice(1).map(({ why }) => why)).toEqual([
    'left out, because lost: clean',
    'back: no region is left out',
    'left out, because lost: clean',
  ]);
  expect(stack.plan().without).toEqual(['clean']);
});

test('demand out of the band is planned for at once, by a window of its own; so many times an hour', async () => {
  const stack = await liveStack();
  stack.set(['casper:live'], { mostChangesAnHour: 1 });
  const { turn, ticks, evidence } = courseOf(stack);
  await turn(0);
  expect(evidence.planned).toEqual({ clean: 24, dirty: 48, middle: 36 });
  stack.rates['dirty'] = 120;
  evidence.outOfBand = [trebled];
  expect(await turn(0)).toBe(true);
  expect(stack.prometheus.asked.at(-1)?.get('query')).toContain('[10s]');
  expect(ticks.at(-1)).toMatchObject({
    why: 'dirty sends 120.0 requests/s, and 48 are planned',
    outcome: 'applied',
  });
  expect(stack.plan().regions['clean']?.servers).toBe(21);
  evidence.outOfBand = [trebled];
  expect(await turn(0)).toBe(false);
  stack.clock.later(hourMs + minuteMs);
  expect(await turn(1)).toBe(true);
  evidence.outOfBand = [trebled];
  expect(await turn(1)).toBe(true);
});

test('throttled pods are planned for at once, within what demand may ask for an hour', async () => {
  const stack = await liveStack();
  stack.set(['casper:live'], { mostChangesAnHour: 1 });
  const { turn, ticks, run } = courseOf(stack);
  const throttled = { region: 'clean', percent: 99.4 };
  const throttling = {
    throttled: [] as Throttled[],
    changed: () => new Promise(() => undefined),
    planInForce: () => void (throttling.throttled = []),
  };
  Object.assign(run, { throttling });
  await turn(0);
  throttling.throttled = [throttled];
  expect(await turn(0)).toBe(true);
  expect(ticks.at(-1)?.why).toBe("pods of clean were throttled in 99 % of the kernel's periods");
  expect(stack.prometheus.asked.at(-1)?.get('query')).toContain('[10s]');
  expect(throttling.throttled).toEqual([]);
  throttling.throttled = [throttled];
  expect(await turn(0)).toBe(false);
});

test('a tick that fails is told, counted and tried again after a pause that grows', async () => {
  const stack = await liveStack();
  const { turn, ticks, notes } = courseOf(stack);
  stack.fail = new Error('the API server is away');
  expect(await turn(0)).toBe(false);
  expect(notes).toEqual(['a tick failed, and is tried again in 4 s: the API server is away']);
  expect(await turn(0)).toBe(false);
  stack.clock.later(4000);
  stack.fail = new Error('still');
  expect(await turn(0)).toBe(false);
  stack.clock.later(4000);
  expect(await turn(0)).toBe(false);
  stack.clock.later(4000);
  expect(await turn(0)).toBe(true);
  expect(ticks.map(({ outcome, why }) => [outcome, why])).toEqual([
    ['failed', 'the run begins'],
    ['failed', 'tried again'],
    ['applied', 'tried again'],
  ]);
});

describe('a change that fails', () => {
  /** Begins with one interval's plan in force; the next interval's fails so often, each time once it was written. */
  async function failing(times: number) {
    const stack = await liveStack();
    const of = courseOf(stack);
    await of.turn(0);
    const verified = stack.plan();
    // All is in the clean region, which gets dirty: the next plan is another one.
    stack.grams['FR'] = 900;
    stack.clock.later(hourMs);
    for (let time = 1; time <= times; time++) {
      stack.fail = new Error(`no ${time}`);
      await of.turn(1);
      stack.clock.later(minuteMs);
    }
    return { stack, verified, ...of };
  }

  test('leaves the plan that verified last in the file: whoever plans next goes by what is in force', async () => {
    const { stack, verified, turn } = await failing(1);
    expect(stack.plan()).toEqual(verified);
    expect(stack.applied).toEqual([verified]);
    expect(await turn(1)).toBe(true);
    expect(stack.plan().interval).toBe('2026-08-13T13:00:00Z');
    expect(stack.plan().regions['clean']?.servers).toBe(0);
  });

  test('so often in a row gives way to that plan, which the record says; the next interval tries its own', async () => {
    const { stack, verified, turn, ticks, notes } = await failing(3);
    expect(stack.applied).toEqual([verified, verified]);
    expect(notes.at(-1)).toBe('3 changes failed in a row; the plan that verified last is put back');
    expect(ticks.map(({ outcome }) => outcome)).toEqual(['applied', 'failed', 'failed', 'failed', 'failed']);
    expect(ticks.at(-1)).toMatchObject({
      reasons: ['the plan that verified last was put back'],
      plan: verified,
      applied: { changes: 0 },
    });
    // Not before: the cluster is left alone until then.
    expect(await turn(1)).toBe(false);
    stack.clock.later(hourMs);
    expect(await turn(2)).toBe(true);
    expect(stack.plan().interval).toBe('2026-08-13T14:00:00Z');
  });

  test('for demand is not tried without end: what is put back counts as one of the hour’s changes', async () => {
    const { stack, turn, evidence } = await failing(3);
    stack.set(['casper:live'], { mostChangesAnHour: 1 });
    evidence.outOfBand = [trebled];
    expect(await turn(1)).toBe(false);
  });

  test('goes on being counted over intervals, until one succeeds', async () => {
    const { stack, verified, turn } = await failing(3);
    stack.clock.later(hourMs);
    stack.fail = new Error('no 4');
    expect(await turn(2)).toBe(true);
    expect(stack.applied).toEqual([verified, verified, verified]);
    stack.clock.later(hourMs);
    expect(await turn(3)).toBe(true);
    stack.clock.later(hourMs);
    stack.fail = new Error('no 5');
    expect(await turn(4)).toBe(false);
  });

  test('with what is put back is tried again after a pause', async () => {
    const { stack, verified, course, turn } = await failing(2);
    expect(await course.lookAround(1)).toBe(true);
    expect(await course.failed(1, new Error('no 3'))).toBe('again');
    expect(course.at(1)).toMatchObject({ standsIn: true, stackPlan: verified });
    expect(await course.failed(1, new Error('nor back'))).toBe('later');
    expect(stack.plan()).toEqual(verified);
    stack.clock.later(minuteMs);
    expect(await turn(1)).toBe(true);
    expect(stack.plan().interval).toBe('2026-08-13T13:00:00Z');
  });

  test('of the first interval gives way to what the file had; the report has that interval’s requests', async () => {
    const stack = await liveStack();
    const { course, turn } = courseOf(stack);
    const before = stack.plan();
    for (let time = 1; time < 3; time++) {
      stack.fail = new Error('no');
      await turn(0);
      stack.clock.later(minuteMs);
    }
    expect(await course.lookAround(0)).toBe(true);
    expect(await course.failed(0, new Error('no'))).toBe('again');
    const change = course.at(0);
    expect(change?.stackPlan).toEqual(before);
    expect(change?.plan).toMatchObject({
      ...{ interval: '2026-08-13T12:00:00Z', held: 'no', servers: { clean: 6, dirty: 0, middle: 6 } },
      requests: { clean: { clean: 24 }, dirty: { clean: 24, middle: 24 }, middle: { middle: 36 } },
    });
  });

  test('in a file that is being edited is told, and no end of the run', async () => {
    const { stack, course, turn, notes } = await failing(2);
    expect(await course.lookAround(1)).toBe(true);
    const text = readFileSync(stack.configFile, 'utf8');
    writeFileSync(stack.configFile, 'config: [');
    expect(await course.failed(1, new Error('no 3'))).toBe('later');
    expect(notes.at(-1)).toMatch(/^the plan that verified last could not be written back: .* is not YAML/);
    writeFileSync(stack.configFile, text);
    stack.clock.later(minuteMs);
    expect(await turn(1)).toBe(true);
  });

  test('where the file’s plan serves nobody is tried again: nothing is there to put back', async () => {
    const stack = await liveStack();
    const document = JSON.parse(readFileSync(stack.configFile, 'utf8')) as {
      config: Record<string, { weights: unknown }>;
    };
    Object.assign(document.config['casper:plan'] ?? {}, { weights: {} });
    writeFileSync(stack.configFile, JSON.stringify(document));
    const { turn, ticks } = courseOf(stack);
    for (let time = 0; time < 4; time++) {
      stack.fail = new Error('no');
      expect(await turn(0)).toBe(false);
      stack.clock.later(minuteMs);
    }
    expect(stack.plan().interval).toBe('2026-08-13T12:00:00Z');
    expect(ticks.map(({ outcome }) => outcome)).toEqual(Array(4).fill('failed'));
  });
});

test('changes for demand in the hour before the run are counted', async () => {
  const stack = await liveStack();
  stack.set(['casper:live'], { mostChangesAnHour: 1 });
  const { run, evidence } = courseOf(stack);
  const course = new LiveCourse(
    { ...run, demandChangesMs: [stack.clock.nowMs() - 30 * minuteMs] },
    () => undefined,
  );
  expect(await course.lookAround(0)).toBe(true);
  evidence.outOfBand = [trebled];
  expect(await course.lookAround(0)).toBe(false);
  stack.clock.later(20 * minuteMs);
  expect(await course.lookAround(0)).toBe(false);
  stack.clock.later(11 * minuteMs);
  expect(await course.lookAround(0)).toBe(true);
});

test('a plan that is held is told once, and made once the data are there', async () => {
  const stack = await liveStack();
  const dirty = stack.rates['dirty'] ?? 0;
  delete stack.rates['dirty'];
  const { turn, ticks, notes } = courseOf(stack);
  for (let time = 0; time < 3; time++) {
    expect(await turn(0)).toBe(false);
    stack.clock.later(minuteMs);
  }
  expect(notes).toHaveLength(1);
  expect(notes[0]).toContain('the plan in force stays: demand of dirty: Prometheus at');
  // Every interval that it lasts has a record of it.
  stack.clock.later(hourMs);
  expect(await turn(1)).toBe(false);
  expect(notes).toHaveLength(1);
  stack.rates['dirty'] = dirty;
  stack.clock.later(minuteMs);
  expect(await turn(1)).toBe(true);
  expect(ticks.map(({ outcome, heldBy, interval }) => [outcome, heldBy, interval.slice(11, 16)])).toEqual([
    ['held', 'data', '12:00'],
    ['held', 'data', '13:00'],
    ['applied', null, '13:00'],
  ]);
});

test('a stack file that is being edited is a failed tick, and no end of the run', async () => {
  const stack = await liveStack();
  const { turn, notes } = courseOf(stack);
  await turn(0);
  const text = readFileSync(stack.configFile, 'utf8');
  writeFileSync(stack.configFile, 'config: [');
  stack.clock.later(hourMs);
  expect(await turn(1)).toBe(false);
  expect(notes.at(-1)).toContain('is not YAML');
  writeFileSync(stack.configFile, text);
  stack.clock.later(minuteMs);
  expect(await turn(1)).toBe(true);
});

describe('the loop', () => {
  const step = <T>(_: string, work: () => Promise<T>): Promise<T> => work();

  test('goes by the wall clock, goes on after a failure, and changes at once what evidence asks for', async () => {
    const stack = await liveStack(null, true);
    stack.set(['casper:live'], { intervalSeconds: 2 });
    const { run, evidence, ticks } = courseOf(stack, 4);
    const records: IntervalRecord[] = [];
    let began = 0;
    stack.fail = new Error('once');
    await runCourse(
      (tell): Course => new LiveCourse(run, tell),
      stack.reconciler,
      [
        {
          onBegin: () => void (began += 1),
          onRecord: (record) => {
            records.push(record);
            if (records.length !== 2) return;
            evidence.outOfBand = [trebled];
            stack.rates['dirty'] = 120;
            evidence.tell();
          },
        },
      ],
      false,
      step,
    );
    expect(began).toBe(1);
    expect(ticks[0]).toMatchObject({ outcome: 'failed', reasons: ['once'] });
    expect(ticks.map(({ why }) => why)).toContain('dirty sends 120.0 requests/s, and 48 are planned');
    expect(records.length).toBeGreaterThanOrEqual(3);
    for (const { startedAtMs, endedAtMs, values } of records) {
      expect([startedAtMs % 2000, endedAtMs - startedAtMs]).toEqual([0, 2000]);
      expect(values).toHaveProperty('carbon.clean.gramsPerKwh', 50);
    }
  });

  test('ends when it is told to', async () => {
    const stack = await liveStack(null, true);
    const { run, stop } = courseOf(stack);
    const records: IntervalRecord[] = [];
    const observer = {
      onRecord: (record: IntervalRecord) => {
        records.push(record);
        setTimeout(() => {
          stop.abort();
        }, 50);
      },
    };
    await runCourse((tell): Course => new LiveCourse(run, tell), stack.reconciler, [observer], false, step);
    expect(records).toHaveLength(1);
  });
});
