import { apportion } from '../../../live/apportion';
import { limitMoves } from '../../../live/limitMoves';
import { tick } from '../../../live/tick';
import { uniformCapacity } from '../../../planning/regionCapacity';
import { loadsOf } from '../../../policies/model/matrix';
import type { Placement, PlacementProblem } from '../../../policies/problem';
import { cleanUp, hourMs } from '../signals/carbonServer';
import { liveStack, removeStacks, type LiveStack } from './liveStack';

afterEach(async () => {
  await cleanUp();
  removeStacks();
});

const regions = ['a', 'b', 'c'];
const problemOf = (more: Partial<PlacementProblem> = {}): PlacementProblem => ({
  regions,
  requestsPerSecond: [100, 50, 50],
  carbonGramsPerKwh: [10, 100, 200],
  latencyMs: regions.map(() => [10, 10, 10]),
  capacity: uniformCapacity(regions, { requestsPerServer: 10, maxServersPerRegion: 30 }),
  maxLatencyMs: 100,
  ...more,
});
const placementOf = (requests: number[][]): Placement => ({
  ...{ kind: 'placement', requests, objective: 0, solver: { name: 'glpk', status: 'optimal' } },
  servers: loadsOf(requests).map((load) => Math.ceil(load / 10)),
});
const allToA = placementOf([
  [100, 0, 0],
  [50, 0, 0],
  [50, 0, 0],
]);
const own = { a: { a: 1 }, b: { b: 1 }, c: { c: 1 } };
const limited = (problem: PlacementProblem, weights: Record<string, Record<string, number>>, most: number) =>
  limitMoves(problem, allToA, weights, most, { alpha: 0.9 });

test('every origin goes the same part of its way, in whole requests, and servers carry what is left', () => {
  const { placement, moved } = limited(problemOf(), own, 10);
  expect(placement.requests).toEqual([
    [100, 0, 0],
    [10, 40, 0],
    [10, 0, 40],
  ]);
  expect(placement.servers).toEqual([12, 4, 4]);
  expect(moved).toEqual({ percent: 10, wantedPercent: 50, mostPercent: 10 });
});

test('a change that moves no more than may is left as it is', () => {
  expect(limited(problemOf(), own, 50)).toEqual({
    placement: allToA,
    moved: { percent: 50, wantedPercent: 50, mostPercent: 50 },
  });
});

test('one request moves where a percent is less than one', () => {
  const problem = problemOf({ requestsPerSecond: [3, 2, 2] });
  const to = placementOf([
    [3, 0, 0],
    [2, 0, 0],
    [2, 0, 0],
  ]);
  const { placement } = limitMoves(problem, to, own, 1, { alpha: 0.9 });
  expect(loadsOf(placement.requests)).toEqual([4, 1, 2]);
});

test('what may no longer be served where it was moves at once, and is said to', () => {
  const latencyMs = [
    [10, 10, 10],
    [10, 500, 10],
    [10, 10, 10],
  ];
  const { placement, moved } = limited(problemOf({ latencyMs }), own, 10);
  expect(placement.requests).toEqual([
    [100, 0, 0],
    [50, 0, 0],
    [0, 0, 50],
  ]);
  expect(moved).toEqual({
    ...{ percent: 25, wantedPercent: 50, mostPercent: 10 },
    because: 'so many are sent where they may no longer be served',
  });
});

test('where the servers no longer carry the weights in force, as much more moves as they take', () => {
  const capacity = problemOf().capacity.map((region, index) => ({
    ...region,
    maxServers: index === 2 ? 2 : 30,
  }));
  const { placement, moved } = limited(problemOf({ capacity }), own, 1);
  const [, , left = 0] = loadsOf(placement.requests);
  expect(left).toBeLessThanOrEqual(20);
  expect(left).toBeGreaterThan(17);
  expect(moved.percent).toBeGreaterThan(1);
  expect(moved.because).toBe('the servers do not carry them otherwise');
});

test('an origin of which no weights are in force has nowhere to move from', () => {
  const { placement, moved } = limited(problemOf(), { a: { a: 1 }, b: { b: 1 } }, 5);
  expect(placement.requests[2]).toEqual([50, 0, 0]);
  expect(moved).toMatchObject({ percent: 5, wantedPercent: 25 });
});

test('parts of a whole are whole, and add up to it', () => {
  expect(apportion(10, [1, 1, 1])).toEqual([4, 3, 3]);
  expect(apportion(3, [0.1, 0.2, 0])).toEqual([1, 2, 0]);
  expect(apportion(5, [0, 0])).toEqual([0, 0]);
});

describe('a tick', () => {
  const once = { without: [], again: false };
  const ticked = (stack: LiveStack, without: readonly string[] = []) =>
    tick(stack.planning, { ...once, without }, () => Promise.resolve(stack.reconciler));

  test('moves no more than mostPercentMoved, records it, and goes on in the next interval', async () => {
    const stack = await liveStack();
    stack.set(['casper:live'], { mostPercentMoved: 20 });
    const wanted: unknown[] = [];
    for (let turn = 0; turn < 3; turn++) {
      const { record } = await ticked(stack);
      expect(record.moved?.percent).toBeLessThanOrEqual(20);
      wanted.push(record.moved?.wantedPercent);
      stack.clock.later(hourMs);
    }
    // 60 of 108 requests/s move to the cleanest region, 21 at a time.
    expect(wanted).toEqual([55.6, 36.1, 16.7]);
    expect(stack.plan().weights).toEqual({ clean: { clean: 1 }, dirty: { clean: 1 }, middle: { clean: 1 } });
  });

  test('the loss of a region is exempt', async () => {
    const stack = await liveStack();
    stack.set(['casper:live'], { mostPercentMoved: 1 });
    const { record } = await ticked(stack, ['clean']);
    expect(record.moved).toMatchObject({ mostPercent: 1, because: 'clean is lost' });
    expect(stack.plan().weights).toEqual({
      clean: { middle: 1 },
      dirty: { middle: 1 },
      middle: { middle: 1 },
    });
  });

  test('without the key nothing is limited, and nothing recorded of it', async () => {
    const stack = await liveStack();
    expect((await ticked(stack)).record).not.toHaveProperty('moved');
  });

  test.each([0, 101, 1.5, 'half'])('mostPercentMoved: %p is refused', async (value) => {
    const stack = await liveStack();
    expect(() => {
      stack.set(['casper:live'], { mostPercentMoved: value });
    }).toThrow('casper:live.mostPercentMoved');
  });
});
