import * as pulumi from '@pulumi/pulumi';
import { stringify } from 'yaml';
import { originLabel, traefikJob } from '../stack/naming';
import type { Host } from './host/host';
import { hostProcess } from './host/hostProcess';

export interface PrometheusServerArgs {
  /** Machine that Prometheus runs on. */
  readonly host: Host;
  /** Absolute path of a folder on the host that is this Prometheus's own; its data are in it. */
  readonly folder: pulumi.Input<string>;
  /** Path of the prometheus program on the host. */
  readonly program: pulumi.Input<string>;
  /** Host and port that it answers queries at. */
  readonly address: pulumi.Input<string>;
  /** How often it scrapes, in seconds; 1 when absent. An interval of the plan should hold several scrapes. */
  readonly scrapeIntervalSeconds?: pulumi.Input<number> | undefined;
  /** Answers by https alone, with a certificate and its key, PEM, that lie on the host already; by http when absent. */
  readonly tls?: PrometheusTls | undefined;
  /** Answers this user alone; everybody when absent. Needs `tls`, as the password comes with every request. */
  readonly login?: PrometheusLogin | undefined;
  /** Host and port of the metrics of every origin's Traefik, by the origin's name. */
  readonly targets: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>>;
}

export interface PrometheusTls {
  /** Absolute paths on the host. */
  readonly certificateFile: pulumi.Input<string>;
  readonly keyFile: pulumi.Input<string>;
}

export interface PrometheusLogin {
  readonly user: string;
  /** By bcrypt; kept as a secret in any case. */
  readonly passwordHash: pulumi.Input<string>;
}

/** One Prometheus that scrapes every origin's Traefik; samples carry the origin's name as the label `origin`. */
export class PrometheusServer extends pulumi.ComponentResource {
  /** Where it answers queries. */
  public readonly url: pulumi.Output<string>;
  /** URN of the process, for `pulumi up --replace` where the process has died. */
  public readonly processUrn: pulumi.Output<string>;

  constructor(name: string, args: PrometheusServerArgs, opts?: pulumi.ComponentResourceOptions) {
    const aliases = [{ type: 'casper:index:PrometheusHost' }];
    // The host by name: what is needed to get in does not belong into the state in clear.
    const { login, tls, ...open } = args;
    const files = tls && { certificateFile: tls.certificateFile, keyFile: tls.keyFile };
    const inputs = { ...open, ...(files && { tls: files }), host: args.host.name };
    super('casper:index:PrometheusServer', name, inputs, pulumi.mergeOptions({ aliases }, opts));

    const { folder, address, targets, scrapeIntervalSeconds = 1 } = args;
    if (login && !tls) {
      throw new pulumi.RunError(`${name}: login without tls would have the password sent in clear; give tls`);
    }
    const url = pulumi.interpolate`${tls ? 'https' : 'http'}://${address}`;
    const { process } = hostProcess(
      `${name}-prometheus`,
      {
        host: args.host,
        folder,
        program: args.program,
        arguments: [
          pulumi.interpolate`--config.file=${folder}/prometheus.yml`,
          pulumi.interpolate`--storage.tsdb.path=${folder}/data`,
          pulumi.interpolate`--web.listen-address=${address}`,
          ...(tls ? [pulumi.interpolate`--web.config.file=${folder}/web.yml`] : []),
        ],
        configName: 'prometheus.yml',
        config: pulumi.output({ scrapeIntervalSeconds, targets }).apply(prometheusConfig),
        readyUrl: pulumi.interpolate`${url}/-/ready`,
        subfolder: 'data',
        web: files && pulumi.output({ tls: files, login }).apply(webConfig),
      },
      this,
    );

    this.url = pulumi.all([url, process.id]).apply(([at]) => at);
    this.processUrn = process.urn;
    // Only what is known at once: outputs that wait for a child would still be waiting when that child has failed.
    this.registerOutputs({ url });
  }
}

/** Text of prometheus.yml. Pure. */
function prometheusConfig({
  scrapeIntervalSeconds,
  targets,
}: {
  readonly scrapeIntervalSeconds: number;
  readonly targets: Readonly<Record<string, string>>;
}): string {
  return stringify({
    global: { scrape_interval: `${scrapeIntervalSeconds}s` },
    scrape_configs: [
      {
        job_name: traefikJob,
        static_configs: Object.entries(targets).map(([origin, target]) => ({
          targets: [target],
          labels: { [originLabel]: origin },
        })),
      },
    ],
  });
}

/** Text of web.yml. Pure. */
function webConfig({ tls, login }: pulumi.Unwrap<Pick<PrometheusServerArgs, 'tls' | 'login'>>): string {
  return stringify({
    tls_server_config: { cert_file: tls?.certificateFile, key_file: tls?.keyFile },
    ...(login && { basic_auth_users: { [login.user]: login.passwordHash } }),
  });
}
