import { LiveDemand } from '../../../live/liveDemand';
import { readStackSettings } from '../../../stack/stackFile';
import { forecasterNamed } from '../../../study/forecast/forecasters';
import { cleanUp, hourMs } from '../signals/carbonServer';
import { liveStack, regions, removeStacks, type LiveStack } from './liveStack';

afterEach(async () => {
  await cleanUp();
  removeStacks();
});

const naiveDay = { forecaster: forecasterNamed('naive-day'), demandQuantile: 0.98 };

/** A day's shape for whole hours, a rate of its own for now, and nothing before some hours ago. */
function pastOf(
  stack: LiveStack,
  hours: number,
  now: string | undefined,
  hole: (start: number) => boolean = () => false,
): void {
  const hour = Math.floor(stack.clock.nowMs() / hourMs) * 3600;
  stack.prometheus.answer = (form) =>
    regions.map((origin) => ({
      labels: { origin },
      valueAt: (at) => {
        if (form.get('step') !== '3600') return origin === 'dirty' ? now : '10';
        const start = at - 3600;
        if (start < hour - hours * 3600 || hole(start)) return undefined;
        return String(origin === 'dirty' ? 100 + 10 * ((start / 3600) % 24) : 10);
      },
    }));
}

async function expected(stack: LiveStack, demand = new LiveDemand(naiveDay)) {
  const config = readStackSettings(stack.configFile);
  return demand.read(config, regions, stack.clock.nowMs());
}

test('the forecast for the hour counts, with the margin of its own errors', async () => {
  const stack = await liveStack();
  pastOf(stack, 200, '30');
  const { byOrigin, ratios, faults } = await expected(stack);
  // It is 12:20.
  expect(byOrigin['dirty']).toEqual({
    requestsPerSecond: 220,
    from: 'forecast',
    ageSeconds: 0,
    measured: 30,
  });
  expect(ratios).toHaveLength(168);
  expect(ratios.every((row) => row[1] === 1)).toBe(true);
  expect(faults).toEqual([]);
  // Its forecast without error is less than what is measured with the fixed margin.
  expect(byOrigin['clean']).toMatchObject({ requestsPerSecond: 10, from: 'measured' });
  expect(ratios[0]?.[0]).toBe(1.2);
});

test('what is measured counts where it is more, and the forecast where nothing is measured', async () => {
  const stack = await liveStack();
  pastOf(stack, 200, '300');
  expect((await expected(stack)).byOrigin['dirty']).toMatchObject({
    requestsPerSecond: 300,
    from: 'measured',
  });
  pastOf(stack, 200, undefined);
  expect((await expected(stack)).byOrigin['dirty']).toEqual({
    ...{ requestsPerSecond: 220, from: 'forecast', ageSeconds: 0, measured: null },
  });
});

test('a history with holes is lived with; one that is too short is said, and what is measured counts', async () => {
  const stack = await liveStack();
  pastOf(stack, 200, '30', (start) => (start / 3600) % 5 === 0);
  expect((await expected(stack)).byOrigin['dirty']).toMatchObject({ from: 'forecast' });
  pastOf(stack, 10, '30');
  const { byOrigin, faults } = await expected(stack);
  expect(byOrigin['dirty']).toMatchObject({ requestsPerSecond: 30, from: 'measured' });
  expect(faults).toEqual([
    'no forecast of demand, planned for what is measured: demand of clean has 10 hours of history, the forecast needs 24; ' +
      'it comes with time, as long as Prometheus keeps it (--storage.tsdb.retention.time)',
  ]);
});

test('few errors are known: the forecast has the fixed margin', async () => {
  const stack = await liveStack();
  pastOf(stack, 40, '30');
  const { byOrigin, ratios } = await expected(stack);
  expect(byOrigin['dirty']).toMatchObject({ requestsPerSecond: 220, from: 'forecast' });
  expect(ratios).toEqual([[1.2, 1.2, 1.2]]);
});

test('hours that were read are not asked for again', async () => {
  const stack = await liveStack();
  pastOf(stack, 200, '30');
  const demand = new LiveDemand(naiveDay);
  const hoursAsked = () => stack.prometheus.asked.filter((form) => form.get('step') === '3600');
  await expected(stack, demand);
  await expected(stack, demand);
  expect(hoursAsked()).toHaveLength(1);
  stack.clock.later(hourMs);
  await expected(stack, demand);
  expect(hoursAsked()).toHaveLength(2);
  expect(hoursAsked()[1]?.get('start')).toBe(hoursAsked()[1]?.get('end'));
});
