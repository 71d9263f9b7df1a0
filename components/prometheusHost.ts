import * as pulumi from '@pulumi/pulumi';
import { stringify } from 'yaml';
import { originLabel, traefikJob } from '../stack/naming';
import type { Host } from './host';
import { hostProcess } from './hostProcess';

export interface PrometheusHostArgs {
  readonly host: Host;
  /** Absolute path of a folder on the host that is this Prometheus's own; its data are in it. */
  readonly folder: string;
  /** Path of the prometheus program on the host. */
  readonly program: string;
  /** Address and port that it answers queries at. */
  readonly address: string;
  /** How often it scrapes, in seconds: an interval of the plan should hold several scrapes. */
  readonly scrapeIntervalSeconds: number;
  /** Address and port of the metrics of every origin's Traefik, by the origin's name. */
  readonly targets: Readonly<Record<string, string>>;
}

/** One Prometheus that scrapes every origin's Traefik; samples carry the origin's name as the label `origin`. */
export class PrometheusHost extends pulumi.ComponentResource {
  /** Where it answers queries. */
  public readonly url: pulumi.Output<string>;
  /** URN of the process, for `pulumi up --replace` where the process has died. */
  public readonly processUrn: pulumi.Output<string>;

  constructor(name: string, args: PrometheusHostArgs, opts?: pulumi.ComponentResourceOptions) {
    // The host by name: what is needed to get in does not belong into the state in clear.
    super('casper:index:PrometheusHost', name, { ...args, host: args.host.name }, opts);

    const { process } = hostProcess(
      `${name}-prometheus`,
      {
        host: args.host,
        folder: args.folder,
        program: args.program,
        arguments: [
          `--config.file=${args.folder}/prometheus.yml`,
          `--storage.tsdb.path=${args.folder}/data`,
          `--web.listen-address=${args.address}`,
        ],
        configName: 'prometheus.yml',
        config: stringify({
          global: { scrape_interval: `${args.scrapeIntervalSeconds}s` },
          scrape_configs: [
            {
              job_name: traefikJob,
              static_configs: Object.entries(args.targets).map(([origin, target]) => ({
                targets: [target],
                labels: { [originLabel]: origin },
              })),
            },
          ],
        }),
        readyUrl: `http://${args.address}/-/ready`,
        subfolder: 'data',
      },
      this,
    );

    this.url = process.id.apply(() => `http://${args.address}`);
    this.processUrn = process.urn;
    // Only what is known at once: outputs that wait for a child would still be waiting when that child has failed.
    this.registerOutputs({ url: `http://${args.address}` });
  }
}
