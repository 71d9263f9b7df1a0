import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { dynamicConfig, staticConfig } from '../../components/traefikConfig';
import { lossesIn, lostRegions, servedTraffic, type ServedTraffic } from '../../driver/verify/servedWeights';
import { Backend, loadDuring, shares } from './backend';
import { freeAddress, RunningProgram } from './observe/runningProgram';
import { tool } from './tools';

/** A real Traefik whose regions die and come back. */

const folder = mkdtempSync(path.join(tmpdir(), 'casper-failover-'));
const weights = { a: 3, b: 1 };
const backup = { a: { c: 1 } };

let traefik: RunningProgram;
let backends: Record<string, Backend>;
let addresses: Record<'entryPointAddress' | 'metricsAddress' | 'apiAddress', string>;

beforeAll(async () => {
  backends = Object.fromEntries(
    await Promise.all(['a', 'b', 'c', 'd'].map(async (name) => [name, await Backend.start(name)] as const)),
  );
  addresses = {
    entryPointAddress: await freeAddress(),
    metricsAddress: await freeAddress(),
    apiAddress: await freeAddress(),
  };
  mkdirSync(path.join(folder, 'dynamic'));
  writeFileSync(path.join(folder, 'traefik.yml'), staticConfig({ folder, ...addresses }));
  const { file } = dynamicConfig({
    destinations: Object.fromEntries(Object.entries(backends).map(([name, { url }]) => [name, url])),
    ...{ weights, backup, watched: ['d'] },
    healthCheck: { path: '/', intervalSeconds: 1, timeoutMs: 500 },
  });
  writeFileSync(path.join(folder, 'dynamic', 'weights.yml'), file);
  traefik = await RunningProgram.start(
    tool('traefik'),
    [`--configFile=${path.join(folder, 'traefik.yml')}`],
    `http://${addresses.apiAddress}/api/http/middlewares/revision@file`,
  );
}, 60_000);

afterAll(async () => {
  await traefik.end('SIGTERM');
  for (const backend of Object.values(backends)) backend.stop();
  rmSync(folder, { recursive: true });
}, 30_000);

/** What Traefik serves once it finds that these regions are lost, and no others. */
async function servedWhenLost(lost: readonly string[]): Promise<ServedTraffic> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const served = await servedTraffic(addresses);
    const found = lostRegions([lossesIn(served)]);
    if (found.join() === lost.join() || Date.now() > deadline) {
      expect(found).toEqual(lost);
      return served;
    }
    await sleep(50);
  }
}

/** Sends 40 requests; after a load of several clients the weighted round may stand anywhere, which is one request's worth. */
async function expectShares(expected: Readonly<Record<string, number>>): Promise<void> {
  const counts = await shares(addresses.entryPointAddress, 40);
  expect(Object.keys(counts).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, count] of Object.entries(expected)) {
    expect(Math.abs((counts[name] ?? 0) - count)).toBeLessThanOrEqual(1);
  }
}

const restarted = async (name: string): Promise<void> => {
  const port = Number(new URL(backends[name]?.url ?? '').port);
  backends[name] = await Backend.start(name, port);
};

test('while all regions answer, the shares are the planned ones to the request; what is served can be read', async () => {
  expect(await servedWhenLost([])).toMatchObject({ weights: { a: 3, b: 1, c: 0, d: 0 }, backup });
  expect(await shares(addresses.entryPointAddress, 40)).toEqual({ a: 30, b: 10 });
});

test('a lost region’s share goes to its backup alone, and comes back; only what was under way fails', async () => {
  const { sent, failures } = await loadDuring(
    addresses.entryPointAddress,
    sleep(500).then(async () => {
      backends['a']?.stop();
      await servedWhenLost(['a']);
      await sleep(500);
    }),
  );
  // Of the requests that were under way when the connections were cut, one for each of the eight clients at the most.
  expect(failures.length).toBeLessThanOrEqual(8);
  expect(sent).toBeGreaterThan(100);
  await expectShares({ c: 30, b: 10 });
  await restarted('a');
  await servedWhenLost([]);
  await expectShares({ a: 30, b: 10 });
}, 60_000);

test('where a region and its backup are lost, the rest of the row serves', async () => {
  backends['a']?.stop();
  backends['c']?.stop();
  await servedWhenLost(['a', 'c']);
  await expectShares({ b: 40 });
  await restarted('a');
  await restarted('c');
  await servedWhenLost([]);
}, 60_000);

test('a region that gets no requests is watched too', async () => {
  backends['d']?.stop();
  await servedWhenLost(['d']);
  await restarted('d');
  await servedWhenLost([]);
}, 60_000);
