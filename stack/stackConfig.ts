import { z } from 'zod';

/**
 * The contract of the stack config: planning/ writes it, index.ts reads it, people edit it.
 * Every key is checked here, once; behind this file the types are trusted.
 */

const prefix = 'casper:';

const regionName = z
  .string()
  // A region's name becomes part of Kubernetes object names (RFC 1123 label) behind the prefix "kiwix-".
  .regex(
    /^[a-z0-9]([-a-z0-9]{0,50}[a-z0-9])?$/,
    'expected lower-case letters, digits and dashes, as in us-east-1',
  );
const cpuMillicores = z.int().min(0).max(1_000_000);
const count = z.int().min(0).max(1_000_000);

const port = z.int().min(1).max(65_535);
const hostPath = z
  .string()
  // It goes into commands as it is.
  .regex(
    /^(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._-]+)+$/,
    'expected an absolute path of letters, digits, dots, dashes and underscores',
  );

const hostSchema = z.strictObject({
  name: regionName,
  /** By which clients and the other hosts reach it. */
  address: z.union([z.ipv4(), z.hostname()], { error: 'expected an IPv4 address or a host name' }),
  /** Absent for the machine that Pulumi runs on. */
  ssh: z
    .strictObject({
      port: port.default(22),
      user: z.string().min(1).default('root'),
      /** Path on the machine that Pulumi runs on; without it an ssh agent is asked. */
      privateKeyFile: z.string().min(1).optional(),
      /** The host's public key, type and key as in a known_hosts file; without it any is taken. */
      hostKey: z.string().min(1).optional(),
    })
    .optional(),
  /** Folder on the host that everything is kept in; docs/hosts.md says what. */
  folder: hostPath.default('/var/lib/casper'),
  /** Path of the traefik program on the host, 3.6.7 or later. */
  traefik: hostPath.optional(),
  /** Given for the one host that Prometheus runs on. */
  prometheus: z
    .strictObject({
      /** Path of the prometheus program on the host. */
      program: hostPath,
      port: port.default(9090),
      scrapeIntervalSeconds: z.int().min(1).max(60).default(1),
    })
    .optional(),
});

const clusterSchema = z.strictObject({
  /** Context of the kubeconfig to act on. Named, so that whatever context is current is never touched by accident. */
  context: z.string().min(1),
  /** Path of the kubeconfig; without it $KUBECONFIG, then ~/.kube/config, as kubectl does. */
  kubeconfig: z.string().min(1).optional(),
});

const regionSchema = z.strictObject({
  name: regionName,
  /** Labels of the nodes that stand in this region; without it any node may run its pods. */
  nodeSelector: z.record(z.string(), z.string()).optional(),
  /** Address and port by which load balancers reach the region; without it only the cluster itself does. */
  loadBalancer: z.strictObject({ address: z.ipv4(), port: z.int().min(1).max(65_535) }).optional(),
  /** The load balancer of the requests that come from the region; all regions have one, or none has. */
  traefik: z
    .strictObject({
      /** Name of one of casper:hosts. */
      host: z.string(),
      /** Port of the host that the region's requests come in at. */
      entryPointPort: port,
      /** Port of the host that Prometheus scrapes. */
      metricsPort: port,
      /** Port of the host's loopback for Traefik's API, which has no password. */
      apiPort: port,
    })
    .optional(),
});

const platformPart = {
  /** Whether the stack installs it; false where the cluster has it. */
  install: z.boolean().default(true),
  /** Path or address of upstream's manifest. */
  manifest: z.string().min(1).optional(),
};
const needsManifest = ({ install, manifest }: { install: boolean; manifest?: string | undefined }): boolean =>
  !install || manifest !== undefined;
const manifestMissing = {
  error: 'expected manifest, a path or an address, or install: false',
  path: ['manifest'],
};

