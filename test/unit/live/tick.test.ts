import { readFileSync } from 'node:fs';
import { tick, type Tick, type TickOptions } from '../../../live/tick';
import type { StackConfig } from '../../../stack/stackConfig';
import { closedPort } from '../loopbackServer';
import { cleanUp, hour, hourMs, json, latestOf, minuteMs } from '../signals/carbonServer';
import { liveStack, removeStacks, type LiveStack } from './liveStack';

afterEach(async () => {
  await cleanUp();
  removeStacks();
});

const once: TickOptions = { without: [], again: false };

function ticked(stack: LiveStack, options: TickOptions = once): Promise<Tick> {
  return tick(stack.planning, options, () => Promise.resolve(stack.reconciler));
}

test('plans the interval under way from signals and demand, applies it, and says what each value came from', async () => {
  const stack = await liveStack();
  const { record } = await ticked(stack);
  expect(record).toMatchObject({
    ...{ interval: '2026-08-13T12:00:00Z', outcome: 'applied', reasons: [], guarded: [] },
    ...{ intervalSeconds: 3600, heldBy: null, planSeconds: expect.any(Number) as number },
    values: {
      carbon: { clean: { gramsPerKwh: 50, from: 'source', source: 'maps', zone: 'FR', ageSeconds: 0 } },
      demand: { dirty: { requestsPerSecond: 40, from: 'measured', ageSeconds: 0 } },
      faults: [],
    },
  });
  // 90 requests/s and a fifth more, all in the cleanest region.
  expect(stack.plan()).toMatchObject({
    interval: '2026-08-13T12:00:00Z',
    regions: { clean: { servers: 11 }, dirty: { servers: 0 }, middle: { servers: 0 } },
    weights: { clean: { clean: 1 }, dirty: { clean: 1 }, middle: { clean: 1 } },
  });
});

test('twice in one interval: the second asks nobody and changes nothing; the next interval is planned', async () => {
  const stack = await liveStack();
  await ticked(stack);
  const asked = stack.carbon.asked.length + stack.prometheus.asked.length;
  stack.rates['dirty'] = 400;
  stack.clock.later(10 * minuteMs);
  const { record } = await ticked(stack);
  expect(record).toMatchObject({
    outcome: 'unchanged',
    why: 'the interval has its plan; it is applied as it is',
    applied: { changes: 0 },
  });
  expect(stack.carbon.asked.length + stack.prometheus.asked.length).toBe(asked);
  expect((await ticked(stack, { ...once, again: true })).record.outcome).toBe('applied');
  stack.clock.later(hourMs);
  expect((await ticked(stack)).record).toMatchObject({
    outcome: 'applied',
    interval: '2026-08-13T13:00:00Z',
  });
});

test('intervals that have become longer: a plan that began within this one is no sign of a wrong clock', async () => {
  const stack = await liveStack();
  stack.set(['casper:live', 'intervalSeconds'], 600);
  expect((await ticked(stack)).record.interval).toBe('2026-08-13T12:20:00Z');
  stack.set(['casper:live', 'intervalSeconds'], 3600);
  stack.clock.later(minuteMs);
  expect((await ticked(stack)).record).toMatchObject({
    outcome: 'applied',
    interval: '2026-08-13T12:00:00Z',
  });
});

test('signals are read by a clock of their own where there is one', async () => {
  const stack = await liveStack();
  const sources = { ...stack.clock, nowMs: () => stack.clock.nowMs() - 2 * hourMs };
  stack.carbon.answer = (url, _, response) => {
    response.setHeader('date', new Date(sources.nowMs()).toUTCString());
    json(response, latestOf(url.searchParams.get('zone') ?? '', 300, hour(0, sources.nowMs())));
  };
  const planning = { ...stack.planning, signalSurroundings: sources };
  const { record } = await tick(planning, once, () => Promise.resolve(stack.reconciler));
  expect(record).toMatchObject({
    interval: '2026-08-13T12:00:00Z',
    values: { carbon: { clean: { from: 'source', start: '2026-08-13T10:00:00Z' } } },
  });
});

test('a tick that was killed, or that failed, after it had written its plan: the next one reaches it', async () => {
  const stack = await liveStack();
  stack.fail = new Error('killed');
  await expect(ticked(stack)).rejects.toThrow('killed');
  expect(stack.applied).toEqual([]);
  expect((await ticked(stack)).record.outcome).toBe('applied');
  expect(stack.applied).toEqual([stack.plan()]);
});

test('a dry run makes the plan and changes nothing', async () => {
  const stack = await liveStack();
  const before = readFileSync(stack.configFile, 'utf8');
  const { record, plan } = await tick(stack.planning, once);
  expect(record.outcome).toBe('planned');
  expect(plan?.servers['clean']).toBe(11);
  expect(readFileSync(stack.configFile, 'utf8')).toBe(before);
});

