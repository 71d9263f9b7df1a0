import { inCluster } from '../../../stack/clusters';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseDocument } from 'yaml';
import { casperValues, parseProgramConfig, parseStackConfig } from '../../../stack/stackConfig';

const committed = readFileSync(path.join(__dirname, '../../../Pulumi.dev.yaml'), 'utf8');

/** The committed baseline with one value put in place of another, or taken away. */
function baselineWith(at?: (string | number)[], value?: unknown): Record<string, unknown> {
  const document = parseDocument(committed);
  if (at && value === undefined) document.deleteIn(['config', ...at]);
  else if (at) document.setIn(['config', ...at], document.createNode(value));
  return casperValues((document.toJS() as { config: Record<string, unknown> }).config);
}

test('the committed baseline is accepted, and defaults are the reference’s', () => {
  const { capacity, plan } = parseStackConfig(baselineWith(['casper:capacity']), 'Pulumi.dev.yaml');
  expect(capacity).toEqual({
    requestsPerServer: 10,
    cpuMillicoresPerServer: 10,
    epsilonMillicores: 1,
    cpuRequestPercent: 90,
    minServers: 0,
    maxServers: 100,
  });
  expect(plan.regions['us-east-1']).toEqual({ servers: 28, cpuMillicores: 281 });
});

test('the program reads the same config from the JSON text that Pulumi hands it', () => {
  const values = baselineWith();
  const handed = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [`casper:${key}`, JSON.stringify(value)]),
  );
  expect(parseProgramConfig({ ...handed, 'other:key': 'x' }, 'dev')).toEqual(parseStackConfig(values, 'dev'));
  expect(() => parseProgramConfig({ ...handed, 'casper:plan': 'not json' }, 'dev')).toThrow(
    /stack dev.*casper:plan: .*"not json"/s,
  );
});

test('an unquoted interval means the same in the form that Pulumi makes of it', () => {
  const values = baselineWith(['casper:plan', 'interval'], '2022-08-13 00:00:00 +0000 UTC');
  expect(parseStackConfig(values, 'dev').plan.interval).toBe('2022-08-13T00:00:00Z');
});

const plan = 'casper:plan';
const remove = undefined;

