import type { HostConfig, RegionConfig, StackConfig } from './stackConfig';

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
        metricsAddress: `${host.address}:${traefik.metricsPort}`,
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

/** The Prometheus of a stack. */
export interface Watcher {
  readonly host: HostConfig;
  /** Path of the program on the host. */
  readonly program: string;
  /** Host and port that it answers queries at. */
  readonly address: string;
  readonly scrapeIntervalSeconds: number;
}

/** The one Prometheus of a stack; undefined where no host has one. */
export function watcherOf({ hosts }: Pick<StackConfig, 'hosts'>): Watcher | undefined {
  const host = hosts.find(({ prometheus }) => prometheus);
  if (!host?.prometheus) return undefined;
  const { program, port, scrapeIntervalSeconds } = host.prometheus;
  return { host, program, address: `${host.address}:${port}`, scrapeIntervalSeconds };
}