test('no Prometheus: the plan in force stays, with the reason for each origin', async () => {
  const stack = await liveStack();
  stack.set(['casper:demand', 'url'], await closedPort());
  const before = stack.plan();
  const { record } = await ticked(stack);
  expect(record.outcome).toBe('held');
  expect(record.reasons).toHaveLength(3);
  expect(record.reasons[0]).toMatch(/^demand of clean: No Prometheus answers at .*: ECONNREFUSED$/);
  expect(stack.plan()).toEqual(before);
  expect(stack.applied).toEqual([]);
});

test('a hole is not 0: what was known last stands in, and is said to', async () => {
  const stack = await liveStack();
  const now = stack.clock.nowMs() / 1000;
  stack.prometheus.answer = () =>
    ['clean', 'dirty', 'middle'].map((origin) => ({
      labels: { origin },
      valueAt: (at) => (origin === 'dirty' && at > now - 100 ? undefined : '40'),
    }));
  const { record } = await ticked(stack);
  expect(record).toMatchObject({
    outcome: 'applied',
    values: { demand: { dirty: { requestsPerSecond: 40, from: 'lastKnown', ageSeconds: 120 } } },
  });
});

test('a query that yields two series for an origin is refused, and the plan before stays', async () => {
  const stack = await liveStack();
  const before = stack.plan();
  stack.prometheus.answer = () => [
    { labels: { origin: 'clean', code: '200' }, valueAt: () => '1' },
    { labels: { origin: 'clean', code: '404' }, valueAt: () => '1' },
  ];
  await expect(ticked(stack)).rejects.toThrow('yields two series for clean');
  expect(stack.plan()).toEqual(before);
});

describe('a region without data', () => {
  test('that had a value: nothing moves towards it, though the old value says that it is clean', async () => {
    const stack = await liveStack();
    await ticked(stack);
    // Everything is in the clean region; it gets dirty, so all leaves it.
    stack.clock.later(hourMs);
    stack.grams['FR'] = 700;
    await ticked(stack);
    expect(stack.plan().weights).toEqual({
      clean: { middle: 1 },
      dirty: { middle: 1 },
      middle: { middle: 1 },
    });
    // The last value of DE stands in, and FR gets clean again: what goes to DE may leave it.
    stack.clock.later(hourMs);
    stack.grams['FR'] = 50;
    stack.grams['DE'] = null;
    const away = await ticked(stack);
    expect(away.record).toMatchObject({
      guarded: ['middle'],
      values: { carbon: { middle: { from: 'lastKnown', gramsPerKwh: 300 } } },
    });
    expect(stack.plan().weights['clean']).toEqual({ clean: 1 });
    // And now DE would be the cleanest, by a value that is old.
    stack.clock.later(hourMs);
    stack.grams['FR'] = 790;
    const { record } = await ticked(stack);
    expect(record.outcome).not.toBe('failed');
    expect(Object.values(stack.plan().weights).some((row) => 'middle' in row)).toBe(false);
  });

  test('and without any value: the plan in force stays', async () => {
    const stack = await liveStack();
    delete stack.grams['FR'];
    const before = stack.plan();
    const { record } = await ticked(stack);
    expect(record.outcome).toBe('held');
    expect(record.reasons).toEqual([
      expect.stringMatching(/^carbon intensity of clean: no value of the zone FR/),
    ]);
    expect(record.values?.faults[0]).toMatch(/^clean: not found: maps, /);
    expect(stack.plan()).toEqual(before);
  });
});

describe('clocks', () => {
  test('of Prometheus, an hour wrong', async () => {
    const stack = await liveStack();
    stack.prometheus.clock = () => stack.clock.nowMs() + hourMs;
    await expect(ticked(stack)).rejects.toThrow('set the clock that is wrong');
  });

  test('of this machine, an hour behind the one that the plan was made by', async () => {
    const stack = await liveStack();
    await ticked(stack);
    stack.clock.later(-hourMs);
    await expect(ticked(stack)).rejects.toThrow(
      'is for 2026-08-13T12:00:00Z, which is to come: it is 2026-08-13T11:20:00.000Z by this machine',
    );
    expect(stack.applied).toHaveLength(1);
  });
});

