import path from 'node:path';
import { leftOut } from '../../../planning/leftOut';
import { stackPlanOf } from '../../../planning/intervalPlan';
import { NoRegionLeftError, type PlanOptions } from '../../../planning/planOptions';
import { planInterval } from '../../../planning/planRange';
import { referenceCapacity } from '../../../stack/capacity';
import { parseStackConfig } from '../../../stack/stackConfig';
import { readTrace } from '../../../traces/readTrace';

const trace = readTrace(path.join(__dirname, '../../../traces/sample'));
const at = '2026-01-05T16:00:00Z';
const options: PlanOptions = {
  ...{ policy: 'carbon', alpha: 0.9, maxLatencyMs: Infinity, keepWarm: false },
  capacity: () => referenceCapacity,
};
const plan = (more: Partial<PlanOptions> = {}) => planInterval(trace, at, { ...options, ...more });
const serversOf = (servers: Readonly<Record<string, number>>): number =>
  Object.values(servers).reduce((sum, count) => sum + count, 0);

test('by limit nothing but limits is added: servers, requests and carbon stay', async () => {
  const [none, limit] = [await plan({ heldReady: 'none' }), await plan({ heldReady: 'limit' })];
  expect(none.backup).toEqual({});
  const { heldReady, standbyMillicores, backup, ...same } = limit;
  expect({ ...same, heldReady: 'none', standbyMillicores: none.standbyMillicores, backup: {} }).toEqual(none);
  expect(heldReady).toBe('limit');
  expect(serversOf(standbyMillicores)).toBeGreaterThan(0);
  for (const [origin, row] of Object.entries(limit.weights)) {
    expect(Object.keys(backup[origin] ?? {}).sort()).toEqual(Object.keys(row).sort());
  }
  expect(limit.backupFaults).toBeUndefined();
});

test('by servers they are there, and nothing stands by', async () => {
  const [none, servers] = [await plan({ heldReady: 'none' }), await plan({ heldReady: 'servers' })];
  expect(serversOf(servers.servers)).toBeGreaterThan(serversOf(none.servers));
  expect(serversOf(servers.standbyMillicores)).toBe(0);
  expect(servers.carbonSum).toBeGreaterThanOrEqual(none.carbonSum);
});

test('a share that only a region beyond the bound can take is said', async () => {
  const { backupFaults } = await plan({ heldReady: 'limit', maxLatencyMs: 150 });
  expect(backupFaults).toEqual([
    { origin: 'ap-southeast-2', lost: 'ap-southeast-2', requestsPerSecond: 128, limit: 'latency' },
  ]);
});

test('what cannot be backed is said, with how much and why', async () => {
  const [busiest = ''] =
    Object.entries((await plan()).servers).sort(([, one], [, other]) => other - one)[0] ?? [];
  const capacity = (region: string) => ({ ...referenceCapacity, maxServers: region === busiest ? 400 : 1 });
  const { backupFaults = [] } = await plan({ heldReady: 'limit', capacity });
  expect(
    backupFaults.filter(({ lost, limit }) => lost === busiest && limit === 'room').length,
  ).toBeGreaterThan(0);
});

test('without a region: nothing is sent there or to its backup, and its pods stay as they are', async () => {
  const [lost = ''] =
    Object.entries((await plan()).servers).sort(([, one], [, other]) => other - one)[0] ?? [];
  const before = stackPlanOf(await plan({ heldReady: 'limit' }));
  const anew = await plan({ heldReady: 'limit', without: [lost] });
  const given = leftOut(stackPlanOf(anew), { without: anew.without ?? [], asTheyAre: [] }, before);
  expect(given.without).toEqual([lost]);
  expect(given.regions[lost]).toEqual(before.regions[lost]);
  const rows = [
    ...Object.values(given.weights),
    ...Object.values(given.backup ?? {}).flatMap((row) => Object.values(row)),
  ];
  expect(rows.filter((row) => row[lost] !== undefined)).toEqual([]);
  expect(Object.keys(given.weights).sort()).toEqual([...trace.regions].sort());
  // The stack takes it as it is.
  const config = {
    cluster: { context: 'c' },
    service: { image: 'i' },
    regions: trace.regions.map((name) => ({ name })),
    plan: given,
  };
  expect(parseStackConfig(config, 'the plan').plan.without).toEqual([lost]);
});

test('without any region there is no plan', async () => {
  await expect(plan({ without: trace.regions })).rejects.toThrow(NoRegionLeftError);
});
