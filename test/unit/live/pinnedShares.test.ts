import { withPinnedShares } from '../../../live/pinnedShares';
import { tick } from '../../../live/tick';
import { carbon } from '../../../policies/carbon';
import { horizon } from '../../../policies/horizon';
import { uniformCapacity } from '../../../planning/regionCapacity';
import type { Placement, PlacementProblem } from '../../../policies/problem';
import type { StackConfig } from '../../../stack/stackConfig';
import { cleanUp } from '../signals/carbonServer';
import { liveStack, removeStacks } from './liveStack';

afterEach(async () => {
  await cleanUp();
  removeStacks();
});

const regions = ['clean', 'dirty', 'middle'];
const problem: PlacementProblem = {
  regions,
  requestsPerSecond: [20, 41, 30],
  carbonGramsPerKwh: [50, 800, 300],
  latencyMs: regions.map(() => [10, 10, 10]),
  capacity: uniformCapacity(regions, { requestsPerServer: 10, maxServersPerRegion: 10 }),
  maxLatencyMs: 100,
  failureDomains: regions,
};
const policy = carbon({ alpha: 0.9 });
const placed = async (pins: StackConfig['live']['pins'], of = problem): Promise<Placement> => {
  const placement = await withPinnedShares(policy, pins).place(of);
  if (placement.kind === 'infeasible') throw new Error(JSON.stringify(placement));
  return placement;
};

test('a share goes where it is pinned, rounded up; the rest goes where the policy says', async () => {
  const { requests, servers } = await placed({ dirty: { middle: 50 } });
  expect(requests).toEqual([
    [20, 0, 0],
    [20, 0, 21],
    [30, 0, 0],
  ]);
  expect(servers).toEqual([7, 0, 3]);
});

test('shares of one origin at several regions, and all of it', async () => {
  const { requests } = await placed({ dirty: { middle: 30, dirty: 70 } });
  expect(requests[1]).toEqual([0, 28, 13]);
  expect((await placed({ dirty: { middle: 100 } })).requests[1]).toEqual([0, 0, 41]);
});

test('the optimum is that of all requests together: without room a pinned share pushes others away', async () => {
  const { requests } = await placed(
    { dirty: { clean: 100 } },
    { ...problem, capacity: problem.capacity.map((own) => ({ ...own, maxServers: 5 })) },
  );
  expect(requests[1]).toEqual([41, 0, 0]);
  expect(requests.map(([first]) => first).reduce((sum = 0, count = 0) => sum + count)).toBe(50);
});

test('the objective is the one of the policy, with the same scale', async () => {
  const free = await policy.place(problem);
  const pinned = await placed({ dirty: { clean: 50 } });
  expect(pinned).toMatchObject({ requests: (free as Placement).requests });
  expect(pinned.objective).toBeCloseTo((free as Placement).objective, 9);
});

test('a policy that looks ahead keeps it in every interval, from the state in force', async () => {
  const far = withPinnedShares(horizon({ alpha: 0.9 }), { dirty: { middle: 50 } });
  const placements = await far.placeAll([problem, { ...problem, requestsPerSecond: [20, 10, 30] }], {
    switching: { gramsPerServerChange: 1, gramsPerRequestMoved: 0, minResidenceIntervals: 1 },
    initialState: { servers: [5, 0, 5], loads: [50, 0, 41], started: [] },
  });
  if ('kind' in placements) throw new Error(JSON.stringify(placements));
  expect(placements.map(({ requests }) => requests[1]?.[2])).toEqual([21, 5]);
  expect(placements[0]?.servers).toHaveLength(3);
});

test('a tick keeps the share; one that breaks the latency bound is refused with the diagnosis, and the plan stays', async () => {
  const stack = await liveStack();
  stack.set(['casper:live'], { pins: { dirty: { middle: 50 } } });
  const open = () => Promise.resolve(stack.reconciler);
  await tick(stack.planning, { without: [], again: false }, open);
  expect(stack.plan().weights).toMatchObject({ dirty: { clean: 1, middle: 1 }, middle: { clean: 1 } });
  const before = stack.plan();
  const { optionsOf } = stack.planning;
  const planning = {
    ...stack.planning,
    optionsOf: (config: StackConfig) => ({ ...optionsOf(config), maxLatencyMs: 20 }),
  };
  await expect(tick(planning, { without: [], again: true }, open)).rejects.toThrow(
    'latency: dirty (50 % pinned to middle) reaches no region within 20 ms; the nearest, middle, takes 40 ms, 20 ms more',
  );
  expect(stack.plan()).toEqual(before);
});

test.each([
  [{ dirty: { nowhere: 50 } }, 'casper:live.pins: nowhere is not in casper:regions'],
  [{ nowhere: { clean: 50 } }, 'casper:live.pins: nowhere is not in casper:regions'],
  [{ dirty: { clean: 60, middle: 50 } }, 'casper:live.pins.dirty: 110 % together, expected 100 at most'],
  [{ dirty: { clean: 0 } }, 'casper:live.pins.dirty.clean: Too small: expected number to be >=1 (it is 0)'],
  [{ dirty: { clean: 50.5 } }, 'casper:live.pins.dirty: expected a region, or regions with whole percent'],
  [{ dirty: 50 }, 'casper:live.pins.dirty: expected a region, or regions with whole percent'],
])('%j is refused', async (pins, message) => {
  const stack = await liveStack();
  expect(() => {
    stack.set(['casper:live'], { pins });
  }).toThrow(message);
});
