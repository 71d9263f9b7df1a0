import { execFile, execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PulumiFn } from '@pulumi/pulumi/automation';
import * as pulumi from '@pulumi/pulumi';
import { parseDocument } from 'yaml';
import { PodCpu } from '../../components/podCpu/podCpu';
import { PrometheusServer } from '../../components/prometheusServer';
import { CertificateAuthority, type KeyPair } from '../../lab/cluster/certificates';
import { passwordHash } from '../../program/passwordHash';
import type { EngineStack } from '../engineStack';
import { FakeApiServer } from './fakeApiServer';
import { freePort, SshServer } from './sshServer';
import { debianProgram, engineStack, toolsOnPath } from './tools';

jest.setTimeout(300_000);

const project = resolve(__dirname, '../..');

/** A value of every secret that casper takes; none may be found in clear where it is not given. */
const canaries: Record<string, string> = {
  'the token of a source': 'canary-source-token-4f1a',
  'the password of a source': 'canary-source-password-9c2e',
  'the password of Prometheus': 'canary-prometheus-password-77d0',
  'the token of the kubeconfig': 'canary-kubeconfig-token-e3b8',
};
const secretOf = (name: string): string => canaries[name] ?? '';
const environment = {
  ELECTRICITY_MAPS_TOKEN: secretOf('the token of a source'),
  WATTTIME_USER: 'somebody',
  WATTTIME_PASSWORD: secretOf('the password of a source'),
  CASPER_PROMETHEUS_PASSWORD: secretOf('the password of Prometheus'),
  PULUMI_CONFIG_PASSPHRASE: 'canary-passphrase-51aa',
};

let folder: string;
let ssh: SshServer;
let cluster: FakeApiServer;
let certificate: KeyPair;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'canaries-'));
  ssh = await SshServer.start('NONE');
  cluster = await FakeApiServer.start(folder, 'web', secretOf('the token of the kubeconfig'));
  cluster.addPod('north-1', 1001);
  const authority = await CertificateAuthority.create('authority', folder);
  certificate = await authority.issue({ name: 'own', commonName: 'prometheus', addresses: ['127.0.0.1'] });
  const bcrypt = await passwordHash(secretOf('the password of Prometheus'), 'here');
  Object.assign(canaries, {
    'the passphrase of the state': environment.PULUMI_CONFIG_PASSPHRASE,
    'the hash of Prometheus’s password': bcrypt,
    // A line in the middle: the first ones are alike in all keys.
    'the private key': ssh.key('client').split('\n')[3] ?? '',
    'Prometheus by Basic': Buffer.from(`casper:${secretOf('the password of Prometheus')}`).toString('base64'),
    'the source by Basic': Buffer.from(`somebody:${environment.WATTTIME_PASSWORD}`).toString('base64'),
  });
});
afterAll(async () => {
  await ssh.stop();
  cluster.stop();
  rmSync(folder, { recursive: true });
});

/** Names of the secrets that a text has, as they are, in base64, and as JSON or a URL has them. */
function secretsIn(text: string): string[] {
  return Object.entries(canaries)
    .filter(([, value]) => {
      const forms = [value, Buffer.from(value).toString('base64').slice(0, -4), encodeURIComponent(value)];
      return forms.some((form) => text.includes(form));
    })
    .map(([name]) => name);
}

/** All that lies in a folder, names and contents. */
function everythingIn(root: string): string {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => (statSync(path).isFile() ? `${path}\n${readFileSync(path, 'latin1')}` : path))
    .join('\n');
}

/** Looks at the arguments of all processes, again and again, until it is stopped. */
function watchArguments(): () => Promise<string> {
  const seen = new Set<string>();
  const stop = new AbortController();
  const watching = (async () => {
    while (!stop.signal.aborted) {
      for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
        try {
          seen.add(readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' '));
        } catch {
          // It has ended.
        }
      }
      await sleep(10);
    }
  })();
  return async () => {
    stop.abort();
    await watching;
    return [...seen].join('\n');
  };
}

test('every form of a secret would be found', () => {
  const name = 'the token of a source';
  const value = secretOf(name);
  expect(secretsIn(`x${value}x`)).toEqual([name]);
  expect(secretsIn(Buffer.from(value).toString('base64'))).toEqual([name]);
  expect(secretsIn('nothing')).toEqual([]);
  expect(Object.values(canaries).every((canary) => canary.length > 15)).toBe(true);
});

