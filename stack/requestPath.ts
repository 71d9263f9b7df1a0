import type { HostConfig, RegionConfig, StackConfig } from './schema';

type Path = Pick<StackConfig, 'regions' | 'hosts'>;

/** A region that requests come in at. Addresses are host and port, as in 192.0.2.1:8001. */
export interface Origin {
  readonly name: string;
  /** Where the origin's Traefik runs. */
  readonly host: HostConfig;
  readonly entryPointAddress: string;
  /** Where Prometheus scrapes, and where the weights that are served can be read. */
  readonly metricsAddress: string;
  /** Of the host's loopback: Traefik's API has no password. */
  readonly apiAddress: string;
}

const loopback = '127.0.0.1';

/**
 * Address that a host's Traefiks give their metrics at. Where casper and Prometheus, which read them, are on the same
 * machine, nobody else can, unless the stack file names another one.
 */
export function metricsAddressOf(host: HostConfig, hosts: readonly HostConfig[]): string {
  const watcher = hosts.find(({ prometheus }) => prometheus);
  const readHereAlone = !host.ssh && watcher !== undefined && !watcher.ssh;
  return host.metricsAddress ?? (readHereAlone ? loopback : host.address);
}

/** Whether only the machine itself gets there. */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.');
}

/** The regions of a stack that have a Traefik; none for a stack without a request path. */
export function originsOf({ regions, hosts }: Path): Origin[] {
  return regions.flatMap(({ name, traefik }) => {
    const host = hosts.find((candidate) => candidate.name === traefik?.host);
    if (!traefik || !host) return [];
    return [
      {
        name,
        host,
        entryPointAddress: `${host.address}:${traefik.entryPointPort}`,
        metricsAddress: `${metricsAddressOf(host, hosts)}:${traefik.metricsPort}`,
        apiAddress: `127.0.0.1:${traefik.apiPort}`,
      },
    ];
  });
}

/** URL that an origin's requests come in at. */
export function entryPointUrl({ entryPointAddress }: Pick<Origin, 'entryPointAddress'>): string {
  return `http://${entryPointAddress}/`;
}

/** URL of every region that load balancers reach, by name. */
export function destinationUrls(regions: readonly RegionConfig[]): Record<string, string> {
  return Object.fromEntries(
    regions.flatMap(({ name, loadBalancer }) =>
      loadBalancer ? [[name, `http://${loadBalancer.address}:${loadBalancer.port}`] as const] : [],
    ),
  );
}

type PrometheusConfig = NonNullable<HostConfig['prometheus']>;

/** The Prometheus of a stack. */
export interface Watcher extends Pick<
  PrometheusConfig,
  'program' | 'scrapeIntervalSeconds' | 'tls' | 'login'
> {
  readonly host: HostConfig;
  /** Host and port that it answers queries at. */
  readonly address: string;
  /** Of the same, without /api. */
  readonly url: string;
}

/** The one Prometheus of a stack; undefined where no host has one. On casper's own machine nobody else reaches it. */
export function watcherOf({ hosts }: Pick<StackConfig, 'hosts'>): Watcher | undefined {
  const host = hosts.find(({ prometheus }) => prometheus);
  if (!host?.prometheus) return undefined;
  const { program, port, scrapeIntervalSeconds, tls, login } = host.prometheus;
  const address = `${host.prometheus.address ?? (host.ssh ? host.address : loopback)}:${port}`;
  return {
    host,
    program,
    address,
    url: `http${tls ? 's' : ''}://${address}`,
    scrapeIntervalSeconds,
    tls,
    login,
  };
}
