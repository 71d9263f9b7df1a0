import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import { weightedService, weightsPath } from '../stack/naming';

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
  readonly weights: Readonly<Record<string, number>>;
}

/** How soon after a reload of its dynamic configuration Traefik reloads again; its own default is 2 s. */
const RELOAD_THROTTLE = '100ms';

/** Upper bounds of the histogram of service times, in seconds; Traefik's own begin at 0.1 s, above all that is normal. */
const SERVICE_TIME_BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

/** Text of the static configuration; a change of it needs a restart. */
export function staticConfig(args: Omit<TraefikConfigArgs, 'destinations' | 'weights'>): string {
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
 * The dynamic configuration: the origin's traffic weights. Names never change, only weights do: a service that goes takes its
 * counters with it.
 * @returns the file's text, and the revision in it, by which Traefik's API tells it
 */
export function dynamicConfig(args: Pick<TraefikConfigArgs, 'destinations' | 'weights'>): {
  revision: string;
  file: string;
} {
  const { destinations } = args;
  const http = {
    routers: {
      origin: { entryPoints: ['web'], rule: 'PathPrefix(`/`)', service: weightedService },
      // Beside the metrics, the weights and nothing else of the API can be read from outside of the host.
      row: { entryPoints: ['metrics'], rule: `Path(\`${weightsPath}\`)`, service: 'api@internal' },
    },
    services: {
      [weightedService]: {
        weighted: {
          services: Object.keys(destinations).map((name) => ({
            name,
            weight: args.weights[name] ?? 0,
          })),
        },
      },
      ...Object.fromEntries(
        Object.entries(destinations).map(([name, url]) => [name, { loadBalancer: { servers: [{ url }] } }]),
      ),
    },
  };
  const revision = createHash('sha256').update(JSON.stringify(http)).digest('hex').slice(0, 16);
  // No request passes it: it is what Traefik's API tells the revision by.
  const middlewares = {
    revision: { headers: { customRequestHeaders: { 'X-Casper-Revision': revision } } },
  };
  return { revision, file: stringify({ http: { ...http, middlewares } }) };
}
