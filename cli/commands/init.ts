import path from 'node:path';
import { Command, Option } from 'commander';
import { isRegionName } from '../../stack/stackConfig';
import { newStackFile } from '../../stack/stackFile';
import { readColumnNames, regionNamesFile } from '../../traces/regionNames';
import { TraceError } from '../../traces/traceError';
import { clustersOfOwn } from '../clustersOfOwn';
import { openTrace } from '../openTrace';
import { plainName } from '../plainName';
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
  .option('--image <image>', 'container image of the service (default: that of Pulumi.dev.yaml)')
  .action(async ({ traces, configFile, context, image, lab }: Flags, command: Command) => {
    const trace = openTrace(traces);
    if (!lab && !context) {
      command.error(
        `error: name the context of the cluster: --context CONTEXT (kubectl config get-contexts)${hasLabSources ? ', or give --lab' : ''}`,
      );
    }
    refuseOtherNames(traces, trace.regions);
    const zones = readColumnNames(traces);
    const { regions, settings } = context
      ? clustersOfOwn(context, trace.regions)
      : await inLab(trace.regions);
    const ofImage = image === undefined ? [] : [{ keys: ['casper:service', 'image'], value: image }];
    const baseline = path.join(projectDirectory, 'Pulumi.dev.yaml');
    const withZones = regions.map((region) => {
      const zone = zones.get(region.name);
      return zone === undefined ? region : { ...region, signal: { zone } };
    });
    newStackFile(baseline, configFile, withZones, trace.firstInterval, [...settings, ...ofImage]);
    console.log(
      `wrote ${configFile}: ${trace.regions.length} regions, no servers yet; give it a plan: ` +
        `casper apply --traces ${traces} --at ${trace.firstInterval} --config-file ${configFile}`,
    );
    if (!lab && image === undefined) {
      console.error(
        'note: casper:service.image is that of Pulumi.dev.yaml, which the lab alone has: write your own there, or give --image',
      );
    }
    if (!trace.hasRequests) {
      console.error(
        `note: requests.csv in ${traces} has no request in any hour: plans of it serve nobody, and are refused`,
      );
    }
  });

/**
 * Columns of a trace may be called as grids are, DE or US-CAL-CISO; regions may not.
 * @throws TraceError that has the file to write, word for word
 */
function refuseOtherNames(folder: string, names: readonly string[]): void {
  const others = names.filter((name) => !isRegionName(name));
  if (others.length === 0) return;
  const taken = new Set(names.filter(isRegionName));
  const rows = others.map((zone) => {
    const plain = plainName(zone) || 'region';
    let region = plain;
    for (let count = 2; taken.has(region); count++) region = `${plain}-${count}`;
    taken.add(region);
    return `${zone},${region}`;
  });
  throw new TraceError(
    `${others.join(', ')}: regions are called by lower-case letters, digits and dashes, as in us-east-1. ` +
      `Write ${path.join(folder, regionNamesFile)} with these lines, or with names of your own in the second column, and ask again:\n` +
      ['zone,region', ...rows].join('\n'),
  );
}

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
