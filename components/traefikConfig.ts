import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import { backupService, guardedService, servicesPath, weightedService } from '../stack/naming';

/** What the files of one origin's Traefik say. Addresses are host and port. */
export interface TraefikConfigArgs {
  /** Absolute path of a folder on the host that is this Traefik's own. */
  readonly folder: string;
  /** Of the entry point that the origin's requests come in at. */
  readonly entryPointAddress: string;
  /** What Prometheus scrapes. */
  readonly metricsAddress: string;
  /** Of Traefik's API, which has no password: one of the host's loopback. */
  readonly apiAddress: string;
  /** URL of every region that could ever get requests, by name: those without weight keep their counters. */
  readonly destinations: Readonly<Record<string, string>>;
  /** Weights by destination, integers without common divisor; destinations that are not named get nothing. */
  readonly weights: Row;
  /** Weights of the regions that take a destination's share while it is lost, by that destination. */
  readonly backup?: Readonly<Record<string, Row>> | undefined;
  /** Regions that are asked whether they live though they get no requests: one that was lost may be back. */
  readonly watched?: readonly string[] | undefined;
  /** How the regions that may get requests are asked whether they live; not asked when absent. */
  readonly healthCheck?: HealthCheck | undefined;
}

type Row = Readonly<Record<string, number>>;

export interface HealthCheck {
  /** Path that answers 200 to 399 while the region serves. */
  readonly path: string;
  readonly intervalSeconds: number;
  /** How long an answer, and a connection for a request, may take. */
  readonly timeoutMs: number;
}

/** How soon after a reload of its dynamic configuration Traefik reloads again; its own default is 2 s. */
const RELOAD_THROTTLE = '100ms';

/** Upper bounds of the histogram of service times, in seconds; Traefik's own begin at 0.1 s, above all that is normal. */
const SERVICE_TIME_BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

/** Text of the static configuration; a change of it needs a restart. */
export function staticConfig(
  args: Pick<TraefikConfigArgs, 'folder' | 'entryPointAddress' | 'metricsAddress' | 'apiAddress'>,
): string {
  return stringify({
    global: { checkNewVersion: false, sendAnonymousUsage: false },
    entryPoints: {
      web: {
        address: args.entryPointAddress,
        http: {
          // Titles of articles hold all of these: /content/wiki/A/AC%2FDC.
          encodedCharacters: {
            allowEncodedSlash: true,
            allowEncodedBackSlash: true,
            allowEncodedSemicolon: true,
            allowEncodedPercent: true,
            allowEncodedQuestionMark: true,
            allowEncodedHash: true,
          },
        },
      },
      metrics: { address: args.metricsAddress },
      // The name under which Traefik looks for the entry point of its API.
      traefik: { address: args.apiAddress },
    },
    api: { insecure: true, dashboard: false },
    ping: { entryPoint: 'traefik' },
    // By service alone: what counts requests twice more, by entry point and by router, costs requests.
    metrics: {
      prometheus: { entryPoint: 'metrics', addEntryPointsLabels: false, buckets: SERVICE_TIME_BUCKETS },
    },
    providers: {
      providersThrottleDuration: RELOAD_THROTTLE,
      // A folder, not a file: a file that is renamed into place is seen only there.
      file: { directory: `${args.folder}/dynamic`, watch: true },
    },
    log: { level: 'INFO', noColor: true },
  });
}

/**
 * The dynamic configuration: the origin's traffic weights, and where a lost destination's share goes. Regions' names never
 * change, only weights do: a service that goes takes its counters with it.
 * @returns the file's text, and the revision in it, by which Traefik's API tells it
 */
