import path from 'node:path';
import { Command } from 'commander';
import { newStackFile } from '../planning/stackFile';
import { openTrace } from './openTrace';
import { projectDirectory } from './project';

export const initCommand = new Command('init')
  .description(
    "Write a stack file for a trace's regions: the baseline Pulumi.dev.yaml with other regions and an empty plan.",
  )
  .requiredOption('--traces <dir>', 'folder of the four CSV files')
  .requiredOption('--config-file <path>', 'stack file to write; must not exist')
  .action(({ traces, configFile }: { traces: string; configFile: string }) => {
    const trace = openTrace(traces);
    newStackFile(
      path.join(projectDirectory, 'Pulumi.dev.yaml'),
      configFile,
      trace.regions,
      trace.firstInterval,
    );
    console.log(`wrote ${configFile}: ${trace.regions.length} regions, no servers yet`);
  });
