import * as pulumi from '@pulumi/pulumi';
import { hostCommand, type Host } from './host';
import { hostProcess } from './hostProcess';
import { dynamicConfig, staticConfig, type TraefikConfigArgs } from './traefikConfig';

export interface TraefikHostArgs extends Omit<TraefikConfigArgs, 'destinations'> {
  readonly host: Host;
  /** Path of the traefik program on the host; 3.6.7 or later, which lets encoded characters pass. */
  readonly program: string;
  /** URL of every region that could ever get requests, by name: those without weight keep their counters. */
  readonly destinations: Readonly<Record<string, pulumi.Input<string>>>;
  /** How long Traefik may take to serve new weights, in seconds. */
  readonly weightsTimeoutSeconds?: number | undefined;
}

/** The load balancer of one origin: a Traefik with an entry point of its own and the origin's row of weights. */
export class TraefikHost extends pulumi.ComponentResource {
  /** Address and port that the origin's requests come in at. */
  public readonly entryPointAddress: pulumi.Output<string>;
  /** The weights that Traefik serves. */
  public readonly weights: pulumi.Output<Readonly<Record<string, number>>>;
  /** For `pulumi up --replace`: of the process, where it has died, and of the weights, where others are served. */
  public readonly urns: { readonly process: pulumi.Output<string>; readonly weights: pulumi.Output<string> };

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
        config: staticConfig(args),
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
        stdin: pulumi.output(args.destinations).apply((destinations) => weightsInput(args, destinations)),
        triggers: [folder.id],
      },
      { parent: this, deleteBeforeReplace: true, dependsOn: process },
    );

    this.entryPointAddress = process.id.apply(() => args.entryPointAddress);
    this.weights = weights.id.apply(() => args.weights);
    this.urns = { process: process.urn, weights: weights.urn };
    // Only what is known at once: outputs that wait for a child would still be waiting when that child has failed.
    this.registerOutputs({ entryPointAddress: args.entryPointAddress });
  }
}

/** The dynamic configuration, and before it what the host's script needs to see that Traefik serves it. */
function weightsInput(args: TraefikHostArgs, destinations: Readonly<Record<string, string>>): string {
  const { host, apiAddress, weightsTimeoutSeconds = 10 } = args;
  const { revision, file } = dynamicConfig({ ...args, destinations });
  return [host.name, `http://${apiAddress}`, revision, String(weightsTimeoutSeconds), file].join('\n');
}
