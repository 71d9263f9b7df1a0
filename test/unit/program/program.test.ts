import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse, IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import program from '../../../index';
import { containerName, objectNameOf, regionLabels } from '../../../stack/naming';
import { recordResources, settled, valueOf, type Recorded } from '../components/mocks';
import { startServer, stopServers } from '../loopbackServer';

/** The whole program under mocks, with an API server that tells what runs. Of dependencies mocks see the order only. */

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'casper-program-'));
});
afterEach(async () => {
  await settled();
  await stopServers();
  rmSync(folder, { recursive: true });
});

const names = ['east', 'north', 'south', 'west'];
/** north grows, south shrinks, east stays, west has none. */
const running: Record<string, number> = { east: 51, north: 31, south: 91 };
const planned: Record<string, number> = { east: 51, north: 61, south: 41, west: 0 };

const container = (millicores: number) => ({
  name: containerName,
  resources: { limits: { cpu: `${millicores}m` } },
});
const metadata = (region: string) => ({ name: objectNameOf(region), labels: regionLabels(region) });

/** What an API server says of four Deployments and the pods of three. */
function answer(response: ServerResponse, request: IncomingMessage): void {
  const list = (items: object[]): void => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ items }));
  };
  const { pathname } = new URL(request.url ?? '', 'http://here');
  if (pathname === '/apis/apps/v1/namespaces/web/deployments') {
    list(
      names.map((region) => ({
        metadata: metadata(region),
        spec: { replicas: region in running ? 1 : 0, template: { spec: { containers: [container(1001)] } } },
      })),
    );
  } else if (pathname === '/api/v1/namespaces/web/pods') {
    list(
      Object.entries(running).map(([region, millicores]) => ({
        metadata: metadata(region),
        spec: { containers: [container(millicores)] },
        status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
      })),
    );
  } else {
    response.statusCode = 404;
    response.end();
  }
}

function kubeconfigFor(server: string, name = 'kubeconfig'): string {
  const file = path.join(folder, name);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'lab', cluster: { server: server.replace(/\/$/, ''), 'insecure-skip-tls-verify': true } },
    ],
    users: [{ name: 'lab', user: {} }],
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'lab' } }],
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

function manifest(): string {
  const file = path.join(folder, 'manifest.yaml');
  const object = (kind: string, apiVersion: string): object => ({
    apiVersion,
    kind,
    metadata: { name: 'a', annotations: { theirs: 'kept' } },
    ...(kind === 'Deployment' ? { spec: { template: { spec: { containers: [{ name: 'a' }] } } } } : {}),
  });
  const objects = [object('Namespace', 'v1'), object('Deployment', 'apps/v1')];
  writeFileSync(file, objects.map((value) => JSON.stringify(value)).join('\n---\n'));
  return file;
}

function configWith(kubeconfig: string, changes: Record<string, unknown> = {}): void {
  const values = {
    cluster: { context: 'lab', kubeconfig },
    regions: names.map((name, index) => ({
      name,
      loadBalancer: { address: '192.0.2.1', port: 8081 + index },
      traefik: {
        host: 'here',
        entryPointPort: 8001 + index,
        metricsPort: 9001 + index,
        apiPort: 7001 + index,
      },
      ...(name === 'south' ? { capacity: { maxServers: 7, cpuRequestPercent: 50 } } : {}),
    })),
    hosts: [
      {
        name: 'here',
        address: '192.0.2.9',
        traefik: '/opt/traefik',
        prometheus: { program: '/opt/prometheus' },
      },
    ],
    service: { image: 'web:1', namespace: 'web' },
    platform: { metalLb: { manifest: manifest() }, metricsServer: { manifest: manifest() } },
    plan: {
      interval: '2022-08-13T00:00:00Z',
      policy: 'carbon',
      regions: Object.fromEntries(
        names.map((name) => [
          name,
          { servers: Math.floor((planned[name] ?? 0) / 10), cpuMillicores: planned[name] },
        ]),
      ),
      weights: Object.fromEntries(names.map((name) => [name, { north: 1 }])),
    },
    ...changes,
  };
  pulumi.runtime.setAllConfig(
    Object.fromEntries(
      Object.entries(values).map(([key, value]) => [`casper:${key}`, JSON.stringify(value)]),
    ),
  );
}

