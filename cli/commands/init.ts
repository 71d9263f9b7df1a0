import path from 'node:path';
import { Command } from 'commander';
import { newStackFile } from '../../stack/stackFile';
import { openTrace } from '../openTrace';
import { hasLabSources, projectDirectory } from '../project';

export const initCommand = new Command('init')
  .description(
    "Write a stack file for a trace's regions: the baseline Pulumi.dev.yaml with other regions and an empty plan.",
  )
  .requiredOption('--traces <dir>', 'folder of the three CSV files')
  .requiredOption('--config-file <path>', 'stack file to write; must not exist')
  .action(async ({ traces, configFile, lab }: { traces: string; configFile: string; lab?: true }) => {
    const trace = openTrace(traces);
    const { regions, settings } = lab
      ? await inLab(trace.regions)
      : { regions: named(trace.regions), settings: [] };
    const baseline = path.join(projectDirectory, 'Pulumi.dev.yaml');
    newStackFile(baseline, configFile, regions, trace.firstInterval, settings);
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

if (hasLabSources) {
  initCommand.option(
    '--lab',
    'for the lab, which must be up: regions spread over its nodes and hosts, MetalLB, metrics-server, Traefik, Prometheus',
  );
}

const named = (regions: readonly string[]) => regions.map((name) => ({ name }));

async function inLab(regions: readonly string[]) {
  const { labRegions, labSettings } = await import('../../lab/stackForLab.ts');
  return { regions: labRegions(regions), settings: labSettings() };
}
