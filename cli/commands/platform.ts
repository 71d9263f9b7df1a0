import { copyFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { updateStack } from '../../driver/engine/update';
import { openTarget } from '../../driver/target';
import { setStackValue } from '../../stack/stackFile';
import { withStackOptions, type StackFlags } from '../options';
import { showStep } from '../progress';
import { stackOptionsOf } from '../project';
import { renderChange } from '../render/changes';

export const platformCommand = withStackOptions(
  new Command('platform').description(
    'Install what casper:platform names as a stack of its own, <stack>-platform, with a stack file beside the other. ' +
      'From then on the stack leaves it alone (casper:scope), and its updates are faster.',
  ),
)
  .option('--verbose', 'list every resource that changes')
  .option('--json', 'print one JSON object')
  .action(async ({ verbose = false, json, ...flags }: StackFlags & { verbose?: boolean; json?: true }) => {
    const service = stackOptionsOf(flags);
    const stackName = `${service.stackName}-platform`;
    const configFile = path.join(path.dirname(service.configFile), `Pulumi.${stackName}.yaml`);
    if (!existsSync(configFile)) {
      copyFileSync(service.configFile, configFile);
      setStackValue(configFile, { keys: ['casper:scope'], value: 'platform' });
    }
    const target = await openTarget({ ...service, stackName, configFile });
    const stack = await target.stack();
    const update = await showStep('pulumi up', () => updateStack(stack, configFile));
    setStackValue(service.configFile, { keys: ['casper:scope'], value: 'service' });
    if (json) console.log(JSON.stringify(update));
    else console.log(`${stackName}: ${renderChange(update, verbose).trim()}`);
  });