/** Runs the program until all that it registers is known. */
async function run(outputs?: Parameters<typeof recordResources>[0]) {
  const recorded = await recordResources(outputs);
  const exported = await valueOf(pulumi.output(await program()));
  await settled();
  return { recorded, exported };
}

const listed = (recorded: readonly Recorded[]): string[] =>
  recorded.map(({ type, name }) => `${type} ${name}`);

const regionResources = (name: string): string[] => [
  `casper:index:RegionService ${name}`,
  `kubernetes:apps/v1:Deployment ${name}`,
  `kubernetes:networking.k8s.io/v1:NetworkPolicy ${name}`,
  `kubernetes:core/v1:Service ${name}`,
];
const originResources = (name: string): string[] => [
  `casper:index:OriginProxy ${name}`,
  `command:local:Command ${name}-traefik-folder`,
  `command:local:Command ${name}-traefik-process`,
  `command:local:Command ${name}-weights`,
];
const platformResources = [
  'casper:index:MetalLb metallb',
  'kubernetes:core/v1:Namespace Namespace/a',
  'kubernetes:apps/v1:Deployment Deployment/a',
];

const isPodCpu = ({ inputs }: Recorded): boolean => 'limitMillicores' in (inputs as object);

test('registers exactly the platform, four regions, four proxies and one Prometheus', async () => {
  const server = await startServer(answer);
  configWith(kubeconfigFor(server.url));
  const { recorded } = await run();
  expect(listed(recorded.filter((resource) => !isPodCpu(resource))).sort()).toEqual(
    [
      'pulumi:providers:kubernetes cluster',
      ...platformResources,
      'kubernetes:metallb.io/v1beta1:IPAddressPool metallb-pool',
      'kubernetes:metallb.io/v1beta1:L2Advertisement metallb-advertisement',
      'casper:index:MetricsServer metrics-server',
      'kubernetes:core/v1:Namespace Namespace/a',
      'kubernetes:apps/v1:Deployment Deployment/a',
      'kubernetes:core/v1:Namespace namespace',
      ...names.flatMap(regionResources),
      ...names.flatMap(originResources),
      'casper:index:PrometheusServer prometheus',
      'command:local:Command prometheus-prometheus-folder',
      'command:local:Command prometheus-prometheus-process',
    ].sort(),
  );
  // Where no pod is to run, none is resized.
  const podCpus = recorded.filter(isPodCpu);
  expect(podCpus.map(({ name }) => name).sort()).toEqual(['east', 'north', 'south']);
  expect(podCpus.find(({ name }) => name === 'south')?.inputs).toMatchObject({
    limitMillicores: 41,
    requestMillicores: 21,
  });
  // The ceiling of a region with a capacity of its own: seven servers.
  const deployment = recorded.find(({ type, name }) => type.endsWith(':Deployment') && name === 'south');
  expect(deployment?.inputs).toMatchObject({
    spec: { template: { spec: { containers: [{ resources: { limits: { cpu: '71m' } } }] } } },
  });
});

test('regions of several clusters: each has a provider, a platform and a namespace; one that is silent is left as it is', async () => {
  const server = await startServer(answer);
  const east = kubeconfigFor(server.url);
  const west = kubeconfigFor('http://127.0.0.1:9', 'west');
  configWith(east, {
    cluster: undefined,
    clusters: [
      { name: 'east', context: 'lab', kubeconfig: east },
      { name: 'west', context: 'lab', kubeconfig: west },
    ],
    regions: names.map((name, index) => ({
      ...{ name, cluster: index < 2 ? 'east' : 'west' },
      loadBalancer: { address: `192.0.2.${1 + Math.floor(index / 2)}`, port: 8081 + (index % 2) },
    })),
    hosts: [],
  });
  const { recorded } = await run(({ type }) =>
    type === 'pulumi:pulumi:StackReference' ? { outputs: {} } : {},
  );
  const called = listed(recorded);
  for (const cluster of ['east', 'west']) {
    expect(called).toEqual(
      expect.arrayContaining([
        `pulumi:providers:kubernetes ${cluster}`,
        `casper:index:MetalLb metallb-${cluster}`,
        `kubernetes:apps/v1:Deployment ${cluster}/Deployment/a`,
        `kubernetes:core/v1:Namespace namespace-${cluster}`,
      ]),
    );
  }
  const inputsOf = (what: string): unknown =>
    recorded.find(({ type, name }) => `${type} ${name}` === what)?.inputs;
  const pool = 'kubernetes:metallb.io/v1beta1:IPAddressPool metallb-';
  expect(inputsOf(`${pool}east-pool`)).toMatchObject({ spec: { addresses: ['192.0.2.1/32'] } });
  expect(inputsOf(`${pool}west-pool`)).toMatchObject({ spec: { addresses: ['192.0.2.2/32'] } });
  expect(inputsOf('pulumi:providers:kubernetes west')).toMatchObject({
    clusterIdentifier: 'west',
    skipUpdateUnreachable: 'true',
  });
  expect(JSON.stringify(inputsOf('pulumi:providers:kubernetes west'))).toContain('timeout');
  expect(JSON.stringify(inputsOf('pulumi:providers:kubernetes east'))).not.toContain('timeout');
  expect(called.filter((what) => what.endsWith(':Deployment north'))).toHaveLength(1);
});

