import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BackOff } from '../../../driver/backOff';
import type { Applied, Reconciler } from '../../../driver/reconcile';
import { runIntervals, tooShort, type RunOptions } from '../../../driver/runIntervals';
import type { IntervalRecord, RunObserver } from '../../../driver/runObserver';
import { heldPlan } from '../../../planning/heldPlan';
import type { IntervalPlan } from '../../../planning/intervalPlan';
import type { Untouched } from '../../../planning/leftOut';
import { StackConfigError, type StackPlan } from '../../../stack/stackConfig';
import { readStackFile } from '../../../stack/stackFile';

const folder = mkdtempSync(path.join(tmpdir(), 'casper-run-'));
const configFile = path.join(folder, 'Pulumi.test.yaml');
beforeEach(() => {
  copyFileSync(path.join(__dirname, '../../../Pulumi.dev.yaml'), configFile);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const { regions } = readStackFile(path.join(__dirname, '../../../Pulumi.dev.yaml'));
const names = regions.map(({ name }) => name);

/** Everything goes to the first region, which has some servers; the objective and solver do not matter here. */
function planOf(hour: number, servers: number): IntervalPlan {
  const [home = ''] = names;
  const only = (value: number): Record<string, number> =>
    Object.fromEntries(names.map((name) => [name, name === home ? value : 0]));
  return {
    interval: `2026-01-05T0${hour}:00:00Z`,
    ...{ policy: 'carbon', maxLatencyMs: null, synthetic: true, regions: names },
    servers: only(servers),
    cpuMillicores: only(10 * servers + 1),
    requests: Object.fromEntries(names.map((name) => [name, { [home]: servers }])),
    weights: Object.fromEntries(names.map((name) => [name, { [home]: 1 }])),
    ...{
      ...{ heldReady: 'none', standbyMillicores: {}, backup: {} },
      objective: 0,
      carbonSum: 0,
      accounting: 'gCO2e',
      meanLatencyMs: null,
    },
    solver: { name: 'none', status: 'by hand' },
  };
}

const nothing: Applied = {
  update: { changes: [], seconds: 0, notes: [] },
  ...{ verification: [], rows: [], silent: [], prometheusFault: null },
};

/** Notes down, with the servers that the stack file then has, what is done; fails at the second change where asked to. */
function recorded(failing = false) {
  const done: string[] = [];
  const servers = (): number => readStackFile(configFile).plan.regions[names[0] ?? '']?.servers ?? NaN;
  let applied = 0;
  const reconciler: Reconciler = {
    configFile,
    preview: () => {
      done.push(`preview ${servers()}`);
      return Promise.resolve({ changes: [], seconds: 0, notes: [] });
    },
    apply: () => {
      done.push(`apply ${servers()}`);
      return ++applied === 2 && failing ? Promise.reject(new Error('no')) : Promise.resolve(nothing);
    },
  };
  const observer: RunObserver = {
    onBegin: () => void done.push('begin'),
    onApplied: ({ plan }) => void done.push(`applied ${plan.interval.slice(11, 13)}`),
    onRecord: ({ plan }) => void done.push(`record ${plan.interval.slice(11, 13)}`),
    onEnd: (failed) => void done.push(failed ? 'failed' : 'end'),
  };
  return { done, reconciler, observer };
}

const step = <T>(_: string, work: () => Promise<T>): Promise<T> => work();
const plans = [planOf(0, 5), planOf(1, 9), planOf(2, 3)];
const options: RunOptions = { secondsPerInterval: 0, previewed: true, preScaled: false };

test('a change is previewed while the plan before it serves, applied, recorded', async () => {
  const { done, reconciler, observer } = recorded();
  await runIntervals(plans, reconciler, [observer], options, step);
  expect(done).toEqual([
    ...['preview 5', 'apply 5', 'begin', 'applied 00', 'record 00'],
    ...['preview 9', 'apply 9', 'applied 01', 'record 01'],
    ...['preview 3', 'apply 3', 'applied 02', 'record 02', 'end'],
  ]);
});

test('the servers of the next interval come with the change before it', async () => {
  const { done, reconciler, observer } = recorded();
  await runIntervals(plans, reconciler, [observer], { ...options, previewed: false, preScaled: true }, step);
  expect(done.filter((what) => what.startsWith('apply '))).toEqual(['apply 9', 'apply 9', 'apply 3']);
});

describe('a region that is lost', () => {
  const [first = '', second = '', third = ''] = names;
  /** Tells of a loss once the first plan is applied, and of what comes after when asked. */
  const script = (lost: string[][]) => {
    let position = 0;
    return {
      get lost() {
        return lost[position] ?? [];
      },
      changed: () => {
        if (position >= lost.length - 1) return new Promise<null>(() => undefined);
        position += 1;
        return Promise.resolve(null);
      },
    };
  };
  const toSecond = (plan: IntervalPlan): IntervalPlan => ({
    ...plan,
    without: [first],
    servers: { [second]: 5 },
    cpuMillicores: { [second]: 51 },
    requests: {},
    weights: Object.fromEntries(names.map((name) => [name, { [second]: 1 }])),
  });
  const planAround = ({ without: lost }: Untouched) =>
    lost.length === names.length
      ? Promise.reject(new Error('nobody is left'))
      : Promise.resolve(lost.length > 0 ? plans.map(toSecond) : plans);
  const run = async (lost: string[][], failing = false) => {
    const { done, reconciler, observer } = recorded(failing);
    const notes: string[] = [];
    const records: IntervalRecord[] = [];
    const watching: RunObserver = {
      ...observer,
      onNote: (note) => void notes.push(note),
      onRecord: (record) => void records.push(record),
      measure: () => Promise.resolve({ observed: [], steady: [], busiest: null }),
    };
    const losses = { health: script(lost), asTheyAre: () => Promise.resolve([]), planAround };
    const settings = { secondsPerInterval: 0.2, previewed: false, preScaled: false, losses };
    await runIntervals(plans.slice(0, 1), reconciler, [watching], settings, step);
    return { applied: done.filter((what) => what.startsWith('apply ')), notes, records };
  };

  test('is left out within the interval: what it has stays, and the record says so', async () => {
    const { applied, records } = await run([[], [first]]);
    expect(applied).toEqual(['apply 5', 'apply 5']);
    expect(readStackFile(configFile).plan).toMatchObject({
      without: [first],
      regions: { [first]: { servers: 5, cpuMillicores: 51 }, [second]: { servers: 5, cpuMillicores: 51 } },
    });
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({
      plan: { without: [first] },
      update: { notes: [`left out, because lost: ${first}`] },
    });
  });

  test('comes back once in an interval, and no more', async () => {
    const { applied, records } = await run([[], [first], [], [first], []]);
    expect(applied).toHaveLength(4);
    expect(records[0]?.plan.without).toEqual([first]);
  });

  test('with every other one: the weights stay, and that is said once, however often it is looked again', async () => {
    const { applied, notes } = await run([[], names, names, names]);
    expect(applied).toEqual(['apply 5']);
    expect(notes).toEqual([expect.stringMatching(/^no plan without .* the weights stay: nobody is left$/)]);
  });

  test('during a change, which fails for that: the change goes on without it', async () => {
    const { done, reconciler, observer } = recorded(true);
    const notes: string[] = [];
    const losses = { health: script([[], [first]]), asTheyAre: () => Promise.resolve([]), planAround };
    const settings = { secondsPerInterval: 0, previewed: false, preScaled: false, losses };
    const watching = { ...observer, onNote: (note: string) => void notes.push(note) };
    await runIntervals(plans.slice(0, 2), reconciler, [watching], settings, step);
    // The second change fails; the region still has what the plan before it gave, and what failed to come.
    expect(done.filter((what) => /^(apply|applied|failed|end)/.test(what))).toEqual([
      ...['apply 5', 'applied 00', 'apply 9', 'apply 9', 'applied 01', 'end'],
    ]);
    expect(notes).toEqual([expect.stringContaining('planned anew: no')]);
  });

  test('in a cluster that does not answer it keeps what it has, and comes to the plan when it answers', async () => {
    const { done, reconciler, observer } = recorded(false);
    const notes: string[] = [];
    const silent = [[], [first], []];
    const around: Untouched[] = [];
    const losses = {
      health: script([[]]),
      asTheyAre: () => Promise.resolve(silent.shift() ?? []),
      planAround: (untouched: Untouched) => {
        around.push(untouched);
        const fewer = plans.map((plan, index) => (index === 1 ? planOf(1, 4) : plan));
        return Promise.resolve(untouched.asTheyAre.length > 0 ? fewer : plans);
      },
    };
    const given: unknown[] = [];
    const watching = {
      ...observer,
      onNote: (note: string) => void notes.push(note),
      onApplied: ({ stackPlan }: { stackPlan: StackPlan }) => void given.push(stackPlan.regions[first]),
    };
    const settings = { secondsPerInterval: 0, previewed: true, preScaled: false, losses };
    await runIntervals([...plans.slice(0, 2), ...plans.slice(1, 2)], reconciler, [watching], settings, step);
    expect(done.filter((what) => what.startsWith('apply'))).toHaveLength(3);
    expect(around).toEqual([
      { without: [], asTheyAre: [first] },
      { without: [], asTheyAre: [] },
    ]);
    expect(given[1]).toEqual(given[0]);
    expect(given[2]).not.toEqual(given[0]);
    expect(notes).toEqual([
      `planned with ${first} as they are (their cluster does not answer, or what they stand on is lost)`,
      'planned with all regions',
    ]);
  });

  test('what may be lost with it is asked for then, and stays as it is', async () => {
    const { reconciler, observer } = recorded(false);
    const around: Untouched[] = [];
    const losses = {
      health: script([[], [first]]),
      asTheyAre: (lost: readonly string[]) => Promise.resolve(lost.length > 0 ? [third] : []),
      planAround: (untouched: Untouched) => {
        around.push(untouched);
        return planAround(untouched);
      },
    };
    const settings = { secondsPerInterval: 0.2, previewed: false, preScaled: false, losses };
    await runIntervals(plans.slice(0, 2), reconciler, [observer], settings, step);
    expect(around).toEqual([{ without: [first], asTheyAre: [third] }]);
  });

  test('and a plan without it that fails is told; the run goes on', async () => {
    const { notes, records } = await run([[], [first]], true);
    expect(notes).toEqual([expect.stringContaining('the next interval tries again: no')]);
    expect(records).toHaveLength(1);
  });
});

test('what is measured at an interval’s end is in its record, and the last interval is waited out too', async () => {
  const { reconciler } = recorded();
  const lengths: number[] = [];
  const served = { observed: [], steady: [], busiest: null };
  await runIntervals(
    plans.slice(0, 2),
    reconciler,
    [
      {
        measure: ({ endedAtMs }) => {
          expect(Date.now()).toBeGreaterThanOrEqual(endedAtMs - 2);
          return Promise.resolve(served);
        },
        onRecord: (record) => {
          expect(record.served).toBe(served);
          lengths.push(record.endedAtMs - record.startedAtMs);
        },
      },
    ],
    { ...options, secondsPerInterval: 0.2 },
    step,
  );
  expect(lengths).toEqual([200, 200]);
});

test('a failure ends the run: observers are told, whatever they do, and the error comes through', async () => {
  const { done, reconciler, observer } = recorded(true);
  const stubborn: RunObserver = { onEnd: () => Promise.reject(new Error('neither')) };
  await expect(
    runIntervals(plans, reconciler, [stubborn, observer], { ...options, previewed: false }, step),
  ).rejects.toThrow('no');
  expect(done).toEqual(['apply 5', 'begin', 'applied 00', 'record 00', 'apply 9', 'failed']);
});

describe('a change that fails, where the run goes on', () => {
  /** Fails at some of the changes, by their count from 1; pauses are as short as they can be. */
  const run = async (
    failing: readonly number[],
    settings: Partial<RunOptions> = {},
    of: readonly IntervalPlan[] = plans,
    error: Error = new Error('no'),
  ) => {
    const { done, reconciler, observer } = recorded();
    let count = 0;
    const stubborn: Reconciler = {
      ...reconciler,
      apply: async () => {
        const applied = await reconciler.apply();
        count += 1;
        if (failing.includes(count)) throw error;
        return applied;
      },
    };
    const notes: string[] = [];
    const records: IntervalRecord[] = [];
    const watching: RunObserver = {
      ...observer,
      onNote: (note) => void notes.push(note),
      onRecord: (record) => void records.push(record),
    };
    const failures = { most: 3, backOff: new BackOff(undefined, () => 0, 2) };
    const ended = runIntervals(
      of,
      stubborn,
      [watching],
      { ...options, previewed: false, failures, ...settings },
      step,
    );
    const thrown: unknown = await ended.then(
      () => null,
      (reason: unknown) => reason,
    );
    const applied = done.filter((what) => what.startsWith('apply ')).map((what) => Number(what.slice(6)));
    return { applied, notes, records, thrown, done };
  };
  const outcomes = (records: readonly IntervalRecord[]): string[] => records.map(({ outcome }) => outcome);

  test('is tried again, and the record says what it failed of', async () => {
    const { applied, notes, records } = await run([2, 3]);
    expect(applied).toEqual([5, 9, 9, 9, 3]);
    expect(outcomes(records)).toEqual(['applied', 'applied', 'applied']);
    expect(records.map(({ failures }) => failures)).toEqual([[], ['no', 'no'], []]);
    expect(notes[0]).toMatch(
      /^2026-01-05T01:00:00Z: the change failed, 1 in a row; it is tried again in 0 s: no$/,
    );
  });

  test('so often in a row gives way to the plan that verified last, and the next interval tries its own', async () => {
    const { applied, notes, records, thrown } = await run([2, 3, 4]);
    expect(thrown).toBeNull();
    expect(applied).toEqual([5, 9, 9, 9, 5, 3]);
    expect(outcomes(records)).toEqual(['applied', 'failed', 'applied']);
    // The interval's requests, by the weights that were put back.
    const [home = ''] = names;
    expect(records[1]?.plan).toMatchObject({
      interval: plans[1]?.interval,
      servers: { [home]: 5 },
      requests: { [home]: { [home]: 9 } },
      held: 'no',
    });
    expect(notes[2]).toContain('3 in a row; the plan that verified last is put back');
  });

  test('goes on being counted over intervals: one try each, until one succeeds', async () => {
    const four = [...plans, planOf(3, 7)];
    const { applied, records } = await run([2, 3, 4, 6], {}, four);
    expect(applied).toEqual([5, 9, 9, 9, 5, 3, 5, 7]);
    expect(outcomes(records)).toEqual(['applied', 'failed', 'failed', 'applied']);
  });

  test('and cannot be put back: that is tried as often, and the next interval tries its own', async () => {
    const { applied, records } = await run([2, 3, 4, 5, 6, 7]);
    expect(applied).toEqual([5, 9, 9, 9, 5, 5, 5, 3]);
    expect(outcomes(records)).toEqual(['applied', 'failed', 'applied']);
  });

  test('of the first plan ends the run after so many: nothing is there to put back', async () => {
    const { applied, thrown, done } = await run([1, 2, 3]);
    expect(applied).toEqual([5, 5, 5]);
    expect(thrown).toEqual(new Error('no'));
    expect(done.at(-1)).toBe('failed');
  });

  test('of the first plan by its file ends the run at once: nobody edits that', async () => {
    const { applied, thrown } = await run([1], {}, plans, new StackConfigError('wrong'));
    expect([applied, thrown]).toEqual([[5], new StackConfigError('wrong')]);
  });

  test('within an interval that lasts is tried again as long as that does', async () => {
    const failures = { most: 100, backOff: new BackOff(undefined, () => 0, 20) };
    const { applied, records } = await run([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13], {
      secondsPerInterval: 0.25,
      failures,
    });
    // Pauses of 10, 20, 40 and 80 ms and more: the second interval has time for some, and no more.
    expect(applied.filter((servers) => servers === 9).length).toBeGreaterThanOrEqual(2);
    expect(applied.filter((servers) => servers === 9).length).toBeLessThanOrEqual(6);
    expect(outcomes(records).slice(0, 2)).toEqual(['applied', 'failed']);
    expect(records[1]?.failures.length).toBeGreaterThanOrEqual(2);
    expect(records[1]?.plan.interval).toBe(plans[1]?.interval);
  });

  test('in the last interval is tried again too', async () => {
    const { applied, records } = await run([3], { secondsPerInterval: 0.2 });
    expect(applied).toEqual([5, 9, 3, 3]);
    expect(outcomes(records)).toEqual(['applied', 'applied', 'applied']);
  });

  test('a preview that fails is told, and the change is tried all the same', async () => {
    const { reconciler } = recorded();
    const notes: string[] = [];
    const blind = { ...reconciler, preview: () => Promise.reject(new Error('no preview')) };
    const failures = { most: 3, backOff: new BackOff() };
    const records: IntervalRecord[] = [];
    await runIntervals(
      plans,
      blind,
      [{ onNote: (note) => notes.push(note), onRecord: (record) => records.push(record) }],
      { ...options, failures },
      step,
    );
    expect(outcomes(records)).toEqual(['applied', 'applied', 'applied']);
    expect(notes).toEqual(Array(3).fill('the preview failed; the change is tried all the same: no preview'));
  });

  test('an hour that nothing could be planned for has the plan before it, which is said and recorded', async () => {
    const [first, , third] = plans;
    if (!first || !third) throw new Error('there are three plans');
    const hole = heldPlan(first, { interval: '2026-01-05T01:00:00Z', requestsPerSecond: null }, 'a hole');
    const { applied, records, notes } = await run([], {}, [first, hole, third]);
    expect(applied).toEqual([5, 5, 3]);
    expect(outcomes(records)).toEqual(['applied', 'held', 'applied']);
    expect(notes).toEqual(['2026-01-05T01:00:00Z: the plan in force stays: a hole']);
  });
});

describe('a run that is stopped', () => {
  test('while an interval lasts: it is measured up to then, and what stopped it comes through', async () => {
    const { reconciler, done, observer } = recorded();
    const stop = new AbortController();
    const records: IntervalRecord[] = [];
    const ended = runIntervals(
      plans,
      reconciler,
      [
        {
          ...observer,
          measure: () => Promise.resolve({ observed: [], steady: [], busiest: null }),
          onRecord: (record) => void records.push(record),
          onBegin: () => {
            setTimeout(() => {
              stop.abort(new Error('enough'));
            }, 100);
          },
        },
      ],
      // Longer than a timer can wait, in which it would fire at once.
      { ...options, previewed: false, secondsPerInterval: 3_000_000, stopped: stop.signal },
      step,
    );
    await expect(ended).rejects.toThrow('enough');
    expect(done.filter((what) => what.startsWith('apply '))).toEqual(['apply 5']);
    expect(done.at(-1)).toBe('failed');
    expect(records).toHaveLength(1);
    const [{ startedAtMs, endedAtMs } = { startedAtMs: NaN, endedAtMs: NaN }] = records;
    expect(endedAtMs - startedAtMs).toBeGreaterThanOrEqual(99);
    expect(endedAtMs - startedAtMs).toBeLessThan(60_000);
  });

  test('while a change is under way, which is cancelled: it is not tried again', async () => {
    const { reconciler } = recorded();
    const stop = new AbortController();
    let tries = 0;
    const cancelled: Reconciler = {
      ...reconciler,
      apply: () => {
        tries += 1;
        stop.abort(new Error('enough'));
        return Promise.reject(new Error('cancelled'));
      },
    };
    const failures = { most: 3, backOff: new BackOff() };
    const settings = { ...options, previewed: false, failures, stopped: stop.signal };
    await expect(runIntervals(plans, cancelled, [], settings, step)).rejects.toThrow('enough');
    expect(tries).toBe(1);
  });
});

test('a time of day that somebody sets makes no interval longer or shorter', async () => {
  const { reconciler } = recorded();
  const real = Date.now.bind(Date);
  let setMs = 0;
  const clock = jest.spyOn(Date, 'now').mockImplementation(() => real() + setMs);
  const spans: number[][] = [];
  const hourMs = 3600_000;
  const begun = performance.now();
  try {
    await runIntervals(
      plans,
      reconciler,
      [
        {
          onBegin: () => {
            setMs = hourMs;
          },
          measure: () => Promise.resolve({ observed: [], steady: [], busiest: null }),
          onRecord: ({ startedAtMs, endedAtMs }) => {
            spans.push([startedAtMs, endedAtMs]);
            setMs = -hourMs;
          },
        },
      ],
      { ...options, previewed: false, secondsPerInterval: 0.2 },
      step,
    );
  } finally {
    clock.mockRestore();
  }
  const [first = NaN] = spans[0] ?? [];
  expect(spans.map((span) => span.map((ms) => ms - first))).toEqual([
    [0, 200],
    [200, 400],
    [400, 600],
  ]);
  expect(performance.now() - begun).toBeGreaterThanOrEqual(598);
  expect(performance.now() - begun).toBeLessThan(25_000);
});

describe('an interval that is too short for its change', () => {
  const ahead = { plan: '2026-01-05T01:00:00Z', beginsInMs: 5_000, endsInMs: 35_000 };

  test('is said to be before it begins', () => {
    expect(tooShort({ ...ahead, changeMs: 34_000 })).toBe(
      'the last change took 34.0 s, and the next interval, 2026-01-05T01:00:00Z, ends in 35.0 s: its plan would come into ' +
        'force only after it; give at least --seconds-per-interval 68',
    );
    expect(tooShort({ ...ahead, changeMs: 29_000 })).toBeNull();
  });

  test('also where the interval before it has taken of its time', () => {
    expect(tooShort({ ...ahead, beginsInMs: 0, endsInMs: 10_000, changeMs: 12_000 })).toContain(
      'ends in 10.0 s',
    );
  });

  test('while the run goes on', async () => {
    const { reconciler } = recorded();
    const slow: Reconciler = {
      ...reconciler,
      apply: async () => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        return nothing;
      },
    };
    const notes: string[] = [];
    const observer: RunObserver = { onNote: (note) => notes.push(note) };
    await runIntervals(plans, slow, [observer], { ...options, secondsPerInterval: 0.01 }, step);
    expect(notes.map((note) => /2026-01-05T\d\d/.exec(note)?.[0])).toEqual([
      '2026-01-05T01',
      '2026-01-05T02',
    ]);
  });
});
