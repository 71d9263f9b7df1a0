import path from 'node:path';
import { Command, Option } from 'commander';
import { newStackFile } from '../../stack/stackFile';
import { clustersOfOwn } from '../clustersOfOwn';
import { openTrace } from '../openTrace';
import { hasLabSources, projectDirectory } from '../project';

export const initCommand = new Command('init')
  .description(
    "Write a stack file for a trace's regions: the baseline Pulumi.dev.yaml with other regions and an empty plan.",
  )
  .requiredOption('--traces <dir>', 'folder of the three CSV files')
  .requiredOption('--config-file <path>', 'stack file to write; must not exist')
  .addOption(
    new Option(
      '--context <context>',
      'context of the kubeconfig for all regions; or REGION[,REGION...]=CONTEXT, once for each cluster',
    )
      .argParser((value: string, before: string[] | undefined) => [...(before ?? []), value])
      .conflicts('lab'),
  )
  .option('--image <image>', 'container image of the service (default: the one of the lab)')
  .action(async ({ traces, configFile, context, image, lab }: Flags, command: Command) => {
    const trace = openTrace(traces);
    if (!lab && !context) {
      command.error(
        `error: name the context of the cluster: --context CONTEXT (kubectl config get-contexts)${hasLabSources ? ', or give --lab' : ''}`,
      );
    }
    const { regions, settings } = context
      ? clustersOfOwn(context, trace.regions)
      : await inLab(trace.regions);
    const ofImage = image === undefined ? [] : [{ keys: ['casper:service', 'image'], value: image }];
    const baseline = path.join(projectDirectory, 'Pulumi.dev.yaml');
    newStackFile(baseline, configFile, regions, trace.firstInterval, [...settings, ...ofImage]);
    console.log(
      `wrote ${configFile}: ${trace.regions.length} regions, no servers yet; give it a plan: ` +
        `casper apply --traces ${traces} --at ${trace.firstInterval} --config-file ${configFile}`,
    );
    if (!trace.hasRequests) {
      console.error(
        `note: requests.csv in ${traces} has no request in any hour: plans of it serve nobody, and are refused`,
      );
    }
  });

interface Flags {
  traces: string;
  configFile: string;
  context?: string[];
  image?: string;
  lab?: true;
}

if (hasLabSources) {
  initCommand.option(
    '--lab',
    'for the lab, which must be up: regions spread over its nodes and hosts, MetalLB, metrics-server, Traefik, Prometheus',
  );
}

async function inLab(regions: readonly string[]) {
  const { labRegions, labSettings } = await import('../../lab/stackForLab.ts');
  return { regions: labRegions(regions), settings: labSettings() };
}