const platformSchema = z.strictObject({
  /** Gives the regions' Services the addresses of casper:regions. */
  metalLb: z
    .strictObject({ ...platformPart, namespace: z.string().min(1).default('metallb-system') })
    .refine(needsManifest, manifestMissing)
    .optional(),
  /** Answers `kubectl top`. */
  metricsServer: z
    .strictObject({ ...platformPart, extraArgs: z.array(z.string()).default([]) })
    .refine(needsManifest, manifestMissing)
    .optional(),
});

const capacitySchema = z.strictObject({
  /** Requests/s that one server carries: the reference's measurement, README appendix of carbonfirst/casper. */
  requestsPerServer: z.int().min(1).default(10),
  /** CPU limit one server adds, and the constant on top of it: limit = 10 * servers + 1 in the reference. */
  cpuMillicoresPerServer: z.int().min(1).default(10),
  epsilonMillicores: z.int().min(1).default(1),
  /** CPU request as a share of the limit: 0.9 in the reference. */
  requestPercent: z.int().min(1).max(100).default(90),
  maxServersPerRegion: z.int().min(1).default(100),
});

const serviceSchema = z.strictObject({
  namespace: z.string().min(1).default('casper'),
  image: z.string().min(1),
  args: z.array(z.string()).optional(),
  port: z.int().min(1).max(65_535).default(8080),
  /** Name of a secret of type kubernetes.io/dockerconfigjson that is in the namespace already. */
  pullSecret: z.string().min(1).optional(),
  /** Path that answers 200 once the service can serve. */
  readinessPath: z.string().startsWith('/').default('/'),
  /** Kernel parameters of the pods' own namespaces; values in quotes. The kubelet must allow those that are not safe. */
  sysctls: z.record(z.string().regex(/^[a-z0-9_]+([./-][a-z0-9_]+)+$/), z.string().min(1)).default({}),
  /** How long a pod that leaves goes on serving, so that every load balancer has taken it out by then. */
  drainSeconds: z.int().min(0).max(3600).default(5),
  /** Bound of one region's rollout; keep it well under the scheduling interval. */
  rolloutTimeoutSeconds: z.int().min(5).max(3600).default(180),
  /** How a region's CPU is changed: in its pods, without a restart (Kubernetes 1.33 on), or by pods that take over. */
  cpuChange: z.enum(['inPlace', 'rollout']).default('inPlace'),
  /** How long a change in place may take before the region's pods are replaced instead. */
  resizeTimeoutSeconds: z.int().min(1).max(3600).default(30),
  /** Keep the reference's epsilon pod in regions without servers instead of none. */
  keepWarm: z.boolean().default(false),
});

/**
 * Pulumi reads an unquoted time in a stack file as a YAML timestamp and hands it on, or writes it back, in Go's own
 * form, "2022-08-13 00:00:00 +0000 UTC": both forms mean the same interval.
 */
const intervalStart = z.preprocess(
  (value) =>
    typeof value === 'string'
      ? value.replace(/^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) \+0000 UTC$/, '$1T$2Z')
      : value,
  z.iso.datetime({ error: 'expected an ISO 8601 time in UTC, as in 2022-08-13T00:00:00Z' }),
);

const planSchema = z.strictObject({
  interval: intervalStart,
  policy: z.string().min(1),
  regions: z.record(regionName, z.strictObject({ servers: count, cpuMillicores })),
  /** One row an origin: planned requests to each destination, divided by their greatest common divisor. */
  weights: z.record(regionName, z.record(regionName, z.int().min(1).max(1_000_000))),
});

const stackSchema = z.strictObject({
  cluster: clusterSchema,
  /**
   * What the stack makes: all of it, only what casper:platform installs, or all but that. The platform seldom changes,
   * and looking at it takes a third of every update: in a stack of its own it is left alone.
   */
  scope: z.enum(['everything', 'platform', 'service']).default('everything'),
  regions: z.array(regionSchema).min(1),
  hosts: z.array(hostSchema).default([]),
  capacity: capacitySchema.default(capacitySchema.parse({})),
  service: serviceSchema,
  platform: platformSchema.default({}),
  plan: planSchema,
});

