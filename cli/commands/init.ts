import path from 'node:path';
import { Command } from 'commander';
import { labRegions, labSettings } from '../../lab/stackForLab';
import { newStackFile } from '../../stack/stackFile';
import { openTrace } from '../openTrace';
import { projectDirectory } from '../project';

export const initCommand = new Command('init')
  .description(
    "Write a stack file for a trace's regions: the baseline Pulumi.dev.yaml with other regions and an empty plan.",
  )
  .requiredOption('--traces <dir>', 'folder of the four CSV files')
  .requiredOption('--config-file <path>', 'stack file to write; must not exist')
  .option(
    '--lab',
    'for the lab, which must be up: regions spread over its nodes and hosts, MetalLB, metrics-server, Traefik, Prometheus',
  )
  .action(({ traces, configFile, lab }: { traces: string; configFile: string; lab?: true }) => {
    const trace = openTrace(traces);
    newStackFile(
      path.join(projectDirectory, 'Pulumi.dev.yaml'),
      configFile,
      lab ? labRegions(trace.regions) : trace.regions.map((name) => ({ name })),
      trace.firstInterval,
      lab ? labSettings() : [],
    );
    console.log(`wrote ${configFile}: ${trace.regions.length} regions, no servers yet`);
  });