test.each<[string, (string | number)[], unknown, RegExp]>([
  ['a misspelt top key', ['casper:capcity'], {}, /dev\.yaml cannot be used.*Unrecognized key: "capcity"/s],
  [
    'a misspelt inner key',
    ['casper:capacity', 'requestPercentage'],
    90,
    /casper:capacity: Unrecognized key: "requestPercentage"/,
  ],
  [
    'a weight for an unknown region',
    [plan, 'weights', 'us-east-1', 'atlantis'],
    1,
    /casper:plan\.weights\.us-east-1\.atlantis: not in casper:regions \(known regions: ap-southeast-2,.*correct the name/,
  ],
  [
    'a row for an unknown origin',
    [plan, 'weights', 'atlantis'],
    { 'us-east-1': 1 },
    /casper:plan\.weights\.atlantis: not in casper:regions/,
  ],
  [
    'a weight to a region without servers',
    [plan, 'weights', 'us-east-2'],
    { 'us-east-2': 1 },
    /weights\.us-east-2\.us-east-2: sends requests to a region without servers/,
  ],
  [
    'a weight of zero',
    [plan, 'weights', 'us-east-2'],
    { 'us-east-1': 0 },
    /weights\.us-east-2\.us-east-1: .*\(it is 0\)/,
  ],
  [
    'a region without a plan',
    [plan, 'regions', 'us-west-1'],
    remove,
    /casper:plan\.regions: us-west-1 is missing/,
  ],
  [
    'a plan for an unknown region',
    [plan, 'regions', 'atlantis'],
    { servers: 1, cpuMillicores: 11 },
    /casper:plan\.regions\.atlantis: not in casper:regions/,
  ],
  [
    'a region given twice',
    ['casper:regions', 6],
    { name: 'us-east-1' },
    /casper:regions: us-east-1 stands there twice/,
  ],
  [
    'millicores as text',
    [plan, 'regions', 'us-east-1', 'cpuMillicores'],
    '281m',
    /regions\.us-east-1\.cpuMillicores: .*expected.*\(it is "281m"\)/,
  ],
  [
    'a fraction of a server',
    [plan, 'regions', 'us-east-1', 'servers'],
    2.5,
    /regions\.us-east-1\.servers: .*\(it is 2\.5\)/,
  ],
  [
    'more servers than a region may have',
    [plan, 'regions', 'us-east-1', 'servers'],
    101,
    /casper:plan\.regions\.us-east-1\.servers: 101, expected at most casper:capacity\.maxServers, 100; lower it, or raise that/,
  ],
  [
    'more servers than this region may have',
    ['casper:regions', 3, 'capacity'],
    { maxServers: 27 },
    /casper:plan\.regions\.us-east-1\.servers: 28, expected at most casper:regions\.us-east-1\.capacity\.maxServers, 27; lower it/,
  ],
  [
    'more CPU than the servers of this region may take',
    ['casper:regions', 3, 'capacity'],
    { cpuMillicoresPerServer: 2 },
    /us-east-1\.cpuMillicores: 281, expected at most 201, the CPU of 100 servers \(casper:capacity\.maxServers\)/,
  ],
  [
    'fewest servers above the most',
    ['casper:regions', 3, 'capacity'],
    { minServers: 101 },
    /casper:regions\.us-east-1\.capacity\.minServers: 101, more than casper:capacity\.maxServers, 100, of us-east-1; lower the one/,
  ],
  [
    'a misspelt key of a region’s capacity',
    ['casper:regions', 3, 'capacity'],
    { maxServer: 1 },
    /casper:regions\.3\.capacity: Unrecognized key: "maxServer"/,
  ],
  [
    'a former name beside the present one',
    ['casper:capacity', 'requestPercent'],
    80,
    /casper:capacity\.requestPercent: is called cpuRequestPercent now, which is given too; remove requestPercent \(it is 80\)/,
  ],
  [
    'servers without CPU',
    [plan, 'regions', 'us-east-1', 'cpuMillicores'],
    0,
    /cpuMillicores: 0 with 28 servers/,
  ],
  [
    'a region name that Kubernetes cannot take',
    ['casper:regions', 0, 'name'],
    'US_East',
    /casper:regions\.0\.name: expected lower-case/,
  ],
  [
    'an interval that is no time',
    [plan, 'interval'],
    'yesterday',
    /casper:plan\.interval: expected an ISO 8601 time.*"yesterday"/,
  ],
  ['a scope that is none', ['casper:scope'], 'half', /casper:scope: .*everything.*platform.*service.*half/],
  [
    'a kernel parameter that is no text',
    ['casper:service', 'sysctls'],
    { 'net.core.somaxconn': 1024 },
    /casper:service\.sysctls.*net\.core\.somaxconn.*string.*1024/,
  ],
  ['no cluster', ['casper:cluster'], remove, /casper:cluster: missing; name the context/],
  [
    'one cluster and several',
    ['casper:clusters'],
    [{ name: 'a', context: 'x' }],
    /casper:cluster and casper:clusters are both there/,
  ],
  [
    'a region of a cluster that is not there',
    ['casper:regions', 0, 'cluster'],
    'moon',
    /casper:regions\.ap-southeast-2\.cluster: moon is not in casper:clusters \(there are none\)/,
  ],
  [
    'a manifest that anybody may change on its way',
    ['casper:platform'],
    { metalLb: { manifest: 'http://example.org/metallb.yaml' } },
    /casper:platform\.metalLb\.manifest: expected a path, or an address that begins with https/,
  ],
  [
    'a manifest by address without its digest',
    ['casper:platform'],
    { metricsServer: { manifest: 'https://example.org/components.yaml' } },
    /casper:platform\.metricsServer\.sha256: expected what `curl -L ADDRESS \| sha256sum` prints/,
  ],
])('refuses %s, naming it', (_what, at, value, message) => {
  expect(() => parseStackConfig(baselineWith(at, value), 'Pulumi.dev.yaml')).toThrow(message);
});

test('several clusters: each once, at a place of its own, and every region in one of them', () => {
  const [east, west] = [
    { name: 'east', context: 'x' },
    { name: 'west', context: 'y' },
  ];
  const values = (clusters: unknown, ofRegion: (index: number) => string | undefined) => {
    const others = baselineWith(['casper:clusters'], clusters);
    delete others['cluster'];
    const regions = (others['regions'] as object[]).map((region, index) => {
      const cluster = ofRegion(index);
      return { ...region, ...(cluster !== undefined && { cluster }) };
    });
    return { ...others, regions };
  };
  const halves = (index: number): string => (index % 2 === 0 ? 'east' : 'west');
  const parsed = parseStackConfig(values([east, west], halves), 'dev');
  expect(inCluster(parsed, 'west').regions.map(({ name }) => name)).toEqual([
    'eu-central-1',
    'us-east-1',
    'us-west-1',
  ]);
  // One of several may go without saying where there is no other.
  expect(
    parseStackConfig(
      values([east], () => undefined),
      'dev',
    ).clusters,
  ).toEqual([east]);
  const refused = (clusters: unknown, ofRegion: (index: number) => string | undefined, message: RegExp) => {
    expect(() => parseStackConfig(values(clusters, ofRegion), 'dev')).toThrow(message);
  };
  refused(
    [east, west],
    () => undefined,
    /us-west-1\.cluster: missing; name one of casper:clusters \(east, west\)/,
  );
  refused([east, west], () => 'north', /north is not in casper:clusters \(known clusters: east, west\)/);
  refused(
    [east, { ...west, context: 'x' }],
    halves,
    /casper:clusters\.west\.context: x, which is east already/,
  );
  refused([east, { ...west, name: 'east' }], () => 'east', /casper:clusters: east stands there twice/);
  // The same context of two kubeconfigs is two places.
  const elsewhere = { ...west, context: 'x', kubeconfig: '/other' };
  expect(() => parseStackConfig(values([east, elsewhere], halves), 'dev')).not.toThrow();
});

/** Two regions with a request path on one host; further regions of the baseline are left out. */
function requestPath(change: (values: RequestPath) => void): Record<string, unknown> {
  const values: RequestPath = {
    cluster: { context: 'lab' },
    service: { image: 'kiwix' },
    regions: [
      {
        name: 'us-east-1',
        loadBalancer: { address: '192.0.2.1', port: 8081 },
        traefik: { host: 'here', entryPointPort: 8001, metricsPort: 9001, apiPort: 7001 },
      },
      {
        name: 'us-west-1',
        loadBalancer: { address: '192.0.2.1', port: 8082 },
        traefik: { host: 'here', entryPointPort: 8002, metricsPort: 9002, apiPort: 7002 },
      },
    ],
    hosts: [
      {
        name: 'here',
        address: '127.0.0.1',
        traefik: '/usr/local/bin/traefik',
        prometheus: { program: '/usr/bin/prometheus' },
      },
    ],
    plan: {
      interval: '2022-08-13T00:00:00Z',
      policy: 'carbon',
      regions: {
        'us-east-1': { servers: 1, cpuMillicores: 11 },
        'us-west-1': { servers: 0, cpuMillicores: 0 },
      },
      weights: { 'us-east-1': { 'us-east-1': 1 }, 'us-west-1': { 'us-east-1': 1 } },
    },
  };
  change(values);
  return { ...values };
}

interface RequestPath {
  cluster: unknown;
  service: unknown;
  plan: unknown;
  regions: { name: string; loadBalancer?: { address: string; port: number }; traefik?: RegionTraefik }[];
  hosts: Record<string, unknown>[];
}
interface RegionTraefik {
  host: string;
  entryPointPort: number;
  metricsPort: number;
  apiPort: number;
}

test('a request path is accepted, and a stack without one too', () => {
  const { hosts } = parseStackConfig(
    requestPath(() => undefined),
    'dev',
  );
  expect(hosts).toEqual([
    {
      name: 'here',
      address: '127.0.0.1',
      folder: '/var/lib/casper',
      traefik: '/usr/local/bin/traefik',
      prometheus: { program: '/usr/bin/prometheus', port: 9090, scrapeIntervalSeconds: 1 },
    },
  ]);
  expect(parseStackConfig(baselineWith(), 'dev').hosts).toEqual([]);
});

const second = ({
  hosts,
  regions,
}: RequestPath): { region: RequestPath['regions'][number]; traefik: RegionTraefik } => {
  const region = regions[1];
  if (!region?.traefik || hosts.length === 0) throw new Error('the test has no second region');
  return { region, traefik: region.traefik };
};

test.each<[string, (values: RequestPath) => void, RegExp]>([
  [
    'two regions on one address and port',
    (values) => {
      second(values).region.loadBalancer = { address: '192.0.2.1', port: 8081 };
    },
    /casper:regions: us-east-1 and us-west-1 are both at 192\.0\.2\.1:8081; give one of them another port/,
  ],
  [
    'a port that another region has on the host',
    (values) => {
      second(values).traefik.entryPointPort = 9001;
    },
    /casper:regions\.us-west-1\.traefik\.entryPointPort: 9001, which is casper:regions\.us-east-1\.traefik\.metricsPort on host here already; give one another port/,
  ],
  [
    'a port that is given twice in one region',
    (values) => {
      second(values).traefik.apiPort = 8002;
    },
    /us-west-1\.traefik\.apiPort: 8002, which is casper:regions\.us-west-1\.traefik\.entryPointPort/,
  ],
  [
    "Prometheus's port",
    (values) => {
      second(values).traefik.metricsPort = 9090;
    },
    /us-west-1\.traefik\.metricsPort: 9090, which is casper:hosts\.here\.prometheus\.port on host here/,
  ],
  [
    'an unknown host',
    (values) => {
      second(values).traefik.host = 'there';
    },
    /casper:regions\.us-west-1\.traefik\.host: there is not in casper:hosts \(known hosts: here\); correct the name or add the host/,
  ],
  [
    'a host without traefik',
    (values) => {
      delete values.hosts[0]?.['traefik'];
    },
    /casper:hosts\.here\.traefik: missing, but us-east-1 runs there; give the program's path/,
  ],
  [
    'a region that is left out of the request path',
    (values) => {
      delete second(values).region.traefik;
    },
    /casper:regions: us-west-1 has no traefik; give it one, or no region a traefik/,
  ],
  [
    'a region that load balancers cannot reach',
    (values) => {
      delete second(values).region.loadBalancer;
    },
    /casper:regions: us-west-1 has no loadBalancer; give it one/,
  ],
  [
    'a host given twice',
    (values) => {
      values.hosts.push({ name: 'here', address: '192.0.2.9' });
    },
    /casper:hosts: the name here stands there twice; give each host once/,
  ],
  [
    'two hosts at one address',
    (values) => {
      values.hosts.push({ name: 'there', address: '127.0.0.1' });
    },
    /casper:hosts: the address 127\.0\.0\.1 stands there twice/,
  ],
  [
    'two Prometheuses',
    (values) => {
      values.hosts.push({ ...values.hosts[0], name: 'there', address: '192.0.2.9' });
    },
    /casper:hosts: here and there both have prometheus; leave it with one of them/,
  ],
  [
    'a path that a shell would take apart',
    (values) => {
      values.hosts.push({ name: 'there', address: '192.0.2.9', folder: '/var/lib/$(id)' });
    },
    /casper:hosts\.1\.folder: expected an absolute path.*\(it is "\/var\/lib\/\$\(id\)"\)/,
  ],
  [
    'a path that goes up',
    (values) => {
      values.hosts.push({ name: 'there', address: '192.0.2.9', folder: '/var/../etc' });
    },
    /casper:hosts\.1\.folder: expected an absolute path/,
  ],
  [
    'an address that is none',
    (values) => {
      values.hosts.push({ name: 'there', address: 'ssh://there' });
    },
    /casper:hosts\.1\.address: expected an IPv4 address or a host name \(it is "ssh:\/\/there"\)/,
  ],
  [
    'a misspelt key of a host',
    (values) => {
      values.hosts.push({ name: 'there', address: '192.0.2.9', shh: {} });
    },
    /casper:hosts\.1: Unrecognized key: "shh"/,
  ],
  [
    'a port that is none',
    (values) => {
      second(values).traefik.apiPort = 70_000;
    },
    /casper:regions\.1\.traefik\.apiPort: .*65535.*\(it is 70000\)/,
  ],
])('refuses %s in a request path, naming it', (_what, change, message) => {
  expect(() => parseStackConfig(requestPath(change), 'Pulumi.dev.yaml')).toThrow(message);
});
