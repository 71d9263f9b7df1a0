import * as pulumi from '@pulumi/pulumi';
import { hostCommand, type Host } from './host/host';
import { hostProcess, linesOf } from './host/hostProcess';
import { dynamicConfig, staticConfig, type HealthCheck } from './traefikConfig';

export interface OriginProxyArgs {
  /** Machine that Traefik runs on. */
  readonly host: Host;
  /** Absolute path of a folder on the host that is this Traefik's own. */
  readonly folder: pulumi.Input<string>;
  /** Path of the traefik program on the host; 3.6.7 or later, which lets encoded characters pass. */
  readonly program: pulumi.Input<string>;
  /** Host and port that the origin's requests come in at, as in 192.0.2.1:8001. */
  readonly entryPointAddress: pulumi.Input<string>;
  /** Host and port that Prometheus scrapes. */
  readonly metricsAddress: pulumi.Input<string>;
  /** Host and port of Traefik's API, which has no password: of the host's loopback. */
  readonly apiAddress: pulumi.Input<string>;
  /** URL of every region that could ever get requests, by name: those without weight keep their counters. */
  readonly destinations: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>>;
  /** Traffic weights by destination, integers without common divisor; destinations that are not named get nothing. */
  readonly weights: pulumi.Input<Readonly<Record<string, pulumi.Input<number>>>>;
  /** Weights of the regions that take a destination's share while it is lost, by that destination. */
  readonly backup?: pulumi.Input<Readonly<Record<string, Readonly<Record<string, number>>>>> | undefined;
  /** Regions that are asked whether they live though they get no requests; none when absent. */
  readonly watched?: pulumi.Input<readonly string[]> | undefined;
  /** How the regions are asked whether they live; not asked, and nothing sent to a backup, when absent. */
  readonly healthCheck?: pulumi.Input<HealthCheck> | undefined;
  /** How long Traefik may take to serve new weights, in seconds; 60 when absent. One that refuses them says so at once. */
  readonly weightsTimeoutSeconds?: pulumi.Input<number> | undefined;
}

/** Where the requests of one origin come in: a Traefik with an entry point of its own, and the origin's weights. */
export class OriginProxy extends pulumi.ComponentResource {
  /** The origin's name: the component's. */
  public readonly origin: string;
  /** URL that the origin's requests come in at. */
  public readonly url: pulumi.Output<string>;
  /** For `pulumi up --replace`: of the process, where it has died, and of the weights, where others are served. */
  public readonly urns: { readonly process: pulumi.Output<string>; readonly weights: pulumi.Output<string> };

  constructor(name: string, args: OriginProxyArgs, opts?: pulumi.ComponentResourceOptions) {
    const aliases = [{ type: 'casper:index:TraefikHost' }];
    // No inputs of its own: its children hold them, and each change would cost Pulumi one more write of the state.
    super('casper:index:OriginProxy', name, {}, pulumi.mergeOptions({ aliases }, opts));

    const { entryPointAddress, metricsAddress, apiAddress, destinations, weights } = args;
    const { folder, process, control } = hostProcess(
      `${name}-traefik`,
      {
        host: args.host,
        folder: args.folder,
        program: args.program,
        arguments: [pulumi.interpolate`--configFile=${args.folder}/traefik.yml`],
        configName: 'traefik.yml',
        config: pulumi
          .output({ folder: args.folder, entryPointAddress, metricsAddress, apiAddress })
          .apply(staticConfig),
        readyUrl: pulumi.interpolate`http://${apiAddress}/ping`,
        subfolder: 'dynamic',
      },
      this,
    );

    const { backup, watched, healthCheck } = args;
    const dynamic = pulumi
      .output({ destinations, weights, backup, watched, healthCheck })
      .apply(dynamicConfig);
    const command = pulumi.interpolate`${control} weights`;
    const served = hostCommand(
      `${name}-weights`,
      args.host,
      {
        create: command,
        update: command,
        // Before the file stands what the host's script needs to see that Traefik serves it.
        stdin: linesOf([
          args.host.name,
          pulumi.interpolate`http://${apiAddress}`,
          dynamic.revision,
          pulumi.interpolate`${args.weightsTimeoutSeconds ?? 60}`,
          dynamic.file,
        ]),
        triggers: [folder.id],
      },
      { parent: this, deleteBeforeReplace: true, dependsOn: process },
    );

    this.origin = name;
    this.url = pulumi.all([entryPointAddress, process.id]).apply(([address]) => `http://${address}`);
    this.urns = { process: process.urn, weights: served.urn };
    // Only what is known at once: outputs that wait for a child would still be waiting when that child has failed.
    this.registerOutputs({ entryPointAddress });
  }
}
