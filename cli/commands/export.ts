import { Argument, Command } from 'commander';
import { stringify } from 'yaml';
import type { Exported } from '../../export/exported';
import { discoveryLines } from '../../export/goBetween';
import { httpRoutes } from '../../export/httpRoutes';
import { destinationRule } from '../../export/istio';
import { changeBatch } from '../../export/route53';
import { traefikServices } from '../../export/traefikServices';
import { readStackFile } from '../../stack/stackFile';
import type { StackConfig } from '../../stack/stackConfig';
import { withStackOptions, type StackFlags } from '../options';
import { stackOptionsOf } from '../project';

interface Flags extends StackFlags {
  gateway: string;
  host?: string;
  domain?: string;
  origin?: string;
}

/** By format: what is made of a plan; it may need an option, which the message then names. */
const formats: Readonly<
  Record<string, (config: StackConfig, flags: Flags, needed: (option: keyof Flags) => string) => Exported>
> = {
  gateway: (config, { gateway }) => httpRoutes(config, gateway),
  traefik: (config) => traefikServices(config),
  istio: (config, _, needed) => destinationRule(config, needed('host')),
  route53: (config, _, needed) => changeBatch(config, needed('domain')),
  gobetween: (config, _, needed) => discoveryLines(config, needed('origin')),
};

export const exportCommand = withStackOptions(
  new Command('export').description(
    'Print the plan in the stack file for other balancers than casper’s own. What is rounded is said on standard error.',
  ),
)
  .addArgument(
    new Argument(
      '<format>',
      'gateway: HTTPRoutes of the Gateway API; traefik: TraefikServices; istio: a DestinationRule; route53: a change batch; gobetween: lines of an exec discovery',
    ).choices(Object.keys(formats)),
  )
  .option('--gateway <name>', 'gateway: the Gateway, with a listener of each origin’s name', 'casper')
  .option('--host <name>', 'istio: the service in the mesh, as in web.casper.svc.cluster.local')
  .option('--domain <name>', 'route53: what each origin’s name stands before')
  .option('--origin <region>', 'gobetween: whose balancer it is')
  .action((format: string, flags: Flags, command: Command) => {
    const needed = (option: keyof Flags): string =>
      flags[option] ?? command.error(`error: export ${format} needs --${option}`);
    const config = readStackFile(stackOptionsOf(flags).configFile);
    const { documents, notes } = formats[format]?.(config, flags, needed) ?? { documents: '', notes: [] };
    for (const note of notes) console.error(`note: ${note}`);
    if (typeof documents === 'string') process.stdout.write(documents);
    else if (format === 'route53') {
      for (const batch of documents) console.log(JSON.stringify(batch, null, 2));
    } else process.stdout.write(documents.map((document) => stringify(document)).join('---\n'));
  });