describe('people in charge', () => {
  test('pause, and hours in which nothing moves', async () => {
    const stack = await liveStack();
    stack.set(['casper:live'], { paused: true });
    expect((await ticked(stack)).record).toMatchObject({
      outcome: 'paused',
      reasons: ['paused by casper:live.paused'],
    });
    stack.set(['casper:live'], { quietHours: [{ from: '23:00', to: '12:30' }] });
    expect((await ticked(stack)).record.outcome).toBe('paused');
    expect(stack.carbon.asked).toEqual([]);
    stack.clock.later(10 * minuteMs);
    expect((await ticked(stack)).record.outcome).toBe('applied');
  });

  test('a pause counts where the interval has its plan already, too', async () => {
    const stack = await liveStack();
    await ticked(stack);
    stack.set(['casper:live'], { paused: true });
    expect((await ticked(stack)).record).toMatchObject({ outcome: 'paused', heldBy: 'people' });
    expect(stack.applied).toHaveLength(1);
  });

  test('a pin keeps an origin at a region, whatever the policy says', async () => {
    const stack = await liveStack();
    stack.set(['casper:live'], { pins: { dirty: 'dirty' } });
    await ticked(stack);
    expect(stack.plan().weights).toEqual({ clean: { clean: 1 }, dirty: { dirty: 1 }, middle: { clean: 1 } });
  });

  test('a pin that breaks the latency bound is refused, and the plan before stays', async () => {
    const stack = await liveStack();
    stack.set(['casper:live'], { pins: { dirty: 'clean' } });
    const options = stack.planning.optionsOf;
    const planning = {
      ...stack.planning,
      optionsOf: (config: StackConfig) => ({ ...options(config), maxLatencyMs: 20 }),
    };
    const before = stack.plan();
    await expect(tick(planning, once, () => Promise.resolve(stack.reconciler))).rejects.toThrow(
      'latency: dirty reaches no region within 20 ms; the nearest, clean, takes 40 ms, 20 ms more',
    );
    expect(stack.plan()).toEqual(before);
    expect(() => {
      stack.set(['casper:live'], { pins: { nowhere: 'clean' } });
    }).toThrow('casper:live.pins: nowhere is not in casper:regions');
  });
});

test('regions in a cluster that does not answer keep what they have, and get no more than that carries', async () => {
  const stack = await liveStack();
  await ticked(stack);
  const before = stack.plan();
  Object.assign(stack.rates, { clean: 60, dirty: 60, middle: 60 });
  stack.asTheyAre = ['clean'];
  stack.clock.later(hourMs);
  const { record, plan } = await ticked(stack);
  expect(record.outcome).toBe('applied');
  expect(stack.plan().regions['clean']).toEqual(before.regions['clean']);
  const received = Object.values(plan?.requests ?? {}).reduce((sum, row) => sum + (row['clean'] ?? 0), 0);
  expect(received).toBeLessThanOrEqual(10 * (before.regions['clean']?.servers ?? 0));
});

test('a region that is lost is left out, and what runs there stays as it is', async () => {
  const stack = await liveStack();
  // Nothing has to be known of what is left out.
  delete stack.grams['FR'];
  await ticked(stack, { ...once, without: ['clean'] });
  expect(stack.plan()).toMatchObject({
    without: ['clean'],
    regions: { clean: { servers: 6 }, middle: { servers: 11 } },
    weights: { clean: { middle: 1 }, dirty: { middle: 1 }, middle: { middle: 1 } },
  });
});

test('a region that the proxies call lost is left out with the reason, and back once they do not', async () => {
  const stack = await liveStack();
  await ticked(stack);
  const lost = ['clean'];
  const { record } = await ticked(stack, { ...once, without: lost, lost });
  expect(record.why).toBe('planned anew: other regions are left out; left out, because lost: clean');
  expect(stack.plan().without).toEqual(lost);
  const again = await ticked(stack, { ...once, without: lost, lost });
  expect(again.record).toMatchObject({
    outcome: 'unchanged',
    why: 'the interval has its plan; it is applied as it is; left out, because lost: clean',
  });
  expect((await ticked(stack)).record.why).toBe('planned anew: other regions are left out');
  expect(stack.plan().without).toBeUndefined();
});

test('PUE multiplies what the planner compares, and the record says grid and PUE', async () => {
  const stack = await liveStack();
  const { optionsOf } = stack.planning;
  const pue = new Map([
    ['clean', { pue: 5 }],
    ['dirty', { pue: 1 }],
    ['middle', { pue: 1 }],
  ]);
  stack.grams['FR'] = 100;
  const planning = {
    ...stack.planning,
    optionsOf: (config: StackConfig) => ({ ...optionsOf(config), regionRows: pue }),
  };
  const { record, plan } = await tick(planning, once, () => Promise.resolve(stack.reconciler));
  // 100 g/kWh five times is more than 300 once.
  expect(stack.plan().weights).toEqual({
    clean: { middle: 1 },
    dirty: { middle: 1 },
    middle: { middle: 1 },
  });
  expect(record.values?.carbon).toMatchObject({
    clean: { gramsPerKwh: 500, gridGramsPerKwh: 100, pue: 5 },
    middle: { gramsPerKwh: 300, gridGramsPerKwh: 300, pue: 1 },
  });
  expect(plan?.accounting).toContain('PUE 1 to 5');
});
