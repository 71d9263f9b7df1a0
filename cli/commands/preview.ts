import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { preview } from '../../driver/reconcile';
import { writeStackPlan } from '../../stack/stackFile';
import { plannedChange, withChangeOptions, type ChangeFlags } from '../plannedChange';
import { showStep } from '../progress';
import { renderChange } from '../render/changes';
import { stopping } from '../stopping';

export const previewCommand = withChangeOptions(
  new Command('preview').description(
    'Show what `apply` would change: the stack file as it is, or with --traces and --at the plan of that interval.',
  ),
).action(async (flags: ChangeFlags, command: Command) => {
  const { cancelled, stopped } = stopping(flags.stack);
  const { target, plan, stackPlan, move } = await plannedChange(flags, command);
  const { options } = target;
  // A preview writes nothing into the stack file: a plan is tried on a copy.
  const folder = mkdtempSync(path.join(tmpdir(), 'casper-preview-'));
  try {
    const configFile = path.join(folder, `Pulumi.${options.stackName}.yaml`);
    copyFileSync(options.configFile, configFile);
    if (stackPlan) writeStackPlan(configFile, stackPlan);
    const change = await preview({ ...target, options: { ...options, configFile } }, showStep, cancelled);
    if (flags.json) console.log(JSON.stringify({ plan, ...change }));
    else console.log([...move, 'preview:', renderChange(change, flags.verbose ?? false)].join('\n'));
  } finally {
    rmSync(folder, { recursive: true });
  }
  stopped.throwIfAborted();
});