describe('an update by the engine', () => {
  let stack: EngineStack;
  let root: string;

  beforeAll(async () => {
    process.env['PATH'] = [join(project, 'components/podCpu/bin'), process.env['PATH'] ?? ''].join(delimiter);
    root = join(folder, 'casper');
    stack = await engineStack('canaries', environment.PULUMI_CONFIG_PASSPHRASE);
  });
  afterAll(async () => {
    if (existsSync(join(root, 'prometheus'))) {
      execFileSync('sh', [join(root, 'prometheus', 'control'), 'remove']);
    }
    await stack.remove();
  });

  const program =
    (
      address: string,
      limitMillicores = 200,
      prometheus = debianProgram('/usr/bin/prometheus', 'prometheus'),
    ): PulumiFn =>
    () => {
      new PrometheusServer('metrics', {
        host: {
          name: 'here',
          connection: {
            ...ssh.connection,
            privateKey: pulumi.secret(ssh.key('client')),
            hostKey: ssh.hostKey,
          },
        },
        folder: join(root, 'prometheus'),
        program: prometheus,
        address,
        targets: {},
        tls: certificate,
        login: { user: 'casper', passwordHash: secretOf('the hash of Prometheus’s password') },
      });
      new PodCpu('north', {
        ...{
          context: 'fake',
          kubeconfig: cluster.kubeconfig,
          namespace: 'casper',
          container: 'web',
          pods: 1,
        },
        ...{ deployment: 'kiwix-north', instance: 'north', timeoutSeconds: 5 },
        ...{ limitMillicores, requestMillicores: 180 },
      });
      return Promise.resolve({});
    };

  test('state, output, messages of what fails, logs on the host and arguments have none', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const stopWatching = watchArguments();
    const told = [
      (await stack.preview(program(address))).stdout,
      (await stack.up(program(address))).stdout,
      (await stack.refresh()).stdout,
    ];
    cluster.answers = 'forbidden';
    told.push(await stack.upFails(program(address, 300)));
    cluster.answers = 'as it should';
    told.push(await stack.upFails(program(address, 200, '/nowhere/prometheus')));
    const running = await stopWatching();

    expect(told.at(-2)).toContain('403 pods is forbidden');
    expect(told.at(-1)).toContain('/nowhere/prometheus is not there');
    expect([...cluster.tokens]).toEqual([secretOf('the token of the kubeconfig')]);
    expect(running).toContain('--web.config.file=');
    expect(secretsIn(told.join('\n'))).toEqual([]);
    expect(secretsIn(running)).toEqual([]);
    const stored = await stack.everythingStored();
    expect(stored).toContain('metrics-prometheus-web');
    expect(secretsIn(stored)).toEqual([]);
    expect(secretsIn(readFileSync(join(root, 'prometheus', 'log'), 'latin1'))).toEqual([]);
    // What Prometheus reads, and nobody else.
    expect(secretsIn(readFileSync(join(root, 'prometheus', 'web.yml'), 'latin1'))).toEqual([
      'the hash of Prometheus’s password',
    ]);
    await stack.destroy();
  });
});

