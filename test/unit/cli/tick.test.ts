import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseDocument } from 'yaml';
import type { TickRecord } from '../../../live/tickRecord';
import { readStackSettings, setStackValue } from '../../../stack/stackFile';
import { traefikServices } from '../driver/traefikServices';
import { closedPort, startServer, stopServers } from '../loopbackServer';
import { prometheusServer, steady } from '../prometheusServer';
import { canary, carbonServer, cleanUp, hour, json, latestOf, zonesOf } from '../signals/carbonServer';

const project = path.resolve(__dirname, '../../..');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'casper-tick-'));
});
afterEach(async () => {
  await cleanUp();
  await stopServers();
  rmSync(folder, { recursive: true });
});

interface Ended {
  readonly status: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

/** The compiled command in a process of its own, as cron has it. */
function casperTick(stackFile: string, ...args: string[]): Promise<Ended> {
  return casper('tick', stackFile, ...args);
}

function casper(command: 'tick' | 'run', stackFile: string, ...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [
        ...[path.join(project, 'dist/cli/main.js'), command, '--config-file', stackFile],
        ...['--runs', path.join(folder, 'runs'), ...args],
      ],
      {
        env: {
          ...{ PATH: process.env['PATH'], CASPER_CACHE: folder },
          ...(token !== undefined && { ELECTRICITY_MAPS_TOKEN: token }),
        },
        timeout: 60_000,
      },
      (error, stdout, stderr) => {
        resolve({ status: error?.code ?? 0, stdout, stderr });
      },
    );
  });
}

const grams: Record<string, number> = {
  'AU-NSW': 620,
  DE: 380,
  FR: 42,
  'US-MIDA-PJM': 410,
  'US-CAL-CISO': 250,
};

/** The token in the environment, and the zones that the right one is for. */
let token: string | undefined = canary;
let tokenFor: readonly string[] = Object.keys(grams);
afterEach(() => {
  token = canary;
  tokenFor = Object.keys(grams);
});

/** The baseline's regions, with a carbon source, and a Prometheus where its address is not given. */
async function stackFile(live: Record<string, unknown> = {}, prometheusUrl?: string): Promise<string> {
  const document = parseDocument(readFileSync(path.join(project, 'Pulumi.dev.yaml'), 'utf8'));
  const { config } = document.toJS() as { config: { 'casper:regions': { name: string }[] } };
  const names = config['casper:regions'].map(({ name }) => name);
  const carbon = await carbonServer(
    (url, request, response) => {
      const zone = url.searchParams.get('zone') ?? '';
      if (request.headers['auth-token'] !== canary) json(response, { message: 'Invalid auth-token' }, 401);
      else if (url.pathname.endsWith('/zones')) json(response, zonesOf(tokenFor));
      else json(response, latestOf(zone, grams[zone], hour(0, Date.now())));
    },
    () => Date.now(),
  );
  const { url } = await prometheusServer(() => names.map((name) => steady(name, 10)));
  const set = (key: string, value: unknown): void => {
    document.setIn(['config', key], document.createNode(value));
  };
  set('casper:cluster', { context: 'nowhere', kubeconfig: path.join(folder, 'kubeconfig') });
  set(
    'casper:regions',
    names.map((name) => ({ name, cloud: { provider: 'aws', region: name } })),
  );
  set('casper:hosts', []);
  set('casper:signals', { sources: [{ name: 'maps', kind: 'electricityMaps', baseUrl: carbon.url }] });
  set('casper:demand', { url: prometheusUrl ?? url, query: 'rate(x[$window])' });
  set('casper:live', live);
  document.setIn(['config', 'casper:plan', 'interval'], '2020-01-01T00:00:00Z');
  const file = path.join(folder, 'Pulumi.test.yaml');
  writeFileSync(file, document.toString());
  return file;
}

test('a dry run prints and writes the plan with what each value came from, and changes nothing', async () => {
  const file = await stackFile();
  const before = readFileSync(file, 'utf8');
  const out = path.join(folder, 'tick.json');
  const { status, stdout, stderr } = await casperTick(file, '--dry-run', '--out', out);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/planned: the interval has no plan yet/);
  expect(stdout).toMatch(/^ {2}eu-west-3 +42\.0 +now +maps FR +10\.0 +now/m);
  expect(stdout).toMatch(/SYNTHETIC/);
  const written = JSON.parse(readFileSync(out, 'utf8')) as TickRecord;
  expect(written).toMatchObject({
    outcome: 'planned',
    values: { carbon: { 'eu-west-3': { gramsPerKwh: 42, from: 'source' } } },
  });
  expect(written.plan?.regions['eu-west-3']?.servers).toBe(8);
  expect(readFileSync(file, 'utf8')).toBe(before);
  expect(existsSync(path.join(folder, 'runs'))).toBe(false);
});

