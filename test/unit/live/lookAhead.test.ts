import { LiveDemand } from '../../../live/liveDemand';
import { hoursAhead } from '../../../live/lookAhead';
import { tick, type Tick } from '../../../live/tick';
import type { LivePlanning } from '../../../live/planTick';
import type { StackConfig } from '../../../stack/stackConfig';
import { forecasterNamed } from '../../../study/forecast/forecasters';
import type { AnsweredSeries } from '../prometheusServer';
import { cleanUp, forecastOf, hour, hourMs, json, latestOf, minuteMs } from '../signals/carbonServer';
import { liveStack, regions, removeStacks, type LiveStack } from './liveStack';

afterEach(async () => {
  await cleanUp();
  removeStacks();
});

const naiveDay = { forecaster: forecasterNamed('naive-day'), demandQuantile: null };

/** Carbon intensity by zone of now and of the three hours after it; what is not there has no forecast. */
type Ahead = Record<string, (number | null)[]>;
const steadily: Ahead = {
  FR: [50, 50, 50, 50],
  PL: [800, 800, 800, 800],
  DE: [300, 300, 300, 300],
};

async function stackWith(ahead: Ahead, forecast: typeof naiveDay | null = naiveDay): Promise<LiveStack> {
  const stack = await liveStack(forecast);
  stack.carbon.answer = (url, _, response) => {
    const zone = url.searchParams.get('zone') ?? '';
    const values = ahead[zone];
    if (url.pathname.endsWith('/latest')) {
      json(response, latestOf(zone, values?.[0] ?? stack.grams[zone], hour(0, stack.clock.nowMs())));
    } else if (values && values.length > 1) json(response, forecastOf(zone, values));
    else json(response, { error: `Request unauthorized for zoneKey=${zone},requestType=forecast` }, 401);
  };
  return stack;
}

/** @param gramsPerServerChange what makes the future count */
function planningOf(stack: LiveStack, horizonIntervals: number, gramsPerServerChange = 0): LivePlanning {
  const { optionsOf } = stack.planning;
  return {
    ...stack.planning,
    optionsOf: (config: StackConfig) => ({
      ...optionsOf(config),
      ...{ policy: 'horizon', horizonIntervals },
      switching: { gramsPerServerChange, gramsPerRequestMoved: 0, minResidenceIntervals: 1 },
    }),
  };
}

const ticked = (stack: LiveStack, planning: LivePlanning): Promise<Tick> =>
  tick(planning, { without: [], again: false }, () => Promise.resolve(stack.reconciler));

const shares = (stack: LiveStack): unknown => stack.plan().weights['middle'];

test('what comes counts: a region that is clean for an hour alone is not worth the change', async () => {
  const brief = await stackWith({ ...steadily, FR: [50, 900, 900, 900] });
  await ticked(brief, planningOf(brief, 4, 2));
  expect(brief.plan()).toMatchObject({ policy: 'horizon', weights: { middle: { middle: 1 } } });
  const lasting = await stackWith(steadily);
  await ticked(lasting, planningOf(lasting, 4, 2));
  expect(shares(lasting)).toEqual({ clean: 1 });
});

test('one interval ahead asks for nothing of what comes', async () => {
  const stack = await stackWith({ FR: [50], PL: [800], DE: [300] }, null);
  await ticked(stack, planningOf(stack, 1));
  expect(stack.plan().policy).toBe('horizon');
  expect(stack.carbon.asked.some((url) => url.includes('forecast'))).toBe(false);
});

test('without forecasts it is refused by name, with what is not known; the plan before stays', async () => {
  const stack = await stackWith({ FR: [50, 50, 50, 50], PL: [800, 800, 800], DE: [300] }, null);
  const before = stack.plan();
  const made = ticked(stack, planningOf(stack, 4));
  await expect(made).rejects.toThrow('The policy horizon looks 4 intervals ahead, and of these is not known');
  await expect(made).rejects.toThrow('demand: no forecast');
  await expect(made).rejects.toThrow(
    'carbon intensity of dirty: maps has no forecast of 2026-08-13T15:00:00Z for the zone PL',
  );
  await expect(made).rejects.toThrow(
    /carbon intensity of middle: maps has no forecast of 2026-08-13T13:00:00Z for the zone DE \(maps, .*status 401/,
  );
  await expect(made).rejects.not.toThrow('clean');
  expect(stack.plan()).toEqual(before);
});

test('a hole in the forecast is not a number', async () => {
  const stack = await stackWith({ ...steadily, FR: [50, 50, null, 50] });
  await expect(ticked(stack, planningOf(stack, 4))).rejects.toThrow(
    'carbon intensity of clean: maps has no forecast of 2026-08-13T14:00:00Z',
  );
});

test('demand that is forecast to grow is planned for ahead, and what is in force is for what comes now', async () => {
  const stack = await stackWith(steadily);
  const now = Math.floor(stack.clock.nowMs() / hourMs);
  const past = (growth: number) => (): AnsweredSeries[] =>
    regions.map((origin) => ({
      labels: { origin },
      // What the hours after this one had on the days before.
      valueAt: (at) =>
        String((at / 3600 - 1 - now) % 24 === -23 || (at / 3600 - 1 - now) % 24 === -22 ? growth : 20),
    }));
  stack.prometheus.answer = past(400);
  const { plan } = await ticked(stack, planningOf(stack, 3, 1));
  expect(Object.values(plan?.requests ?? {}).map((row) => Object.values(row))).toEqual([[24], [24], [24]]);
  // More than all servers together carry, an hour from now.
  stack.clock.later(minuteMs);
  stack.prometheus.answer = past(4000);
  const again = tick(
    { ...planningOf(stack, 3, 1), demand: new LiveDemand(naiveDay) },
    { without: [], again: true },
  );
  await expect(again).rejects.toThrow(/capacity: .* requests\/s more than/);
});

test('hours that intervals reach into', () => {
  const interval = (minutes: number, from = 0) => ({
    ...{ start: '', startedAtMs: from, endedAtMs: from + minutes * 60_000 },
  });
  expect(hoursAhead({ intervals: 1, interval: interval(60) }, 1000)).toBe(1);
  expect(hoursAhead({ intervals: 24, interval: interval(60) }, 1000)).toBe(24);
  expect(hoursAhead({ intervals: 4, interval: interval(30) }, 1000)).toBe(2);
  expect(hoursAhead({ intervals: 4, interval: interval(30, hourMs / 2) }, hourMs / 2)).toBe(3);
  expect(hoursAhead({ intervals: 2, interval: interval(1440) }, 5 * hourMs)).toBe(20);
});
