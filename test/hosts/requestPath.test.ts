import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PulumiFn } from '@pulumi/pulumi/automation';
import type { Host } from '../../components/host/host';
import { OriginProxy, type OriginProxyArgs } from '../../components/originProxy';
import { PrometheusServer } from '../../components/prometheusServer';
import type { EngineStack } from '../engineStack';
import { ask, Backend, loadDuring, shares } from './backend';
import { freePort, SshServer } from './sshServer';
import { debianProgram, engineStack, tool } from './tools';

jest.setTimeout(300_000);

const ORIGINS = ['east', 'west'] as const;
type Origin = (typeof ORIGINS)[number];
type Rows = Readonly<Record<Origin, Readonly<Record<string, number>>>>;

describe.each(['this machine', 'a host reached by ssh'])('Traefik and Prometheus on %s', (place) => {
  let server: SshServer | undefined;
  let host: Host;
  let stack: EngineStack;
  let root: string;
  let backends: Record<string, Backend>;
  let addresses: Record<Origin, Record<'entryPointAddress' | 'metricsAddress' | 'apiAddress', string>>;
  let prometheusAddress: string;

  beforeAll(async () => {
    // Accepts no variable at all, which is the least that a server may.
    if (place === 'a host reached by ssh') server = await SshServer.start('NONE');
    host = {
      name: 'here',
      ...(server ? { connection: { ...server.connection, hostKey: server.hostKey } } : {}),
    };
  });
  afterAll(async () => {
    await server?.stop();
  });
  beforeEach(async () => {
    root = join(mkdtempSync(join(tmpdir(), 'hosts-')), 'casper');
    stack = await engineStack('request-path');
    backends = { a: await Backend.start('a'), b: await Backend.start('b') };
    const address = async (): Promise<string> => `127.0.0.1:${await freePort()}`;
    const trio = async (): Promise<(typeof addresses)[Origin]> => ({
      entryPointAddress: await address(),
      metricsAddress: await address(),
      apiAddress: await address(),
    });
    addresses = { east: await trio(), west: await trio() };
    prometheusAddress = await address();
  });
  afterEach(async () => {
    for (const backend of Object.values(backends)) backend.stop();
    for (const name of existsSync(root) ? readdirSync(root) : []) {
      execFileSync('sh', [join(root, name, 'control'), 'remove']);
    }
    await stack.remove();
    rmSync(join(root, '..'), { recursive: true });
  });

  const folder = (origin: Origin): string => join(root, `traefik-${origin}`);
  /** The id in the file of the process, or of its supervisor, if that lives. */
  const processOf = (name: string, file: 'pid' | 'supervisor' = 'pid'): number | undefined => {
    const at = join(root, name, file);
    if (!existsSync(at)) return undefined;
    const id = Number(readFileSync(at, 'utf8').split(' ')[0]);
    return existsSync(`/proc/${id}/exe`) ? id : undefined;
  };
  const ids = (): (number | undefined)[] =>
    ['traefik-east', 'traefik-west', 'prometheus'].map((name) => processOf(name));

  const program =
    (rows: Rows, changed: Partial<Record<Origin, Partial<OriginProxyArgs>>> = {}): PulumiFn =>
    () => {
      const traefiks = ORIGINS.map(
        (origin) =>
          new OriginProxy(origin, {
            host,
            folder: folder(origin),
            program: tool('traefik'),
            ...addresses[origin],
            destinations: Object.fromEntries(Object.entries(backends).map(([name, { url }]) => [name, url])),
            weights: rows[origin],
            weightsTimeoutSeconds: 5,
            ...changed[origin],
          }),
      );
      const prometheus = new PrometheusServer('metrics', {
        host,
        folder: join(root, 'prometheus'),
        program: debianProgram('/usr/bin/prometheus', 'prometheus'),
        address: prometheusAddress,
        scrapeIntervalSeconds: 1,
        targets: Object.fromEntries(ORIGINS.map((origin) => [origin, addresses[origin].metricsAddress])),
      });
      return Promise.resolve({
        east: traefiks[0]?.urns.process,
        prometheus: prometheus.url,
      });
    };
  const FIRST: Rows = { east: { a: 4, b: 1 }, west: { b: 1 } };
  /** Three folders and processes, and two rows; and the provider. */
  const RESOURCES = 3 * 2 + 2 + 1;

  test('rows are served exactly, change without a restart, and leave nothing behind', async () => {
    const preview = await stack.preview(program(FIRST));
    expect(preview.touched).toHaveLength(RESOURCES);
    expect(existsSync(root)).toBe(false);
    const { outputs } = await stack.up(program(FIRST));
    expect(await stack.everythingStored()).not.toContain('PRIVATE KEY');
    const before = ids();
    expect(before).not.toContain(undefined);
    expect(await shares(addresses.east.entryPointAddress, 500)).toEqual({ a: 400, b: 100 });
    expect(await shares(addresses.west.entryPointAddress, 50)).toEqual({ b: 50 });
    expect((await stack.preview(program(FIRST))).touched).toEqual([]);
    expect((await stack.up(program(FIRST))).touched).toEqual([]);

    const next: Rows = { ...FIRST, east: { a: 1, b: 4 } };
    expect((await stack.up(program(next))).touched).toEqual(['update east-weights']);
    expect(await shares(addresses.east.entryPointAddress, 500)).toEqual({ a: 100, b: 400 });
    expect(ids()).toEqual(before);
    // Without weight: no requests, but its counters stay.
    await stack.up(program({ ...FIRST, east: { a: 1 } }));
    expect(await shares(addresses.east.entryPointAddress, 100)).toEqual({ a: 100 });
    const path = '/content/wiki/A/AC%2FDC%3F%23%25%5C;x?q=%2F';
    expect(await ask(addresses.east.entryPointAddress, path)).toEqual({ status: 200, body: `a ${path}` });

    const counted = await counts(outputs['prometheus'] as string);
    expect(counted).toEqual({ 'east a@file': 601, 'east b@file': 500, 'west b@file': 50 });

    await stack.destroy();
    expect(before.map((id) => existsSync(`/proc/${id ?? 0}/exe`))).toEqual([false, false, false]);
    expect(existsSync(root)).toBe(false);
  });

  test('a Traefik that nobody looks after comes back with its weights: by replacement, or with the next row', async () => {
    const { outputs } = await stack.up(program(FIRST));
    const kill = async (): Promise<number> => {
      const id = processOf('traefik-east') ?? 0;
      // With its guard, which is of the same group.
      process.kill(-(processOf('traefik-east', 'supervisor') ?? NaN), 'SIGKILL');
      process.kill(id, 'SIGKILL');
      while (processOf('traefik-east') !== undefined) await sleep(20);
      return id;
    };
    const first = await kill();
    const replace = { replace: [outputs['east'] as string] };
    const revived = await stack.up(program(FIRST), replace);
    expect(revived.touched).toEqual([
      'create-replacement east-traefik-process',
      'delete-replaced east-traefik-process',
      'replace east-traefik-process',
    ]);
    const second = processOf('traefik-east');
    expect([undefined, first]).not.toContain(second);
    expect(await shares(addresses.east.entryPointAddress, 100)).toEqual({ a: 80, b: 20 });
    // What a driver does that cannot reach a Traefik which is well.
    await stack.up(program(FIRST), replace);
    expect(processOf('traefik-east')).toBe(second);
    await kill();
    await stack.up(program({ ...FIRST, east: { a: 1, b: 1 } }));
    expect(await shares(addresses.east.entryPointAddress, 100)).toEqual({ a: 50, b: 50 });
    await kill();
    await stack.destroy();
    expect(existsSync(root)).toBe(false);
  });

  test('a driver that was killed leaves processes that the next update takes on, and destroy ends', async () => {
    await stack.up(program(FIRST));
    const before = ids();
    const forgetful = await engineStack('request-path');
    // A state that knows nothing of what runs.
    await forgetful.up(program(FIRST));
    expect(ids()).toEqual(before);
    await forgetful.destroy();
    await forgetful.remove();
    expect(existsSync(root)).toBe(false);
  });

  test('a host that cannot be reached is told in seconds', async () => {
    const port = await freePort();
    const anyKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIx42og5LKWb4Ta+8EiZB762DGASh6IMLMhaBL4Ftw7K';
    const connection = { host: '127.0.0.1', port, user: 'root', hostKey: anyKey };
    const away = { name: 'away', connection };
    const message = await stack.upFails(program(FIRST, { east: { host: away } }));
    expect(message).toContain('after 3 failed attempts: connect ECONNREFUSED');
  });

  // What runs on a host is the same by either way: once is enough.
  if (place === 'this machine') {
    test('a stack whose components have their former types keeps every process', async () => {
      await stack.up(program(FIRST));
      const before = ids();
      const former = { OriginProxy: 'TraefikHost', PrometheusServer: 'PrometheusHost' };
      await stack.rewriteState((text) =>
        Object.entries(former).reduce(
          (rewritten, [name, formerName]) =>
            rewritten.replaceAll(`casper:index:${name}`, `casper:index:${formerName}`),
          text,
        ),
      );
      expect(await stack.state()).toContain('casper:index:TraefikHost$command:');
      expect((await stack.up(program(FIRST))).touched).toEqual([]);
      expect(await stack.state()).not.toContain('"casper:index:TraefikHost');
      expect(ids()).toEqual(before);
    });

    test('no request fails while weights change, also where a region gets its first or loses its last', async () => {
      await stack.up(program(FIRST));
      const rows: Rows['east'][] = [{ a: 1, b: 2 }, { b: 1 }, { a: 1 }];
      for (const east of rows) {
        const { sent, failures } = await loadDuring(
          addresses.east.entryPointAddress,
          stack.up(program({ ...FIRST, east })),
        );
        expect(failures).toEqual([]);
        expect(sent).toBeGreaterThan(100);
      }
    });

    test('a file that Traefik refuses, or finds faults in, leaves the weights before', async () => {
      await stack.up(program(FIRST));
      const refused = await stack.upFails(program({ ...FIRST, east: { a: 1.5, b: 1 } }));
      expect(refused).toContain(`host here: Traefik does not serve ${folder('east')}/dynamic/weights.yml`);
      expect(refused).toContain('strconv.ParseInt: parsing');
      expect(await shares(addresses.east.entryPointAddress, 100)).toEqual({ a: 80, b: 20 });
      const url = 'http://[no-address';
      const faulty = await stack.upFails(program(FIRST, { east: { destinations: { a: url } } }));
      expect(faulty).toContain('Traefik finds faults in');
      await sleep(500);
      expect(await shares(addresses.east.entryPointAddress, 100)).toEqual({ a: 80, b: 20 });
      expect((await stack.preview(program(FIRST))).touched).toEqual([]);
    });

    test('static changes restart, one that cannot start leaves the process before, and a folder can move', async () => {
      await stack.up(program(FIRST));
      const [east, west] = ids();
      const metricsAddress = `127.0.0.1:${await freePort()}`;
      const changed = await stack.up(program(FIRST, { east: { metricsAddress } }));
      expect(changed.touched).toEqual(['update east-traefik-process']);
      expect(processOf('traefik-east')).not.toBe(east);
      expect(processOf('traefik-west')).toBe(west);
      expect(await shares(addresses.east.entryPointAddress, 100)).toEqual({ a: 80, b: 20 });

      const entryPointAddress = `127.0.0.1:${await freePort()}`;
      const taken = await listener(entryPointAddress);
      const message = await stack.upFails(program(FIRST, { east: { metricsAddress, entryPointAddress } }));
      taken.close();
      expect(message).toContain('runs with the one before');
      expect(message).toContain('address already in use');
      expect(await shares(addresses.east.entryPointAddress, 100)).toEqual({ a: 80, b: 20 });

      const moved = join(root, 'traefik-moved');
      await stack.up(program(FIRST, { east: { folder: moved } }));
      expect(existsSync(folder('east'))).toBe(false);
      expect(processOf('traefik-moved')).toBeDefined();
      expect(await shares(addresses.east.entryPointAddress, 100)).toEqual({ a: 80, b: 20 });
      await stack.destroy();
      expect(existsSync(root)).toBe(false);
    });

    test('a program that is not there, or a port that is taken, is named, and nothing is left', async () => {
      const message = await stack.upFails(program(FIRST, { east: { program: '/nowhere/traefik' } }));
      expect(message).toContain('host here: /nowhere/traefik is not there or is no program');
      const taken = await listener(addresses.east.entryPointAddress);
      const refused = await stack.upFails(program(FIRST));
      taken.close();
      expect(refused).toContain('does not start');
      expect(refused).toContain('address already in use');
      await stack.destroy();
      expect(existsSync(root)).toBe(false);
      expect(execFileSync('ps', ['-eo', 'args']).toString()).not.toContain(root);
    });
  }

  /** Holds a port. */
  async function listener(address: string): Promise<Server> {
    const [name, port] = address.split(':');
    const holder = createServer();
    await once(holder.listen(Number(port), name), 'listening');
    return holder;
  }

  /** Requests that Prometheus has counted, by origin and service, once the last scrape has them all. */
  async function counts(url: string): Promise<Record<string, number>> {
    interface Reply {
      data: { result: { metric: { origin: string; service: string }; value: [number, string] }[] };
    }
    const query = `${url}/api/v1/query?query=${encodeURIComponent('sum by (origin, service) (traefik_service_requests_total{service=~".*@file"})')}`;
    await sleep(2500);
    const { data } = (await (await fetch(query)).json()) as Reply;
    return Object.fromEntries(
      data.result.map(({ metric, value }) => [`${metric.origin} ${metric.service}`, Number(value[1])]),
    );
  }
});