test('a region that the proxies call lost, twice, is left out of the plan, with the reason', async () => {
  const file = await stackFile();
  const { regions } = readStackSettings(file);
  const names = regions.map(({ name }) => name);
  const { url } = await startServer((response) => response.end(traefikServices(names, ['eu-west-3'])));
  setStackValue(file, {
    keys: ['casper:hosts'],
    value: [{ name: 'here', address: '127.0.0.1', traefik: '/usr/bin/traefik' }],
  });
  setStackValue(file, {
    keys: ['casper:regions'],
    value: regions.map((region, index) => ({
      ...region,
      loadBalancer: { address: '192.0.2.1', port: 1000 + index },
      traefik: {
        host: 'here',
        ...{ entryPointPort: 1100 + index, apiPort: 1200 + index },
        // One proxy answers: of the others nothing is known.
        metricsPort: index === 0 ? Number(new URL(url).port) : 1300 + index,
      },
    })),
  });
  const { status, stdout, stderr } = await casperTick(file, '--dry-run', '--json');
  expect([status, stderr]).toEqual([0, 'note: lost by what the proxies say, and left out: eu-west-3\n']);
  const { why, plan } = JSON.parse(stdout) as TickRecord;
  expect(why).toBe('the interval has no plan yet; left out, because lost: eu-west-3');
  expect(plan?.without).toEqual(['eu-west-3']);
});

test('no Prometheus: exit code 4, the reason, and the record of it; the plan before stays', async () => {
  const file = await stackFile({}, await closedPort());
  const before = readFileSync(file, 'utf8');
  const { status, stdout } = await casperTick(file, '--json');
  expect(status).toBe(4);
  const tick = JSON.parse(stdout) as TickRecord;
  expect(tick.outcome).toBe('held');
  expect(tick.reasons[0]).toMatch(/^demand of .*: No Prometheus answers at /);
  expect(readFileSync(file, 'utf8')).toBe(before);
  const [day = ''] = readdirSync(path.join(folder, 'runs'));
  expect(day).toMatch(/^live-dev-\d{8}$/);
  const lines = readFileSync(path.join(folder, 'runs', day, 'ticks.jsonl'), 'utf8')
    .trim()
    .split('\n');
  expect(lines.map((line) => (JSON.parse(line) as TickRecord).outcome)).toEqual(['held']);
});

test('with --log json, standard error has a line of JSON an event, and standard output nothing for people', async () => {
  const file = await stackFile();
  const { status, stdout, stderr } = await casperTick(file, '--log', 'json');
  expect([status, stdout]).toEqual([1, '']);
  const events = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(events).toEqual([
    expect.objectContaining({ level: 'error', event: 'tick', outcome: 'failed', heldBy: null }),
    expect.objectContaining({ level: 'error', event: 'failed', name: 'ClusterError' }),
  ]);
  for (const { time } of events) expect(Date.parse(String(time))).toBeGreaterThan(Date.now() - 60_000);
  expect(events[1]?.['message']).toContain('kubeconfig');
});

test('a live run has the same log, and metrics are of live runs alone', async () => {
  const file = await stackFile();
  const { status, stdout, stderr } = await casper('run', file, '--live', '--log', 'json');
  expect([status, stdout]).toEqual([1, '']);
  expect(JSON.parse(stderr)).toMatchObject({ level: 'error', event: 'failed', name: 'ClusterError' });
  const recorded = await casper('run', file, '--metrics-listen', '0');
  expect([recorded.status, recorded.stderr]).toEqual([1, expect.stringContaining('are of --live')]);
});

test('metrics in a file for the node exporter, whatever becomes of the tick; a dry run writes none', async () => {
  const file = await stackFile();
  const metrics = path.join(folder, 'casper.prom');
  await casperTick(file, '--dry-run', '--metrics-file', metrics);
  expect(existsSync(metrics)).toBe(false);
  for (let time = 0; time < 2; time++) {
    expect((await casperTick(file, '--metrics-file', metrics)).status).toBe(1);
  }
  const text = readFileSync(metrics, 'utf8');
  expect(text).toContain('casper_ticks_total{stack="dev",outcome="failed"} 2\n');
  expect(text).toContain('casper_interval_seconds{stack="dev"} 3600\n');
  const nowhere = await casperTick(file, '--metrics-file', path.join(folder, 'none', 'casper.prom'));
  expect([nowhere.status, nowhere.stderr]).toEqual([1, expect.stringContaining('none does not exist')]);
  const named = await casperTick(file, '--metrics-file', path.join(folder, 'casper.txt'));
  expect([named.status, named.stderr]).toEqual([1, expect.stringContaining('ends with .prom')]);
});