export function dynamicConfig(
  args: Pick<TraefikConfigArgs, 'destinations' | 'weights' | 'backup' | 'watched' | 'healthCheck'>,
): {
  revision: string;
  file: string;
} {
  const { healthCheck } = args;
  const idle = healthCheck ? idleOf(args) : [];
  const http = {
    routers: {
      origin: {
        entryPoints: ['web'],
        rule: 'PathPrefix(`/`)',
        service: weightedService,
        ...(healthCheck && { middlewares: ['retry'] }),
      },
      // Beside the metrics, what is served and nothing else of the API can be read from outside of the host.
      services: { entryPoints: ['metrics'], rule: `Path(\`${servicesPath}\`)`, service: 'api@internal' },
      // Traefik asks only what a router leads to; no request comes in here, on the host's loopback and by no such name.
      ...(idle.length > 0 && {
        watch: { entryPoints: ['traefik'], rule: 'Host(`watch.invalid`)', service: watchedService },
      }),
    },
    services: healthCheck ? guardedServices(args, idle, healthCheck) : plainServices(args),
    ...(healthCheck && { serversTransports: { region: transport(healthCheck) } }),
  };
  const revision = createHash('sha256').update(JSON.stringify(http)).digest('hex').slice(0, 16);
  const middlewares = {
    // No request passes it: it is what Traefik's API tells the revision by.
    revision: { headers: { customRequestHeaders: { 'X-Casper-Revision': revision } } },
    ...(healthCheck && { retry: retry(healthCheck) }),
  };
  return { revision, file: stringify({ http: { ...http, middlewares } }) };
}

type Services = Pick<TraefikConfigArgs, 'destinations' | 'weights' | 'backup' | 'watched'>;

/** Traefik's service of the regions that are only watched. */
const watchedService = 'watched_regions';

/** Regions that may get requests, be it while another one is lost. */
function inUse({ weights, backup = {} }: Services): ReadonlySet<string> {
  return new Set([...Object.keys(weights), ...Object.values(backup).flatMap(Object.keys)]);
}

function idleOf(args: Services): string[] {
  const used = inUse(args);
  return (args.watched ?? []).filter((region) => !used.has(region));
}

function plainServices({ destinations, weights }: Services): Record<string, object> {
  return {
    [weightedService]: weighted(
      Object.keys(destinations).map((name) => ({ name, weight: weights[name] ?? 0 })),
    ),
    ...mapValues(destinations, (url) => ({ loadBalancer: { servers: [{ url }] } })),
  };
}

/**
 * The row's destinations, each guarded by its backup. Every level reports its health to the one above: where a
 * destination and its backup are lost, the others of the row serve. Only regions that may get requests are asked: one
 * without pods would answer nothing.
 */
function guardedServices(
  args: Services,
  idle: readonly string[],
  { path, intervalSeconds, timeoutMs }: HealthCheck,
): Record<string, object> {
  const { destinations, weights, backup = {} } = args;
  const asked = new Set([...inUse(args), ...idle]);
  const healthCheck = { path, interval: `${intervalSeconds}s`, timeout: `${timeoutMs}ms` };
  const healthy = { healthCheck: {} };
  const row = Object.entries(weights).map(([name, weight]) => ({
    name: backup[name] ? guardedService(name) : name,
    weight,
  }));
  return {
    [weightedService]: weighted(row, healthy),
    ...Object.fromEntries(
      Object.entries(backup).flatMap(([name, others]): [string, object][] => {
        const failover = { service: name, fallback: backupService(name), ...healthy };
        const split = Object.entries(others).map(([other, weight]) => ({ name: other, weight }));
        return [
          [guardedService(name), { failover }],
          [backupService(name), weighted(split, healthy)],
        ];
      }),
    ),
    ...(idle.length > 0 && { [watchedService]: weighted(idle.map((name) => ({ name, weight: 1 }))) }),
    ...mapValues(destinations, (url, name) => ({
      loadBalancer: {
        servers: [{ url }],
        serversTransport: 'region',
        ...(asked.has(name) && { healthCheck }),
      },
    })),
  };
}

function weighted(services: readonly { name: string; weight: number }[], health: object = {}): object {
  return { weighted: { services, ...health } };
}

/** A region that is cut off answers no connection: Traefik's own 30 s would hold its requests for that long. */
function transport({ timeoutMs }: HealthCheck): object {
  // Traefik's default for connections that are kept, which a transport of one's own does not have.
  return { maxIdleConnsPerHost: 200, forwardingTimeouts: { dialTimeout: `${timeoutMs}ms` } };
}

const retryAttempts = 7;

/**
 * Requests that have reached no region are sent again, of any method, until the health checks have found the loss:
 * after one interval and one timeout. Traefik waits between half and three times the first pause, six times in all.
 */
function retry({ intervalSeconds, timeoutMs }: HealthCheck): object {
  const foundWithinMs = intervalSeconds * 1000 + timeoutMs;
  return { retry: { attempts: retryAttempts, initialInterval: `${Math.ceil(foundWithinMs / 4)}ms` } };
}

function mapValues<T, U>(
  record: Readonly<Record<string, T>>,
  map: (value: T, key: string) => U,
): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
}
