import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { parseDocument } from 'yaml';
import type { IntervalPlan } from '../../../planning/intervalPlan';
import { readStackFile } from '../../../stack/stackFile';
import { kubectl } from '../kubectl';
import { casper, checkout, type Change, type Outcome } from './casperCommand';
import { allTo, runUnderLoad } from './plansUnderLoad';

jest.setTimeout(600_000);

const name = 'test-request-path';
const sample = path.join(checkout, 'traces', 'sample');
const regions = ['ap-southeast-2', 'eu-central-1', 'eu-west-3', 'us-east-1', 'us-east-2', 'us-west-1'];

/** The whole of it: MetalLB, a Traefik for each region on a host of its own, Prometheus. */
describe('the request path', () => {
  let folder: string;
  let configFile: string;
  const run = (command: string, ...args: string[]): Promise<Outcome> =>
    casper([command, '--stack', name, '--config-file', configFile, ...args]);
  const apply = async (): Promise<{
    changes: Change[];
    notes: string[];
    verification: { ok: boolean }[];
  }> => {
    const { exitCode, stdout, stderr } = await run('apply', '--json');
    if (exitCode !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as Awaited<ReturnType<typeof apply>>;
  };
  const setIn = (keys: (string | number)[], value: unknown): void => {
    const document = parseDocument(readFileSync(configFile, 'utf8'));
    document.setIn(['config', ...keys], document.createNode(value));
    writeFileSync(configFile, document.toString({ lineWidth: 0 }));
  };

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'casper-test-'));
    configFile = path.join(folder, `Pulumi.${name}.yaml`);
    const init = await casper(['init', '--lab', '--traces', sample, '--config-file', configFile]);
    expect([init.exitCode, init.stderr]).toEqual([0, '']);
    setIn(['casper:service', 'drainSeconds'], 1);
    const baseline = parseDocument(readFileSync(path.join(checkout, 'Pulumi.dev.yaml'), 'utf8'));
    setIn(['casper:plan'], (baseline.toJS() as { config: Record<string, unknown> }).config['casper:plan']);
  });
  afterAll(async () => {
    const platform = `${name}-platform`;
    for (const [stack, file] of [
      [name, configFile],
      [platform, path.join(folder, `Pulumi.${platform}.yaml`)],
    ] as const) {
      const options = ['--yes', '--remove', '--stack', stack, '--config-file', file];
      await execa('pulumi', ['destroy', ...options], { cwd: checkout });
    }
    rmSync(folder, { recursive: true });
  });

  /** The host that is index-th, as `casper init --lab` gives it to the index-th region. */
  const onHost = async (index: number, ...command: string[]): Promise<string> =>
    (
      await execa('ssh', [
        ...['-i', path.join(process.env['CASPER_LAB'] ?? '', 'ssh', 'client')],
        ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR'],
        `root@192.168.245.${101 + index}`,
        ...command,
      ])
    ).stdout;
  /** Weights that a region's Traefik serves, those of 0 left out, by its own API. */
  const servedWeights = async (region: string): Promise<Record<string, number>> => {
    const text = await onHost(
      regions.indexOf(region),
      'curl',
      '-s',
      'http://127.0.0.1:8200/api/http/services/weighted_row@file',
    );
    const { weighted } = JSON.parse(text) as { weighted: { services: { name: string; weight: number }[] } };
    return Object.fromEntries(
      weighted.services.filter(({ weight }) => weight > 0).map((service) => [service.name, service.weight]),
    );
  };
  const entryPoint = (region: string): string => `http://192.168.245.${101 + regions.indexOf(region)}:8000`;

  test('the reference’s example, through to the pods’ cgroups and every Traefik’s own weights', async () => {
    const { verification, notes } = await apply();
    expect(notes).toEqual([]);
    expect(verification).toHaveLength(6);
    expect(verification.every(({ ok }) => ok)).toBe(true);
    expect(await Promise.all(regions.map(servedWeights))).toEqual([
      { 'ap-southeast-2': 1 },
      { 'eu-west-3': 1 },
      { 'eu-west-3': 1 },
      { 'us-east-1': 1 },
      { 'us-east-1': 1 },
      { 'us-west-1': 1 },
    ]);
    for (const region of regions) {
      const answer = await fetch(`${entryPoint(region)}/`);
      expect([region, answer.status, await answer.text()]).toEqual([
        region,
        200,
        expect.stringContaining('Kiwix'),
      ]);
    }
  });

  test('another row of weights touches that row alone, and is served in its shares', async () => {
    setIn(['casper:plan', 'weights', 'us-east-2'], { 'us-east-1': 4, 'us-west-1': 1 });
    expect((await apply()).changes.map(({ resource }) => resource)).toEqual(['Command us-east-2-weights']);
    expect(await servedWeights('us-east-2')).toEqual({ 'us-east-1': 4, 'us-west-1': 1 });
    expect(await servedWeights('us-east-1')).toEqual({ 'us-east-1': 1 });
    const before = await countsOf('us-east-2');
    for (let request = 0; request < 100; request++) await (await fetch(`${entryPoint('us-east-2')}/`)).text();
    const after = await countsOf('us-east-2');
    expect((after['us-east-1'] ?? 0) - (before['us-east-1'] ?? 0)).toBe(80);
    expect((after['us-west-1'] ?? 0) - (before['us-west-1'] ?? 0)).toBe(20);
  });

  test('pods that never get ready in one region: it alone is named, with the reason, and every origin is served', async () => {
    const nodeOf = readStackFile(configFile).regions.map(
      ({ nodeSelector }) => nodeSelector?.['kubernetes.io/hostname'] ?? '',
    );
    const [own = ''] = nodeOf;
    const closed = nodeOf.find((node) => node !== own) ?? '';
    const selector = ['casper:regions', 0, 'nodeSelector', 'kubernetes.io/hostname'];
    await kubectl('taint', 'node', closed, 'casper.test/closed=:NoSchedule');
    setIn(['casper:service', 'rolloutTimeoutSeconds'], 20);
    setIn(selector, closed);
    try {
      const { exitCode, stderr } = await run('apply');
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/ap-southeast-2: pod kiwix-ap-southeast-2-\S+: .*taint/);
      expect(stderr).not.toMatch(/(eu|us)-\S+: pod/);
      for (const region of regions) expect((await fetch(`${entryPoint(region)}/`)).status).toBe(200);
    } finally {
      await kubectl('taint', 'node', closed, 'casper.test/closed-');
      setIn(selector, own);
      setIn(['casper:service', 'rolloutTimeoutSeconds'], 180);
    }
    expect((await apply()).verification.every(({ ok }) => ok)).toBe(true);
  });

  /** Requests that a region's Traefik has counted, by destination. */
  const countsOf = async (region: string): Promise<Record<string, number>> => {
    const text = await (
      await fetch(`http://192.168.245.${101 + regions.indexOf(region)}:8100/metrics`)
    ).text();
    const lines = [...text.matchAll(/^traefik_service_requests_total\{.*service="([^"@]+)@file"\} (\S+)$/gm)];
    const counts: Record<string, number> = {};
    for (const [, service = '', count] of lines) counts[service] = (counts[service] ?? 0) + Number(count);
    return counts;
  };

  const wrongRows = (json: string): string[] =>
    (JSON.parse(json) as { rows: { origin: string; ok: boolean }[] }).rows
      .filter(({ ok }) => !ok)
      .map(({ origin }) => origin);

  test('weights that somebody changed on a host: verify says so, apply brings the plan’s back', async () => {
    const file = '/var/lib/casper-lab/hosts/casper-host-2/traefik-eu-central-1/dynamic/weights.yml';
    await onHost(1, `sed -i 's/weight: [1-9][0-9]*/weight: 7777/' ${file}`);
    await sleep(1000);
    const verify = await run('verify', '--json');
    expect([verify.exitCode, wrongRows(verify.stdout)]).toEqual([1, ['eu-central-1']]);
    expect(verify.stdout).toContain('has the weight 7777, expected ');
    const { changes } = await apply();
    expect(new Set(changes.map(({ resource }) => resource))).toEqual(
      new Set(['Command eu-central-1-weights']),
    );
    expect((await run('verify')).exitCode).toBe(0);
  });

  const traefikFolder = '/var/lib/casper-lab/hosts/casper-host-2/traefik-eu-central-1';
  const processOf = (index: number, processFolder: string): Promise<string> =>
    onHost(index, `cut -d ' ' -f 1 ${processFolder}/pid`);
  /** With all that looks after it. */
  const killForGood = async (index: number, processFolder: string): Promise<void> => {
    const supervisor = await onHost(index, `cut -d ' ' -f 1 ${processFolder}/supervisor`);
    await onHost(index, `kill -9 -- -${supervisor} ${await processOf(index, processFolder)}`);
    await sleep(500);
  };

  test('a Traefik that was killed is back before anybody asks', async () => {
    const before = await processOf(1, traefikFolder);
    await onHost(1, 'kill', '-9', before);
    await sleep(5000);
    expect(await processOf(1, traefikFolder)).not.toBe(before);
    expect((await run('verify')).exitCode).toBe(0);
  });

  test('a Traefik that nobody looks after any more: verify says so, apply starts it again and touches no other', async () => {
    const before = await processOf(1, traefikFolder);
    await killForGood(1, traefikFolder);
    const verify = await run('verify', '--json');
    expect([verify.exitCode, wrongRows(verify.stdout)]).toEqual([1, ['eu-central-1']]);
    const { changes, notes } = await apply();
    expect(notes).toEqual([
      'the Traefik of eu-central-1 did not answer here; its host has started it if it had died',
    ]);
    expect(new Set(changes.map(({ resource }) => resource))).toEqual(
      new Set(['Command eu-central-1-traefik-process']),
    );
    expect(await processOf(1, traefikFolder)).not.toBe(before);
    expect((await fetch(`${entryPoint('eu-central-1')}/`)).status).toBe(200);
    expect((await run('verify')).exitCode).toBe(0);
  });

  test('a Traefik that the driver alone cannot reach is left as it is', async () => {
    const before = await processOf(1, traefikFolder);
    const port = new URL(entryPoint('eu-central-1')).port;
    const refuse = (action: string): Promise<string> =>
      onHost(
        1,
        `iptables ${action} INPUT -p tcp --dport ${port} -s 192.168.245.254 -j REJECT --reject-with tcp-reset`,
      );
    await refuse('-I');
    try {
      await apply();
    } finally {
      await refuse('-D');
    }
    expect(await processOf(1, traefikFolder)).toBe(before);
  });

  test('a Prometheus that nobody looks after any more: verify says so, apply starts it again', async () => {
    const config = readStackFile(configFile);
    const host = config.hosts.findIndex(({ prometheus }) => prometheus);
    await killForGood(host, `${config.hosts[host]?.folder ?? ''}/prometheus`);
    const verify = await run('verify');
    expect([verify.exitCode, verify.stdout]).toEqual([
      1,
      expect.stringMatching(/Prometheus: it does not answer at http:.*ECONNREFUSED/),
    ]);
    expect((await apply()).notes).toEqual([
      'Prometheus did not answer here; its host has started it if it had died',
    ]);
    expect((await run('verify')).exitCode).toBe(0);
  });

  test('run --load, ended by a signal: what was sent until then has its table, and the run its page', async () => {
    const [traces, runs] = [path.join(folder, 'traces'), path.join(folder, 'runs')];
    cpSync(sample, traces, { recursive: true });
    const requests = path.join(traces, 'requests.csv');
    const tenth = (row: string): string =>
      row.replaceAll(/(?<=,)\d+(?=,|$)/g, (count) => String(Math.ceil(Number(count) / 10)));
    const [header = '', ...rows] = readFileSync(requests, 'utf8').trimEnd().split('\n');
    writeFileSync(requests, `${[header, ...rows.map(tenth)].join('\n')}\n`);
    const child = execa(
      'node',
      [
        ...['dist/cli/main.js', 'run', '--load', '--stack', name, '--config-file', configFile],
        ...['--traces', traces, '--runs', runs, '--intervals', '2', '--seconds-per-interval', '120'],
      ],
      { cwd: checkout, reject: false },
    );
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    while (!said.includes('serve the plan') && child.exitCode === null) await sleep(100);
    await sleep(5000);
    child.kill('SIGINT');
    expect((await child).exitCode).toBe(130);
    const [records = ''] = readdirSync(runs);
    const sent = readFileSync(path.join(runs, records, 'sent.jsonl'), 'utf8')
      .trimEnd()
      .split('\n');
    const due = sent.map((line) => (JSON.parse(line) as { total: { due: number } }).total.due);
    expect(due.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(100);
    expect(readFileSync(path.join(runs, records, 'report.html'), 'utf8')).toContain('of 2 intervals');
    await apply();
  });

  describe('while the plan changes under load', () => {
    const runThrough = (plans: IntervalPlan[], preScaled: boolean, sent = plans) =>
      runUnderLoad({ projectDirectory: checkout, stackName: name, configFile }, plans, preScaled, sent);
    const move = [
      allTo(regions, 'eu-west-3', '2026-01-05T00:00:00Z'),
      allTo(regions, 'us-east-1', '2026-01-05T01:00:00Z'),
    ];

    test('no destination receives more than its ready servers carry', async () => {
      const {
        loads: [, load],
        failed,
      } = await runThrough(move, false);
      expect(load).toBeLessThanOrEqual(1);
      // 0.9 but for the scrapes' moments: a region that grows serves before the other shrinks.
      expect(load).toBeGreaterThan(0.8);
      expect(failed).toBe(0);
    });

    test('nor where an interval’s requests treble: its servers are ready before it', async () => {
      const rise = [
        allTo(regions, 'us-east-1', '2026-01-05T02:00:00Z', 10),
        allTo(regions, 'us-east-1', '2026-01-05T03:00:00Z', 30),
      ];
      const { intervals, loads, failed } = await runThrough(rise, true);
      const servers = intervals.map(({ stackPlan }) => stackPlan.regions['us-east-1']?.servers);
      expect(servers).toEqual([rise[1]?.servers['us-east-1'], rise[1]?.servers['us-east-1']]);
      for (const load of loads) expect(load).toBeLessThanOrEqual(1);
      expect(failed).toBe(0);
    });

    test('with half of the servers gone before the requests, one does', async () => {
      const [before] = move;
      const half = Math.ceil(Object.values(before?.servers ?? {}).reduce((sum, count) => sum + count, 0) / 2);
      // A plan for the requests that come would be refused.
      const [expected, sent] = [15, 30].map((rate) => {
        const gone = allTo(regions, 'eu-west-3', '2026-01-05T01:00:00Z', rate, half);
        return [...(before ? [before] : []), gone];
      });
      const { loads } = await runThrough(expected ?? [], false, sent);
      expect(loads[1]).toBeGreaterThan(1.5);
    });
  });

  describe('bad input', () => {
    let good: string;
    beforeEach(() => {
      good = readFileSync(configFile, 'utf8');
    });
    afterEach(() => {
      writeFileSync(configFile, good);
    });
    // Nothing was changed: there is nothing to change back.
    afterAll(async () => {
      expect((await apply()).changes).toEqual([]);
    });
    const refused = async (...parts: string[]): Promise<void> => {
      const { exitCode, stderr } = await run('apply');
      for (const part of parts) expect(stderr).toContain(part);
      expect(stderr).not.toMatch(/^\s+at /m);
      expect(exitCode).toBe(1);
    };

    test('an address that is a node’s', async () => {
      setIn(['casper:regions', 0, 'loadBalancer', 'address'], '192.168.245.2');
      await refused(
        'casper:regions.ap-southeast-2.loadBalancer.address: 192.168.245.2 is the address of node casper-lab-2',
      );
    });

    test('two regions at one address and port', async () => {
      setIn(['casper:regions', 1, 'loadBalancer', 'port'], 8081);
      await refused('ap-southeast-2 and eu-central-1 are both at 192.168.245.201:8081');
    });

    test('a manifest that does not exist', async () => {
      setIn(['casper:platform', 'metalLb', 'manifest'], '/nowhere/metallb.yaml');
      await refused('casper:platform.metalLb.manifest: /nowhere/metallb.yaml does not exist');
    });
  });

  test('the platform gets a stack of its own: what runs stays the same, and answers throughout', async () => {
    const objects = async (): Promise<string> =>
      kubectl(
        ...['get', 'deployments,daemonsets,customresourcedefinitions,namespaces', '-A'],
        ...['-o', 'jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.uid}{"\\n"}{end}'],
      );
    const before = await objects();
    expect(before).toContain('CustomResourceDefinition ipaddresspools.metallb.io');
    const failures: string[] = [];
    const ended = new AbortController();
    const asked = (async () => {
      while (!ended.signal.aborted) {
        for (const region of regions) {
          const answer = await fetch(`${entryPoint(region)}/`).catch((error: unknown) => error as Error);
          if (answer instanceof Error || answer.status !== 200) failures.push(region);
          else await answer.text();
        }
        await sleep(100);
      }
    })();
    const platform = await run('platform');
    expect([platform.exitCode, readStackFile(configFile).scope]).toEqual([0, 'service']);
    const { changes } = await apply();
    ended.abort();
    await asked;
    expect(failures).toEqual([]);
    expect(await objects()).toBe(before);
    // Out of this stack's state, not out of the cluster.
    expect(changes.every(({ operation }) => operation === 'delete')).toBe(true);
    expect((await apply()).changes).toEqual([]);
  });
});