test('what stands by is a limit that nothing is requested for, and its region is asked for its health', async () => {
  const server = await startServer(answer);
  const regions = Object.fromEntries(
    names.map((name) => [
      name,
      name === 'west'
        ? { servers: 0, cpuMillicores: 0, standbyMillicores: 61 }
        : { servers: 1, cpuMillicores: planned[name] },
    ]),
  );
  const plan = {
    ...{ interval: '2022-08-13T00:00:00Z', policy: 'carbon', regions },
    weights: Object.fromEntries(names.map((name) => [name, { north: 1 }])),
    backup: { east: { north: { west: 1 } } },
  };
  configWith(kubeconfigFor(server.url), { plan });
  const { recorded } = await run();
  expect(recorded.find((resource) => isPodCpu(resource) && resource.name === 'west')?.inputs).toMatchObject({
    limitMillicores: 61,
    requestMillicores: 1,
  });
  const weights = recorded.find(({ name }) => name === 'east-weights')?.inputs as { stdin: string };
  expect(weights.stdin).toMatch(/north_guarded:\s+failover:\s+service: north\s+fallback: north_backup/);
  expect(weights.stdin).not.toMatch(/watched_regions/);
});

test('every object is owned; what the manifest says of it stays', async () => {
  const server = await startServer(answer);
  configWith(kubeconfigFor(server.url));
  const { recorded } = await run();
  const objects = recorded.filter(({ type }) => type.startsWith('kubernetes:'));
  expect(objects).toHaveLength(2 + 2 + 2 + 1 + 3 * names.length);
  for (const { inputs } of objects) {
    expect(inputs).toMatchObject({ metadata: { annotations: { 'pulumi.com/patchForce': 'true' } } });
  }
  expect(recorded.find(({ name }) => name === 'Deployment/a')?.inputs).toMatchObject({
    metadata: { annotations: { theirs: 'kept' } },
  });
});

test('the provider has the cluster that is named, and no option that only some versions of its plugin know', async () => {
  const server = await startServer(answer);
  const kubeconfig = kubeconfigFor(server.url);
  configWith(kubeconfig);
  const { recorded } = await run();
  expect(recorded.find(({ name }) => name === 'cluster')?.inputs).toEqual({ context: 'lab', kubeconfig });
});

test('grows, then moves the weights, then shrinks, by what the pods have', async () => {
  const server = await startServer(answer);
  configWith(kubeconfigFor(server.url));
  const { recorded } = await run();
  const order = listed(recorded);
  const at = (resource: string): number => {
    const index = order.indexOf(resource);
    if (index < 0) throw new Error(`${resource} was not registered`);
    return index;
  };
  const weights = names.map((name) => at(`command:local:Command ${name}-weights`));
  const podCpu = (region: string): number =>
    recorded.findIndex((resource) => isPodCpu(resource) && resource.name === region);
  for (const index of weights) {
    expect(index).toBeGreaterThan(at('kubernetes:apps/v1:Deployment north'));
    expect(index).toBeGreaterThan(podCpu('north'));
    expect(index).toBeLessThan(at('kubernetes:apps/v1:Deployment south'));
    expect(index).toBeLessThan(podCpu('south'));
  }
});

