import { uniformCapacity } from '../../../planning/regionCapacity';
import { carbon } from '../../../policies/carbon';
import { sum } from '../../../policies/model/matrix';
import type { Placement, PlacementProblem } from '../../../policies/problem';

const { place } = carbon({ alpha: 0.9 });

/** North is clean and carries 100 requests/s; south carries as many. */
const problem: PlacementProblem = {
  regions: ['north', 'south'],
  requestsPerSecond: [60, 60],
  carbonGramsPerKwh: [100, 500],
  latencyMs: [
    [1, 20],
    [20, 1],
  ],
  capacity: uniformCapacity(['north', 'south'], { requestsPerServer: 10, maxServersPerRegion: 10 }),
  maxLatencyMs: 50,
};

async function placed(ratios: number[][], worstShare: number, changes: Partial<PlacementProblem> = {}) {
  const result = await place({ ...problem, ...changes, demandErrors: { ratios, worstShare } });
  if (result.kind !== 'placement') throw new Error('no placement');
  return result;
}
const sentTo = ({ requests }: Placement, destination: number): number =>
  sum(requests.map((row) => row[destination] ?? NaN));

test('without errors it is the placement of certain requests', async () => {
  const certain = (await place(problem)) as Placement;
  const { requests, servers } = await placed([[1, 1]], 0.1);
  expect({ requests, servers }).toEqual({ requests: certain.requests, servers: certain.servers });
});

test('errors that cancel need no room, errors that come together do', async () => {
  expect(
    sentTo(
      await placed(
        [
          [1.2, 0.8],
          [0.8, 1.2],
        ],
        0.5,
      ),
      0,
    ),
  ).toBe(100);
  const together = await placed(
    [
      [1.2, 1.2],
      [0.8, 0.8],
    ],
    0.5,
  );
  expect(sentTo(together, 0)).toBe(83);
  expect(together.requests.map((row) => sum(row))).toEqual([60, 60]);
});

test('a full region takes those that are foreseen well; the others go where there is room', async () => {
  const { requests } = await placed(
    [
      [1, 1.5],
      [1, 0.5],
    ],
    0.5,
  );
  // All 60 of north, and of south as many as leave room for half as many again.
  expect(requests).toEqual([
    [60, 0],
    [27, 33],
  ]);
});

test('where servers are left, the worst case has its own', async () => {
  const { servers } = await placed(
    [
      [1, 1],
      [1, 1],
      [1, 1],
      [1.5, 1.5],
    ],
    1,
    { requestsPerSecond: [20, 20] },
  );
  expect(servers).toEqual([6, 0]);
});

test('what cannot be kept is broken least, and said: the bound before the servers', async () => {
  const late = await placed([[1.5, 1]], 1, { maxLatencyMs: 5, requestsPerSecond: [100, 20] });
  expect(late.violations).toEqual([
    expect.objectContaining({ limit: 'latency', origin: 'north', destination: 'south' }),
  ]);
  const over = await placed([[1, 1]], 1, { requestsPerSecond: [150, 150] });
  expect(over.violations?.reduce((all, { requestsPerSecond }) => all + requestsPerSecond, 0)).toBe(100);
});

test('the order of regions makes no difference, nor does a second time', async () => {
  const ratios = [
    [1.3, 0.9],
    [0.9, 1.2],
    [1.1, 1.1],
  ];
  const one = await placed(ratios, 0.4);
  const swapped = await placed(
    ratios.map(([north = NaN, south = NaN]) => [south, north]),
    0.4,
    {
      regions: ['south', 'north'],
      carbonGramsPerKwh: [500, 100],
    },
  );
  expect(await placed(ratios, 0.4)).toEqual(one);
  expect(swapped.servers).toEqual([...one.servers].reverse());
});