describe('commands', () => {
  let source: Server;
  let runs: string;
  /** Of the two sources, which make their values in different ways, one has all regions. */
  let stackFiles: readonly [maps: string, watt: string];
  let state: string;
  const asked: string[] = [];

  beforeAll(async () => {
    // A source that refuses, and says back all that it was sent.
    source = createServer((request, response) => {
      asked.push(request.headers.authorization ?? String(request.headers['auth-token']));
      response.writeHead(request.url?.includes('login') ? 401 : 500, {
        'content-type': 'application/json',
        date: new Date().toUTCString(),
      });
      response.end(JSON.stringify({ error: `no: ${request.rawHeaders.join(' ')}` }));
    });
    await new Promise<void>((listening) => source.listen(0, '127.0.0.1', listening));
    const url = `http://127.0.0.1:${(source.address() as AddressInfo).port}`;
    runs = join(folder, 'runs');
    mkdirSync(join(folder, 'cache'));
    state = join(folder, 'state');
    mkdirSync(state);
    toolsOnPath();
    const file = (name: string, region: object): string => {
      const document = parseDocument(readFileSync(join(project, 'Pulumi.dev.yaml'), 'utf8'));
      const { config } = document.toJS() as { config: { 'casper:regions': { name: string }[] } };
      const set = (key: string, value: unknown): void => {
        document.setIn(['config', key], document.createNode(value));
      };
      set('casper:cluster', { context: 'fake', kubeconfig: cluster.kubeconfig });
      set(
        'casper:regions',
        config['casper:regions'].map((own) => ({ name: own.name, signal: region })),
      );
      const { certificateFile, keyFile } = certificate;
      set('casper:hosts', [
        {
          ...{ name: 'here', address: '127.0.0.1' },
          ssh: { port: ssh.port, privateKeyFile: ssh.keyFile('client') },
          prometheus: {
            program: '/usr/bin/prometheus',
            tls: { certificateFile, keyFile },
            login: { user: 'casper' },
          },
        },
      ]);
      set('casper:signals', {
        sources: [
          { name: 'maps', kind: 'electricityMaps', baseUrl: url, attempts: 1, timeoutSeconds: 2 },
          { name: 'watt', kind: 'wattTime', baseUrl: url, attempts: 1, timeoutSeconds: 2 },
        ],
      });
      set('casper:demand', { url, query: 'rate(x[$window])', timeoutSeconds: 2 });
      document.setIn(['config', 'casper:plan', 'interval'], '2020-01-01T00:00:00Z');
      const path = join(folder, `Pulumi.${name}.yaml`);
      writeFileSync(path, document.toString());
      return path;
    };
    stackFiles = [
      file('maps', { source: 'maps', zone: 'FR' }),
      file('watt', { source: 'watt', zone: 'CAISO_NORTH' }),
    ];
  });
  afterAll(() => {
    source.close();
    source.closeAllConnections();
  });

  const casper = (...args: string[]): Promise<string> =>
    new Promise((done) => {
      execFile(
        process.execPath,
        [join(project, 'dist/cli/main.js'), ...args],
        {
          env: {
            ...{ PATH: process.env['PATH'], HOME: folder, CASPER_CACHE: join(folder, 'cache') },
            PULUMI_BACKEND_URL: `file://${state}`,
            PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
            ...environment,
          },
          timeout: 60_000,
        },
        (error, stdout, stderr) => {
          done(`status ${String(error?.code ?? 0)}\n${stdout}\n${stderr}`);
        },
      );
    });

  test('what they print for people and as JSON, what they log and what they leave behind has none', async () => {
    const stopWatching = watchArguments();
    const [maps, watt] = stackFiles.map((file) => ['--config-file', file]);
    const tick = ['tick', '--runs', runs, ...(maps ?? [])];
    const told = [
      await casper('signals', ...(maps ?? [])),
      await casper('signals', '--json', ...(watt ?? [])),
      await casper(...tick),
      await casper(...tick, '--json'),
      await casper(...tick, '--log', 'json'),
      await casper(...tick, '--metrics-file', join(folder, 'metrics.prom')),
      await casper('tick', '--runs', runs, ...(watt ?? [])),
      await casper('verify', ...(maps ?? [])),
      await casper('verify', '--json', ...(maps ?? [])),
      await casper('apply', ...(maps ?? [])),
    ];
    const [day = ''] = readdirSync(runs);
    // Ticks that were held have changed nothing: what a run that changes something writes besides.
    const regions = ['north'];
    writeFileSync(
      join(runs, day, 'run.json'),
      JSON.stringify({
        ...{ stack: 'dev', regions, intervals: [], loadShare: 1, latencyMs: {} },
        comparison: { baselines: [], synthetic: false, policies: [] },
      }),
    );
    told.push(await casper('report', join(runs, day)));
    const page = readFileSync(join(runs, day, 'report.html'), 'utf8');
    const running = await stopWatching();

    // They were all used, or had their chance.
    expect(asked).toContain(secretOf('the token of a source'));
    expect(asked).toContain(`Basic ${secretOf('the source by Basic')}`);
    expect(cluster.tokens.has(secretOf('the token of the kubeconfig'))).toBe(true);
    expect(
      readFileSync(join(runs, day, 'ticks.jsonl'), 'utf8')
        .trim()
        .split('\n').length,
    ).toBeGreaterThan(2);
    for (const output of told) expect([output, secretsIn(output)]).toEqual([output, []]);
    // It quotes what the source said back.
    expect(page).toContain('status 500');
    expect(secretsIn(page)).toEqual([]);
    expect(secretsIn(running)).toEqual([]);
    expect(secretsIn(everythingIn(runs))).toEqual([]);
    expect(secretsIn(everythingIn(join(folder, 'cache')))).toEqual([]);
    expect(secretsIn(everythingIn(state))).toEqual([]);
    for (const file of stackFiles) expect(secretsIn(readFileSync(file, 'utf8'))).toEqual([]);
  });
});