test('outputs: where to ask, what to replace, and what was not resized in place', async () => {
  const server = await startServer(answer);
  configWith(kubeconfigFor(server.url));
  const { exported } = await run((args) =>
    isPodCpu({ ...args, urn: '' }) && args.name === 'north' ? { fallback: 'the kubelet refuses' } : {},
  );
  expect(exported).toMatchObject({
    interval: '2022-08-13T00:00:00Z',
    policy: 'carbon',
    entryPoints: { east: 'http://192.0.2.9:8001', west: 'http://192.0.2.9:8004' },
    prometheusUrl: 'http://127.0.0.1:9090',
    prometheusUrn: expect.stringContaining('prometheus-prometheus-process') as unknown,
    namespaceMade: true,
    cpuMillicores: planned,
    cpuFallbacks: { north: 'the kubelet refuses', west: '' },
    endpoints: { south: '192.0.2.1:8083' },
  });
});

describe('a Prometheus with TLS and a password', () => {
  const guarded = {
    hosts: [
      {
        ...{ name: 'here', address: '192.0.2.9', traefik: '/opt/traefik' },
        prometheus: {
          ...{ program: '/opt/prometheus', address: '192.0.2.9' },
          tls: { certificateFile: '/etc/tls.crt', keyFile: '/etc/tls.key', authorityFile: 'ca.crt' },
          login: { user: 'casper' },
        },
      },
    ],
  };
  const variable = 'CASPER_PROMETHEUS_PASSWORD';
  afterEach(() => {
    delete process.env['CASPER_PROMETHEUS_PASSWORD'];
  });

  test('the host gets certificate, key and the hash; the password itself is nowhere', async () => {
    const server = await startServer(answer);
    process.env[variable] = 'canary-password';
    configWith(kubeconfigFor(server.url), guarded);
    const { recorded, exported } = await run();
    expect(exported).toMatchObject({ prometheusUrl: 'https://192.0.2.9:9090' });
    const inputsOf = (name: string): string =>
      JSON.stringify(recorded.find((resource) => resource.name === name)?.inputs);
    expect(inputsOf('prometheus-prometheus-web')).toMatch(
      /cert_file: \/etc\/tls\.crt.*key_file: \/etc\/tls\.key.*casper: \$2b\$10\$/,
    );
    expect(inputsOf('prometheus-prometheus-process')).toContain(
      '--web.config.file=/var/lib/casper/prometheus/web.yml',
    );
    expect(inputsOf('prometheus-prometheus-process')).toContain('https://192.0.2.9:9090/-/ready');
    // The component's own inputs lie in the state in clear.
    expect(inputsOf('prometheus')).not.toContain('$2b$');
    expect(JSON.stringify(recorded)).not.toContain('canary-password');
  });

  test('a password that is missing is named before anything is registered', async () => {
    const server = await startServer(answer);
    configWith(kubeconfigFor(server.url), guarded);
    const recorded = await recordResources();
    await expect(program()).rejects.toThrow(
      `casper:hosts.here.prometheus.login needs the environment variable ${variable}, which is not set`,
    );
    expect(listed(recorded)).toEqual([]);
  });
});

describe('a namespace that is there', () => {
  const withNamespace =
    (annotations: object) =>
    (response: ServerResponse, request: IncomingMessage): void => {
      if (new URL(request.url ?? '', 'http://here').pathname !== '/api/v1/namespaces/web') {
        answer(response, request);
        return;
      }
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ metadata: { name: 'web', annotations } }));
    };
  const runWith = async (annotations: object, outputs: object) => {
    const server = await startServer(withNamespace(annotations));
    configWith(kubeconfigFor(server.url));
    return run(({ type }) => (type === 'pulumi:pulumi:StackReference' ? { outputs } : {}));
  };

  test('and is this stack’s by its annotation: the stack’s outputs are not asked for', async () => {
    const { recorded } = await runWith({ 'casper/stack': 'dev' }, {});
    expect(listed(recorded)).toContain('kubernetes:core/v1:Namespace namespace');
    expect(listed(recorded).join()).not.toContain('StackReference');
  });

  test('and was made by an earlier version, which annotated nothing', async () => {
    const { recorded } = await runWith({}, { interval: '2026-01-05T00:00:00Z' });
    expect(listed(recorded)).toContain('kubernetes:core/v1:Namespace namespace');
  });

  test('and no stack has made: nothing is registered', async () => {
    await expect(runWith({}, {})).rejects.toThrow(/web is there already and no stack has made it/);
  });
});