export type StackConfig = z.infer<typeof stackSchema>;
export type RegionConfig = StackConfig['regions'][number];
export type HostConfig = StackConfig['hosts'][number];
export type CapacityConfig = StackConfig['capacity'];
export type ServiceConfig = StackConfig['service'];
export type StackPlan = StackConfig['plan'];

/** The capacity constants of the reference, for plans made without a stack file. */
export const referenceCapacity: CapacityConfig = capacitySchema.parse({});

/** What a region needs for CPU that is changed in place; undefined where a rollout changes it. */
export function resizeSettings({
  cluster,
  capacity,
  service,
}: StackConfig):
  | { context: string; kubeconfig?: string | undefined; ceilingMillicores: number; timeoutSeconds: number }
  | undefined {
  if (service.cpuChange === 'rollout') return undefined;
  return {
    ...cluster,
    // The CPU of a region with as many servers as there may be.
    ceilingMillicores:
      capacity.cpuMillicoresPerServer * capacity.maxServersPerRegion + capacity.epsilonMillicores,
    timeoutSeconds: service.resizeTimeoutSeconds,
  };
}

/** A stack config that cannot be used; the message names every fault by its path in the stack file. */
export class StackConfigError extends Error {
  override readonly name = 'StackConfigError';
}

/** A destination that a row of weights sends to must be able to serve; the rest of a plan's own logic is checked here too. */
function faultsOfPlan({ regions, capacity, plan }: StackConfig): string[] {
  const faults: string[] = [];
  const names = new Set<string>();
  const regionAt = new Map<string, string>();
  for (const { name, loadBalancer } of regions) {
    if (names.has(name)) faults.push(`casper:regions: ${name} stands there twice; give each region once`);
    names.add(name);
    if (!loadBalancer) continue;
    const at = `${loadBalancer.address}:${loadBalancer.port}`;
    const other = regionAt.get(at);
    if (other !== undefined)
      faults.push(
        `casper:regions: ${other} and ${name} are both at ${at}; give one of them another port or address`,
      );
    regionAt.set(at, name);
  }
  const known = `known regions: ${[...names].join(', ')}`;
  for (const name of names) {
    if (!plan.regions[name])
      faults.push(`casper:plan.regions: ${name} is missing; give it servers and cpuMillicores`);
  }
  for (const [name, { servers, cpuMillicores }] of Object.entries(plan.regions)) {
    const path = `casper:plan.regions.${name}`;
    if (!names.has(name))
      faults.push(`${path}: not in casper:regions (${known}); correct the name or add the region`);
    if (servers > capacity.maxServersPerRegion) {
      faults.push(
        `${path}.servers: ${servers}, expected at most casper:capacity.maxServersPerRegion, ${capacity.maxServersPerRegion}`,
      );
    }
    if (servers > 0 && cpuMillicores === 0) {
      faults.push(`${path}.cpuMillicores: 0 with ${servers} servers; expected more than 0, or servers: 0`);
    }
  }
  for (const [origin, row] of Object.entries(plan.weights)) {
    if (!names.has(origin)) {
      faults.push(
        `casper:plan.weights.${origin}: not in casper:regions (${known}); correct the name or remove the row`,
      );
    }
    for (const destination of Object.keys(row)) {
      const path = `casper:plan.weights.${origin}.${destination}`;
      if (!names.has(destination)) {
        faults.push(`${path}: not in casper:regions (${known}); correct the name or remove the weight`);
      } else if ((plan.regions[destination]?.servers ?? 0) === 0) {
        faults.push(
          `${path}: sends requests to a region without servers; give it servers or remove the weight`,
        );
      }
    }
  }
  return faults;
}

