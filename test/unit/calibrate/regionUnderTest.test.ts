import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { calibrate, type CalibrationOptions } from '../../../calibrate/calibration';
import type { CalibrationTarget } from '../../../calibrate/calibrationTarget';
import type * as underTestModule from '../../../calibrate/regionUnderTest';
import { kubeConfigOf } from '../../../cluster/connection';
import { referenceCapacity } from '../../../stack/capacity';
import { containerName } from '../../../stack/naming';
import { FakeApiServer } from '../../hosts/fakeApiServer';
import { closedPort, startServer, stopServers } from '../loopbackServer';

/** The compiled module: it starts the compiled process that sends the requests. */
const { RegionUnderTest } = createRequire(__filename)(
  path.join(__dirname, '../../../dist/calibrate/regionUnderTest.js'),
) as typeof underTestModule;

let folder: string;
let cluster: FakeApiServer;
let target: CalibrationTarget;
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'casper-calibrate-'));
  cluster = await FakeApiServer.start(folder, containerName);
  cluster.addPod('north-1', 281);
  target = {
    ...{ region: 'north', namespace: 'casper', address: (await startServer()).url, pods: 1 },
    ...{ limitMillicores: 281, requestMillicores: 253, resizeTimeoutSeconds: 5 },
    capacity: referenceCapacity,
    cluster: { name: 'cluster', context: 'fake', kubeconfig: cluster.kubeconfig },
  };
});
afterEach(async () => {
  cluster.stop();
  await stopServers();
  rmSync(folder, { recursive: true });
});

function underTest(signal = new AbortController().signal, latencyMs = 1000): underTestModule.RegionUnderTest {
  return new RegionUnderTest(target, kubeConfigOf(target.cluster), {
    ...{ path: '/', latencyMs, signal },
    settleWithinMs: 500,
  });
}

const limits = (): number[] => cluster.pods.map(({ limitMillicores }) => limitMillicores);

test('pods get a limit, and the plan’s again', async () => {
  const region = underTest();
  await region.assertAsPlanned();
  expect(await region.resize(100)).toBe('');
  expect(limits()).toEqual([100]);
  // The fake runs no commands in pods.
  expect(await region.cpuSeconds()).toHaveProperty('unknown');
  expect(await region.restore()).toBe('');
  expect(limits()).toEqual([281]);
});

test('a resize that the kubelet refuses has the pods replaced, as an update of the stack has, and says so', async () => {
  cluster.refusal = 'Node has not enough of it';
  expect(await underTest().resize(100)).toContain('the pods were replaced');
});

test('pods that are not as planned are refused before anything is changed', async () => {
  cluster.pods = [];
  cluster.addPod('north-1', 300);
  await expect(underTest().assertAsPlanned()).rejects.toThrow(
    'north does not run as planned: north-1 has a CPU limit of 300m, expected 281m; apply the stack file first',
  );
  cluster.pods = [];
  await expect(underTest().assertAsPlanned()).rejects.toThrow('0 ready pods, expected 1');
  expect(cluster.requests.filter((request) => request.startsWith('PATCH'))).toEqual([]);
});

test('an update of the stack meanwhile is noticed', async () => {
  const region = underTest();
  await region.resize(100);
  cluster.pods = [];
  cluster.addPod('north-1', 281);
  await expect(region.cpuSeconds()).rejects.toThrow(
    'somebody else changes the CPU of north while it is calibrated: north-1 has a CPU limit of 281m, expected 100m',
  );
});

test('requests are sent to the region itself, and those of the first second are not counted', async () => {
  const { url, requests } = await startServer();
  target = { ...target, address: url };
  const { counted, answered, seconds } = await underTest().send(40, 1, 7);
  expect(seconds).toBe(2);
  expect(answered).toBe(requests.length);
  expect(answered).toBeGreaterThan(50);
  expect(counted.answered).toBeGreaterThan(20);
  expect(counted.answered).toBeLessThan(answered);
});

test('an address that answers errors, or nothing, is waited for no longer than the bound', async () => {
  const failing = await startServer((response) => response.writeHead(404).end());
  target = { ...target, address: failing.url };
  await expect(underTest().settle()).rejects.toThrow(
    /was asked for 0.5 s, one request at a time, and answered none within 1000 ms \(last: status 404 after/,
  );
  target = { ...target, address: await closedPort() };
  await expect(underTest().settle()).rejects.toThrow(/ECONNREFUSED/);
});

test('a target below what the unloaded region takes is said after the bound', async () => {
  const slow = await startServer((response) => setTimeout(() => response.end(), 60));
  target = { ...target, address: slow.url };
  await expect(underTest(undefined, 20).settle()).rejects.toThrow(
    /answered none within 20 ms \(last: status 200 after \d+ ms\); take a higher target \(--latency\)/,
  );
});

test('a signal in the middle of it: the region has its planned CPU', async () => {
  const stop = new AbortController();
  const region = underTest(stop.signal);
  const options: CalibrationOptions = {
    ...{ region: 'north', millicores: [50, 100, 200], rounds: 2, latencyMs: 1000, percentile: '99' },
    ...{ seconds: 30, seed: 1, believed: () => 10, signal: stop.signal },
  };
  setTimeout(() => {
    stop.abort();
  }, 2500);
  await expect(
    calibrate(
      region,
      options,
      (_, work) => work(),
      () => undefined,
    ),
  ).rejects.toThrow('ended by a signal');
  expect(cluster.requests.filter((request) => request.startsWith('PATCH'))).toHaveLength(2);
  expect(limits()).toEqual([281]);
});