test('paused: exit code 5', async () => {
  const { status, stdout } = await casperTick(await stackFile({ paused: true }));
  expect(status).toBe(5);
  expect(stdout).toContain('paused by casper:live.paused');
});

test('a cluster that is not there: exit code 1, and the plan before stays', async () => {
  const file = await stackFile();
  const { status, stderr } = await casperTick(file);
  expect(status).toBe(1);
  expect(stderr).toContain('kubeconfig');
  expect(readStackSettings(file).plan.interval).toBe('2020-01-01T00:00:00Z');
});

test('rights for two of five zones: the other regions are named, nothing is planned, and the tick is recorded', async () => {
  tokenFor = ['FR', 'DE'];
  const file = await stackFile();
  const { status, stdout, stderr } = await casperTick(file);
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/us-east-2 \(zone US-MIDA-PJM of maps\): the token is not for it, but for FR, DE/);
  expect(stderr).toMatch(/ap-southeast-2 \(zone AU-NSW of maps\)/);
  expect(stderr).not.toContain('eu-west-3');
  expect(readStackSettings(file).plan.interval).toBe('2020-01-01T00:00:00Z');
  const [day = ''] = readdirSync(path.join(folder, 'runs'));
  const ticks = readFileSync(path.join(folder, 'runs', day, 'ticks.jsonl'), 'utf8');
  expect(JSON.parse(ticks)).toMatchObject({ outcome: 'failed', plan: null });
});

describe('what stands in the way of every value: exit code 1, the plan before stays, and the tick is recorded', () => {
  async function expectRefused(file: string, reason: RegExp): Promise<void> {
    const before = readFileSync(file, 'utf8');
    const { status, stdout, stderr } = await casperTick(file);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(reason);
    expect(readFileSync(file, 'utf8')).toBe(before);
    const [day = ''] = readdirSync(path.join(folder, 'runs'));
    const ticks = readFileSync(path.join(folder, 'runs', day, 'ticks.jsonl'), 'utf8');
    expect(JSON.parse(ticks)).toMatchObject({
      outcome: 'failed',
      reasons: [expect.stringMatching(reason) as unknown],
      plan: null,
      applied: null,
    });
  }

  test('no token', async () => {
    token = undefined;
    await expectRefused(
      await stackFile(),
      /eu-west-3.*needs the environment variable ELECTRICITY_MAPS_TOKEN, which is not set/,
    );
  });

  test('a wrong one, which is not shown', async () => {
    token = 'canary-wrong';
    const file = await stackFile();
    await expectRefused(file, /eu-west-3.*status 401, "Invalid auth-token"; check the credential/);
    expect((await casperTick(file)).stderr).not.toContain(token);
  });

  test('marginal for one region and average for the others', async () => {
    const file = await stackFile();
    const { sources } = readStackSettings(file).signals ?? { sources: [] };
    const tape = { name: 'tape', kind: 'recorded', folder: path.join(project, 'traces/sample') };
    setStackValue(file, {
      keys: ['casper:signals', 'sources'],
      value: [...sources, { ...tape, signal: 'marginal', factors: 'direct' }],
    });
    setStackValue(file, {
      keys: ['casper:regions', '0', 'signal'],
      value: { source: 'tape', zone: 'eu-west-3' },
    });
    await expectRefused(file, /marginal, direct, not flow-traced: \S+ \(tape\)/);
  });
});

test('a recording is enough: no account, and every value says that it is recorded', async () => {
  const file = await stackFile();
  const sample = path.join(project, 'traces/sample');
  setStackValue(file, {
    keys: ['casper:signals'],
    value: {
      sources: [{ name: 'tape', kind: 'recorded', folder: sample, signal: 'average', factors: 'lifeCycle' }],
    },
  });
  const { status, stdout, stderr } = await casperTick(file, '--dry-run');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(
    /^ {2}eu-west-3 +[\d.]+ +now, recorded \d{4}-\d\d-\d\dT\d\d:00:00Z +tape eu-west-3/m,
  );
});

test('no placement within the bound: exit code 3', async () => {
  const { status, stderr } = await casperTick(await stackFile(), '--max-latency', '0', '--dry-run');
  expect(status).toBe(3);
  expect(stderr).toContain('reaches no region within 0 ms');
});

test('a policy that looks ahead, and a region without latencies, are refused with a remedy', async () => {
  const file = await stackFile();
  const oracle = await casperTick(file, '--policy', 'oracle', '--dry-run');
  expect(oracle.status).toBe(1);
  expect(oracle.stderr).toContain('looks beyond the interval');
  writeFileSync(path.join(folder, 'latency.csv'), 'a,b\n1,2\n2,1\n');
  const latency = await casperTick(file, '--traces', folder, '--dry-run');
  expect(latency.stderr).toContain('give --traces a folder whose latency.csv has every region');
});
