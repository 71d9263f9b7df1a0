import { createHash } from 'node:crypto';
import * as pulumi from '@pulumi/pulumi';
import { stringify } from 'yaml';
import { hostCommand, type Host } from './host';
import { hostProcess } from './hostProcess';

export interface TraefikHostArgs {
  readonly host: Host;
  /** Absolute path of a folder on the host that is this Traefik's own. */
  readonly folder: string;
  /** Path of the traefik program on the host; 3.6.7 or later, which lets encoded characters pass. */
  readonly program: string;
  /** Address and port of the entry point that the origin's requests come in at. */
  readonly entryPointAddress: string;
  /** Address and port that Prometheus scrapes. */
  readonly metricsAddress: string;
  /** Address and port of Traefik's API, which has no password: one of the host's loopback. */
  readonly apiAddress: string;
  /** URL of every region that could ever get requests, by name: those without weight keep their counters. */
  readonly destinations: Readonly<Record<string, pulumi.Input<string>>>;
  /** Weights by destination, integers without common divisor; destinations that are not named get nothing. */
  readonly weights: Readonly<Record<string, number>>;
  /** Takes destinations that do not answer out of the row until they do; without it every destination keeps its share. */
  readonly healthCheck?:
    { readonly path: string; readonly intervalSeconds: number; readonly timeoutSeconds: number } | undefined;
  /** How long Traefik may take to serve new weights, in seconds. */
  readonly weightsTimeoutSeconds?: number | undefined;
}

/** How soon after a reload of its dynamic configuration Traefik reloads again; its own default is 2 s. */
const RELOAD_THROTTLE = '100ms';

/** Upper bounds of the histogram of service times, in seconds; Traefik's own begin at 0.1 s, above all that is normal. */
const SERVICE_TIME_BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

/** Service that splits the requests; the underscore keeps it apart from the destinations, whose names have none. */
const ROW = 'weighted_row';

/** The load balancer of one origin: a Traefik with an entry point of its own and the origin's row of weights. */
export class TraefikHost extends pulumi.ComponentResource {
  /** Address and port that the origin's requests come in at. */
  public readonly entryPointAddress: pulumi.Output<string>;
  /** The weights that Traefik serves. */
  public readonly weights: pulumi.Output<Readonly<Record<string, number>>>;
  /** URN of the process, for `pulumi up --replace` where the process has died. */
  public readonly processUrn: pulumi.Output<string>;

  constructor(name: string, args: TraefikHostArgs, opts?: pulumi.ComponentResourceOptions) {
    // The host by name: what is needed to get in does not belong into the state in clear.
    super('casper:index:TraefikHost', name, { ...args, host: args.host.name }, opts);

    const { folder, process, control } = hostProcess(
      `${name}-traefik`,
      {
        host: args.host,
        folder: args.folder,
        program: args.program,
        arguments: [`--configFile=${args.folder}/traefik.yml`],
        configName: 'traefik.yml',
        config: stringify(staticConfig(args)),
        readyUrl: `http://${args.apiAddress}/ping`,
        subfolder: 'dynamic',
      },
      this,
    );

    const weights = hostCommand(
      `${name}-weights`,
      args.host,
      {
        create: `${control} weights`,
        update: `${control} weights`,
        delete: `${control} forget`,
        stdin: pulumi.output(args.destinations).apply((destinations) => weightsInput(args, destinations)),
        triggers: [folder.id],
      },
      { parent: this, deleteBeforeReplace: true, dependsOn: process },
    );

    this.entryPointAddress = process.id.apply(() => args.entryPointAddress);
    this.weights = weights.id.apply(() => args.weights);
    this.processUrn = process.urn;
    // Only what is known at once: outputs that wait for a child would still be waiting when that child has failed.
    this.registerOutputs({ entryPointAddress: args.entryPointAddress });
  }
}

function staticConfig(args: TraefikHostArgs): object {
  return {
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
    metrics: { prometheus: { entryPoint: 'metrics', addRoutersLabels: true, buckets: SERVICE_TIME_BUCKETS } },
    providers: {
      providersThrottleDuration: RELOAD_THROTTLE,
      // A folder, not a file: a file that is renamed into place is seen only there.
      file: { directory: `${args.folder}/dynamic`, watch: true },
    },
    log: { level: 'INFO', noColor: true },
  };
}

/**
 * The dynamic configuration, and before it what the host's script needs to see that Traefik serves it. Names never
 * change, only weights do: a service that goes takes its counters with it.
 */
function weightsInput(args: TraefikHostArgs, destinations: Readonly<Record<string, string>>): string {
  const { healthCheck, weightsTimeoutSeconds = 10 } = args;
  const http = {
    routers: { origin: { entryPoints: ['web'], rule: 'PathPrefix(`/`)', service: ROW } },
    services: {
      [ROW]: {
        weighted: {
          services: Object.keys(destinations).map((name) => ({
            name,
            weight: args.weights[name] ?? 0,
          })),
          ...(healthCheck ? { healthCheck: {} } : {}),
        },
      },
      ...Object.fromEntries(
        Object.entries(destinations).map(([name, url]) => [
          name,
          { loadBalancer: { servers: [{ url }], ...(healthCheck ? checkOf(healthCheck) : {}) } },
        ]),
      ),
    },
  };
  const revision = createHash('sha256').update(JSON.stringify(http)).digest('hex').slice(0, 16);
  // No request passes it: it is what Traefik's API tells the revision by.
  const middlewares = {
    revision: { headers: { customRequestHeaders: { 'X-Casper-Revision': revision } } },
  };
  const file = stringify({ http: { ...http, middlewares } });
  return [args.host.name, `http://${args.apiAddress}`, revision, String(weightsTimeoutSeconds), file].join(
    '\n',
  );
}

function checkOf({
  path,
  intervalSeconds,
  timeoutSeconds,
}: NonNullable<TraefikHostArgs['healthCheck']>): object {
  return { healthCheck: { path, interval: `${intervalSeconds}s`, timeout: `${timeoutSeconds}s` } };
}
