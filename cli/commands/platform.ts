import { copyFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import type { StackOptions } from '../../driver/engine/stack';
import { holdingStack } from '../../driver/engine/stackHold';
import { updateStack } from '../../driver/engine/update';
import { openTarget } from '../../driver/target';
import { readStackSettings, setStackValue } from '../../stack/stackFile';
import { updateSeconds } from '../../stack/updateSeconds';
import { withStackOptions, type StackFlags } from '../options';
import { showStep, tellNote } from '../progress';
import { stackOptionsOf } from '../project';
import { renderChange } from '../render/changes';
import { stopping } from '../stopping';

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
    const { cancelled, stopped } = stopping(service.stackName);
    await holdingStack(service, 'casper platform', tellNote, () => handOver(service, cancelled));
    cancelled.throwIfAborted();
    const stackName = `${service.stackName}-platform`;
    const configFile = path.join(path.dirname(service.configFile), `Pulumi.${stackName}.yaml`);
    if (!existsSync(configFile)) {
      copyFileSync(service.configFile, configFile);
      setStackValue(configFile, { keys: ['casper:scope'], value: 'platform' });
    }
    const target = await openTarget({ ...service, stackName, configFile });
    const stack = await target.stack();
    const limits = { cancelled, withinSeconds: updateSeconds(readStackSettings(configFile)) };
    const update = await showStep('pulumi up', () => updateStack(stack, configFile, [], limits));
    setStackValue(service.configFile, { keys: ['casper:scope'], value: 'service' });
    if (json) console.log(JSON.stringify(update));
    else console.log(`${stackName}: ${renderChange(update, verbose).trim()}`);
    stopped.throwIfAborted();
  });

/**
 * Where the stack itself has installed the platform, has it let go: what is there stays, and the other stack takes it
 * over as it is.
 */
async function handOver(options: StackOptions, cancelled: AbortSignal): Promise<void> {
  const { configFile } = options;
  const settings = readStackSettings(configFile);
  const { scope } = settings;
  if (scope !== 'everything' && scope !== 'handOver') return;
  const stack = await (await openTarget(options)).stack();
  if (!hasPlatform(await stack.exportStack())) return;
  cancelled.throwIfAborted();
  setStackValue(configFile, { keys: ['casper:scope'], value: 'handOver' });
  await showStep('pulumi up, to hand the platform over', () =>
    updateStack(stack, configFile, [], { cancelled, withinSeconds: updateSeconds(settings) }),
  );
}

const stateSchema = z.object({
  deployment: z.object({ resources: z.array(z.object({ parent: z.string().optional() })).default([]) }),
});

/** Whether a stack has objects of the platform's manifests, besides the pool of its own addresses. */
function hasPlatform(state: unknown): boolean {
  return stateSchema
    .parse(state)
    .deployment.resources.some(
      ({ parent = '' }) =>
        parent.includes('::casper:index:MetricsServer::') || parent.includes('::casper:index:MetalLb::'),
    );
}