/** Where the request path runs must exist, and no two things may want one port. */
function faultsOfHosts({ regions, hosts }: StackConfig): string[] {
  const faults: string[] = [];
  const known =
    hosts.length > 0 ? `known hosts: ${hosts.map(({ name }) => name).join(', ')}` : 'there are none';
  const [prometheus, ...further] = hosts.filter((host) => host.prometheus);
  for (const { name } of further) {
    faults.push(
      `casper:hosts: ${prometheus?.name ?? ''} and ${name} both have prometheus; leave it with one of them`,
    );
  }
  const seen = new Map<string, string>();
  for (const { name, address } of hosts) {
    for (const [what, value] of [
      ['name', name],
      ['address', address],
    ] as const) {
      if (seen.has(`${what} ${value}`))
        faults.push(`casper:hosts: the ${what} ${value} stands there twice; give each host once`);
      seen.set(`${what} ${value}`, name);
    }
  }

  const without = regions.filter(({ traefik, loadBalancer }) => !traefik || !loadBalancer);
  if (regions.some(({ traefik }) => traefik)) {
    for (const { name, traefik } of without) {
      faults.push(
        `casper:regions: ${name} has no ${traefik ? 'loadBalancer' : 'traefik'}; give it one, or no region a traefik`,
      );
    }
  }

  const takenBy = new Map<string, string>();
  const take = (host: string, value: number, path: string): void => {
    const other = takenBy.get(`${host} ${value}`);
    if (other !== undefined)
      faults.push(`${path}: ${value}, which is ${other} on host ${host} already; give one another port`);
    else takenBy.set(`${host} ${value}`, path);
  };
  for (const { name, prometheus: server } of hosts) {
    if (server) take(name, server.port, `casper:hosts.${name}.prometheus.port`);
  }
  for (const { name, traefik } of regions) {
    if (!traefik) continue;
    const path = `casper:regions.${name}.traefik`;
    const host = hosts.find((candidate) => candidate.name === traefik.host);
    if (!host) {
      faults.push(
        `${path}.host: ${traefik.host} is not in casper:hosts (${known}); correct the name or add the host`,
      );
      continue;
    }
    if (host.traefik === undefined) {
      faults.push(
        `casper:hosts.${host.name}.traefik: missing, but ${name} runs there; give the program's path`,
      );
    }
    for (const key of ['entryPointPort', 'metricsPort', 'apiPort'] as const) {
      take(host.name, traefik[key], `${path}.${key}`);
    }
  }
  return faults;
}

/**
 * Checks the values of all `casper:` keys, given without that prefix.
 * @param source where they come from, for messages: a file's path or a stack's name
 * @throws StackConfigError that lists every fault with its path, and what was expected there
 */
export function parseStackConfig(values: Readonly<Record<string, unknown>>, source: string): StackConfig {
  const parsed = stackSchema.safeParse(values);
  const faults = parsed.success
    ? [...faultsOfPlan(parsed.data), ...faultsOfHosts(parsed.data)]
    : parsed.error.issues.map((issue) => {
        const path = `casper:${issue.path.map(String).join('.')}`;
        const value = valueAt(values, issue.path);
        const got =
          value === undefined || typeof value === 'object' ? '' : ` (it is ${JSON.stringify(value)})`;
        return `${path}: ${issue.message}${got}`;
      });
  if (parsed.success && faults.length === 0) return parsed.data;
  throw new StackConfigError(
    `${source} cannot be used:\n${faults.map((fault) => `  ${fault}`).join('\n')}\nCorrect the stack file; docs/configuration.md lists every key.`,
  );
}

/**
 * The same for what a Pulumi program is given: every key of the stack with its value, objects as JSON text.
 * @param allConfig as from `pulumi.runtime.allConfig()`; keys of other namespaces are not looked at
 */
export function parseProgramConfig(allConfig: Readonly<Record<string, string>>, stack: string): StackConfig {
  const values = Object.entries(casperValues(allConfig)).map(
    ([key, text]) => [key, parseJson(text as string)] as const,
  );
  return parseStackConfig(Object.fromEntries(values), `The config of stack ${stack}`);
}

/** Takes the `casper:` keys out of the `config:` section of a stack file. */
export function casperValues(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );
}

/** A value that was set as plain text reaches the schema as that text, which then says what it expected. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) =>
      typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined,
    root,
  );
}
