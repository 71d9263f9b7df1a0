import fc from 'fast-check';
import { uniformCapacity } from '../../../planning/regionCapacity';
import { backupsOf, unbackedRequests, type Backups } from '../../../policies/backup';
import { carbon } from '../../../policies/carbon';
import { lossesOf } from '../../../policies/model/failureDomains';
import { at, loadsOf, sum } from '../../../policies/model/matrix';
import type { Placement, PlacementProblem } from '../../../policies/problem';
import { problems } from './problems';

const place = carbon({ alpha: 0.9 }).place;

/** Problems with residency, and regions that are lost together. */
const anyProblem = problems(5, 2).chain((problem) =>
  fc
    .record({
      allowed: fc.array(
        fc.array(fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.boolean()), sizeOf(problem)),
        sizeOf(problem),
      ),
      failureDomains: fc.array(fc.constantFrom('x', 'y', 'z', 'w'), sizeOf(problem)),
    })
    .map((more): PlacementProblem => ({ ...problem, ...more })),
);

function sizeOf({ regions }: PlacementProblem) {
  return { minLength: regions.length, maxLength: regions.length };
}

async function placedWith(
  problem: PlacementProblem,
): Promise<{ placement: Placement; backups: Backups } | null> {
  const placement = await place(problem);
  if (placement.kind === 'infeasible') return null;
  return { placement, backups: await backupsOf(problem, placement) };
}

describe('whatever the problem', () => {
  test('only a lost region’s requests move: to regions that are not lost with it, where residency lets them', async () => {
    await fc.assert(
      fc.asyncProperty(anyProblem, async (problem) => {
        const found = await placedWith(problem);
        if (!found) return;
        const { requests } = found.placement;
        const pairs = requests.flatMap((row, origin) =>
          row.flatMap((count, lost) => (count > 0 ? [`${origin} ${lost}`] : [])),
        );
        expect(found.backups.rows.map(({ origin, lost }) => `${origin} ${lost}`).sort()).toEqual(
          pairs.sort(),
        );
        for (const row of found.backups.rows) {
          const domain = lossesOf(problem).find((lost) => lost.has(row.lost));
          expect(unbackedRequests(found.placement, row)).toBeGreaterThanOrEqual(0);
          for (const [destination, count] of row.requests.entries()) {
            if (count === 0) continue;
            expect(domain?.has(destination)).toBe(false);
            expect(problem.allowed?.[row.origin]?.[destination]).toBe(true);
          }
        }
      }),
      { numRuns: 150, seed: 5 },
    );
  });

  test('what is ready carries its own requests and those of any one domain; no region gets more than it may have', async () => {
    await fc.assert(
      fc.asyncProperty(anyProblem, async (problem) => {
        const found = await placedWith(problem);
        if (!found) return;
        const { placement, backups } = found;
        const loads = loadsOf(placement.requests);
        for (const lost of lossesOf(problem)) {
          const moved = backups.rows.filter((row) => lost.has(row.lost)).map(({ requests }) => requests);
          for (const [region, { requestsPerServer, maxServers }] of problem.capacity.entries()) {
            const servers = at(placement.servers, region) + at(backups.standbyServers, region);
            const comes = sum(moved.map((row) => at(row, region)));
            if (comes > 0) expect(at(loads, region) + comes).toBeLessThanOrEqual(requestsPerServer * servers);
            expect(servers).toBeLessThanOrEqual(maxServers);
          }
        }
      }),
      { numRuns: 150, seed: 6 },
    );
  });

  test('the order of regions does not matter', async () => {
    await fc.assert(
      fc.asyncProperty(problems(5, 2), async (problem) => {
        const found = await placedWith(problem);
        if (!found) return;
        const order = [...problem.regions.keys()].reverse();
        const turned = <T>(values: readonly T[]): T[] => order.map((index) => at(values, index));
        const mirrored: PlacementProblem = {
          ...problem,
          regions: turned(problem.regions),
          requestsPerSecond: turned(problem.requestsPerSecond),
          carbonGramsPerKwh: turned(problem.carbonGramsPerKwh),
          capacity: turned(problem.capacity),
          latencyMs: turned(problem.latencyMs).map(turned),
        };
        const again = await placedWith(mirrored);
        const named = ({ regions }: PlacementProblem, { rows, standbyServers }: Backups) => ({
          rows: rows
            .map(({ origin, lost, requests }) => [
              `${at(regions, origin)} ${at(regions, lost)}`,
              ...requests
                .flatMap((count, region) => (count > 0 ? [`${at(regions, region)} ${count}`] : []))
                .sort(),
            ])
            .sort(),
          standby: regions.map((region, index) => `${region} ${at(standbyServers, index)}`).sort(),
        });
        expect(again && named(mirrored, again.backups)).toEqual(named(problem, found.backups));
      }),
      { numRuns: 80, seed: 7 },
    );
  });
});

const base = {
  regions: ['a', 'b', 'c'],
  requestsPerSecond: [100, 0, 0],
  carbonGramsPerKwh: [10, 20, 30],
  latencyMs: [
    [1, 40, 90],
    [40, 1, 90],
    [90, 90, 1],
  ],
  capacity: uniformCapacity(['a', 'b', 'c'], { requestsPerServer: 10, maxServersPerRegion: 20 }),
  maxLatencyMs: 50,
};
const held = async (problem: PlacementProblem) => {
  const found = await placedWith(problem);
  if (!found) throw new Error('infeasible');
  return found;
};

test('a region within the bound comes before one beyond it, and one beyond it before none', async () => {
  expect((await held(base)).backups.rows).toEqual([{ origin: 0, lost: 0, requests: [0, 100, 0] }]);
  const full = {
    ...base,
    capacity: base.capacity.map((own, region) => (region === 1 ? { ...own, maxServers: 4 } : own)),
  };
  expect((await held(full)).backups.rows).toEqual([{ origin: 0, lost: 0, requests: [0, 40, 60] }]);
});

test('servers that have room are used before more have to be ready', async () => {
  const warm = {
    ...base,
    capacity: base.capacity.map((own, region) => (region === 1 ? { ...own, minServers: 3 } : own)),
  };
  expect((await held(warm)).backups.standbyServers).toEqual([0, 7, 0]);
});

test('regions of one failure domain do not stand in for each other', async () => {
  const together = { ...base, failureDomains: ['x', 'x', 'y'] };
  expect((await held(together)).backups.rows).toEqual([{ origin: 0, lost: 0, requests: [0, 0, 100] }]);
  const all = { ...base, failureDomains: ['x', 'x', 'x'] };
  const { placement, backups } = await held(all);
  expect(backups.rows.map((row) => unbackedRequests(placement, row))).toEqual([100]);
});