test('in a stack of its own, the platform alone; the API server is not asked what runs', async () => {
  const server = await startServer(answer);
  configWith(kubeconfigFor(server.url), { scope: 'platform' });
  const { recorded, exported } = await run();
  expect(listed(recorded)).toEqual(expect.arrayContaining(platformResources));
  expect(recorded).toHaveLength(1 + 3 + 3);
  expect(exported).toEqual({});
  expect(server.requests).toEqual([]);
});

test('where the API server does not tell, the last outputs stand in, with a warning', async () => {
  const server = await startServer((response) => {
    response.statusCode = 500;
    response.end('no');
  });
  configWith(kubeconfigFor(server.url));
  const warn = jest.spyOn(pulumi.log, 'warn').mockResolvedValue();
  const { recorded } = await run(({ type }) =>
    type === 'pulumi:pulumi:StackReference' ? { outputs: { cpuMillicores: { south: 91 } } } : {},
  );
  expect(warn).toHaveBeenCalledTimes(1);
  expect(warn.mock.calls[0]?.[0]).toMatch(/does not tell what runs .*500.*out of date/s);
  warn.mockRestore();
  const order = listed(recorded);
  expect(order[0]).toBe('pulumi:pulumi:StackReference organization/casper/dev');
  expect(order.indexOf('command:local:Command east-weights')).toBeLessThan(
    order.indexOf('kubernetes:apps/v1:Deployment south'),
  );
});

test('a kubeconfig that is not there is named before anything is registered', async () => {
  const missing = path.join(folder, 'none');
  configWith(missing);
  const recorded = await recordResources();
  await expect(program()).rejects.toThrow(`casper:cluster.kubeconfig: ${missing} does not exist`);
  expect(recorded).toEqual([]);
});

describe('Deployments of others', () => {
  const theirs = (name: string): object => ({
    metadata: { name },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: { spec: { containers: [{ ...container(500), name: 'app' }] } },
    },
  });
  const answerTheirs =
    (deployments: string[]) =>
    (response: ServerResponse, request: IncomingMessage): void => {
      const { pathname } = new URL(request.url ?? '', 'http://here');
      if (/autoscaling\.k8s\.io/.test(pathname)) {
        response.statusCode = 404;
        response.end();
        return;
      }
      response.setHeader('content-type', 'application/json');
      const items = pathname.endsWith('/deployments') ? deployments.map(theirs) : [];
      response.end(
        JSON.stringify(pathname === '/api/v1/namespaces/web' ? { metadata: { name: 'web' } } : { items }),
      );
    };
  const configTheirs = (url: string): void => {
    configWith(kubeconfigFor(url), {
      regions: names.map((name) => ({ name, deployment: { name: `web-${name}`, container: 'app' } })),
      hosts: [],
      platform: {},
      capacity: { serversPerPod: 3 },
      service: { deployment: 'existing', namespace: 'web' },
    });
  };

  test('are patched, and nothing else of the stack’s is made around them but a Service', async () => {
    const server = await startServer(answerTheirs(names.map((name) => `web-${name}`)));
    configTheirs(server.url);
    const { recorded } = await run(({ type }) =>
      type === 'pulumi:pulumi:StackReference'
        ? { outputs: {} }
        : type.endsWith(':BorrowedDeployment')
          ? { labels: { app: 'x' } }
          : {},
    );
    const called = listed(recorded).filter((what) => what.endsWith(' north'));
    expect(called.sort()).toEqual([
      'casper:index:BorrowedDeployment north',
      'casper:index:ExistingDeployment north',
      'casper:index:PodCpu north',
      'kubernetes:apps/v1:DeploymentPatch north',
      'kubernetes:core/v1:Service north',
    ]);
    expect(listed(recorded).some((what) => what.includes('Namespace'))).toBe(false);
    const patch = recorded.find(({ type, name }) => type.endsWith(':DeploymentPatch') && name === 'north');
    expect(patch?.inputs).toMatchObject({ metadata: { name: 'web-north' }, spec: { replicas: 2 } });
  });

  test('that are not there stop the program before it registers anything', async () => {
    const server = await startServer(answerTheirs(['web-east']));
    configTheirs(server.url);
    const recorded = await recordResources(() => ({ outputs: {} }));
    await expect(program()).rejects.toThrow(
      /casper:regions\.north\.deployment\.name: there is no Deployment web\/web-north \(web has: web-east\)/,
    );
    expect(listed(recorded).filter((what) => !what.startsWith('pulumi:pulumi:'))).toEqual([]);
  });
});
