import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type * as senders from '../../../driver/loadSender';
import type { Applied, Reconciler } from '../../../driver/reconcile';
import type * as runner from '../../../driver/runIntervals';
import type { IntervalPlan } from '../../../planning/intervalPlan';
import { startServer, stopServers } from '../loopbackServer';

// As it is built: the load runs in a process of its own, from a file.
const built = createRequire(path.join(__dirname, '../../../dist/index.js'));
const { LoadSender } = built('./driver/loadSender.js') as typeof senders;
const { runIntervals } = built('./driver/runIntervals.js') as typeof runner;

const folder = mkdtempSync(path.join(tmpdir(), 'casper-sender-'));
const configFile = path.join(folder, 'Pulumi.test.yaml');
copyFileSync(path.join(__dirname, '../../../Pulumi.dev.yaml'), configFile);
afterAll(async () => {
  await stopServers();
  rmSync(folder, { recursive: true });
});

const regions = ['us-east-1', 'us-east-2', 'us-west-1', 'eu-central-1', 'eu-west-3', 'ap-southeast-2'];
const [home = ''] = regions;
const only = (value: number): Record<string, number> =>
  Object.fromEntries(regions.map((name) => [name, name === home ? value : 0]));
const planOf = (hour: number): IntervalPlan => ({
  interval: `2026-01-05T0${hour}:00:00Z`,
  ...{ policy: 'carbon', maxLatencyMs: null, synthetic: true, regions, servers: only(5) },
  cpuMillicores: only(51 + hour),
  requests: { [home]: { [home]: 20 } },
  weights: Object.fromEntries(regions.map((name) => [name, { [home]: 1 }])),
  ...{ heldReady: 'none', standbyMillicores: {}, backup: {}, objective: 0, carbonSum: 0 },
  ...{ accounting: 'gCO2e', meanLatencyMs: null, solver: { name: 'none', status: 'by hand' } },
});

function killLoad(): void {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ');
  for (const pid of children) {
    if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('loadProcess.js'))
      process.kill(Number(pid), 'SIGKILL');
  }
}

test('load whose process is killed during an update: the update ends first, then the run, by that name', async () => {
  const { url, requests } = await startServer();
  const stop = new AbortController();
  const plans = [planOf(0), planOf(1), planOf(2)];
  const sender = new LoadSender({
    entryPoints: regions.map((name) => ({ name, url })),
    ...{ plans, secondsPerInterval: 2, seed: 1, loadShare: 1 },
    onFailure: (error) => {
      stop.abort(error);
    },
  });
  const done: string[] = [];
  const nothing: Applied = {
    update: { changes: [], seconds: 0, notes: [] },
    ...{ verification: [], rows: [], silent: [], prometheusFault: null },
  };
  const reconciler: Reconciler = {
    configFile,
    preview: () => Promise.reject(new Error('nobody asked for a preview')),
    apply: async () => {
      done.push('begun');
      if (done.length > 1) {
        while (requests.length === 0) await sleep(10);
        killLoad();
        await sleep(500);
      }
      done.push('ended');
      return nothing;
    },
  };
  const applied: string[] = [];
  const ended = runIntervals(
    plans,
    reconciler,
    [{ onApplied: ({ plan }) => void applied.push(plan.interval) }, sender],
    { secondsPerInterval: 2, previewed: false, preScaled: false, stopped: stop.signal },
    (_, work) => work(),
  );
  await expect(ended).rejects.toThrow('the process that sends the requests ended with SIGKILL');
  expect(done).toEqual(['begun', 'ended', 'begun', 'ended']);
  expect(applied).toEqual([plans[0]?.interval, plans[1]?.interval]);
});

test('a run that goes on sends what it would have sent, and tells nothing of what it has', async () => {
  const { url } = await startServer();
  const plans = [0, 1, 2, 3, 4].map(planOf);
  const sentFrom = async (from: number): Promise<[string, number][]> => {
    const told: [string, number][] = [];
    const sender = new LoadSender({
      entryPoints: regions.map((name) => ({ name, url })),
      // How many come in a fraction of a request's time is the seed's to say.
      ...{ plans, from, secondsPerInterval: 1, seed: 7, loadShare: 0.275 },
      onSent: (interval, { total }) => told.push([interval, total.due]),
    });
    sender.onBegin();
    await sender.onEnd(false);
    return told;
  };
  const undisturbed = await sentFrom(0);
  expect(undisturbed.map(([interval]) => interval)).toEqual(plans.map(({ interval }) => interval));
  expect(await sentFrom(1)).toEqual(undisturbed.slice(1));
});
