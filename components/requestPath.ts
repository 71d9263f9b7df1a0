import { readFileSync } from 'node:fs';
import * as pulumi from '@pulumi/pulumi';
import type { Host } from './host';
import { PrometheusHost } from './prometheusHost';
import { TraefikHost } from './traefikHost';

/** A machine of the request path, as casper:hosts describes it. */
export interface HostArgs {
  readonly name: string;
  readonly address: string;
  readonly ssh?:
    | {
        readonly port: number;
        readonly user: string;
        readonly privateKeyFile?: string | undefined;
        readonly hostKey?: string | undefined;
      }
    | undefined;
  readonly folder: string;
  readonly traefik?: string | undefined;
  readonly prometheus?:
    { readonly program: string; readonly port: number; readonly scrapeIntervalSeconds: number } | undefined;
}

/** A region as the request path sees it. */
export interface PathRegion {
  readonly name: string;
  readonly loadBalancer?: { readonly address: string; readonly port: number } | undefined;
  readonly traefik?:
    | {
        readonly host: string;
        readonly entryPointPort: number;
        readonly metricsPort: number;
        readonly apiPort: number;
      }
    | undefined;
}

export interface RequestPathArgs {
  readonly hosts: readonly HostArgs[];
  readonly regions: readonly PathRegion[];
  /** Row of weights of every origin, by destination. */
  readonly weights: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** What requests go through. */
export interface RequestPath {
  readonly traefiks: readonly TraefikHost[];
  /** URL that each origin's requests come in at. */
  readonly entryPoints: Readonly<Record<string, pulumi.Output<string>>>;
  /** What to replace where a Traefik has died, or serves other weights. */
  readonly traefikUrns: Readonly<Record<string, TraefikHost['urns']>>;
  readonly prometheusUrl: pulumi.Output<string> | undefined;
}

/** Creates the load balancer of every region that has one, and the Prometheus that scrapes them. */
export function createRequestPath(
  { hosts, regions, weights }: RequestPathArgs,
  opts: pulumi.ComponentResourceOptions,
): RequestPath {
  const hostNamed = new Map(hosts.map((host) => [host.name, { ...host, handle: handleOf(host) }]));
  const balanced = regions.flatMap(({ name, traefik, loadBalancer }) => {
    const host = traefik && hostNamed.get(traefik.host);
    return traefik && host && loadBalancer ? [{ name, traefik, loadBalancer, host }] : [];
  });
  const destinations = Object.fromEntries(
    balanced.map(({ name, loadBalancer }) => [name, `http://${loadBalancer.address}:${loadBalancer.port}`]),
  );
  const traefiks = balanced.map(
    ({ name, traefik, host }) =>
      new TraefikHost(
        name,
        {
          host: host.handle,
          folder: `${host.folder}/traefik-${name}`,
          program: host.traefik ?? '',
          entryPointAddress: `${host.address}:${traefik.entryPointPort}`,
          metricsAddress: `${host.address}:${traefik.metricsPort}`,
          apiAddress: `127.0.0.1:${traefik.apiPort}`,
          destinations,
          weights: weights[name] ?? {},
        },
        opts,
      ),
  );
  const watcher = [...hostNamed.values()].find(({ prometheus }) => prometheus);
  const prometheus =
    watcher?.prometheus &&
    new PrometheusHost('prometheus', {
      host: watcher.handle,
      folder: `${watcher.folder}/prometheus`,
      program: watcher.prometheus.program,
      address: `${watcher.address}:${watcher.prometheus.port}`,
      scrapeIntervalSeconds: watcher.prometheus.scrapeIntervalSeconds,
      targets: Object.fromEntries(
        balanced.map(({ name, traefik, host }) => [name, `${host.address}:${traefik.metricsPort}`]),
      ),
    });
  const byOrigin = <T>(value: (traefik: TraefikHost) => T): Record<string, T> =>
    Object.fromEntries(
      balanced.flatMap(({ name }, index) => {
        const traefik = traefiks[index];
        return traefik ? [[name, value(traefik)] as const] : [];
      }),
    );
  return {
    traefiks,
    entryPoints: byOrigin(({ entryPointAddress }) => pulumi.interpolate`http://${entryPointAddress}`),
    traefikUrns: byOrigin(({ urns }) => urns),
    prometheusUrl: prometheus?.url,
  };
}

function handleOf({ name, address, ssh }: HostArgs): Host {
  if (!ssh) return { name };
  const { port, user, privateKeyFile, hostKey } = ssh;
  const privateKey =
    privateKeyFile === undefined ? undefined : pulumi.secret(readFileSync(privateKeyFile, 'utf8'));
  return { name, connection: { host: address, port, user, privateKey, hostKey } };
}
