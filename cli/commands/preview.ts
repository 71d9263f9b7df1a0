import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { openTarget, preview } from '../../driver/run';
import { stackPlanOf } from '../../planning/intervalPlan';
import { writeStackPlan } from '../../stack/stackFile';
import { withPlanOptions, withStackOptions, type PlanFlags, type StackFlags } from '../options';
import { openPlanning, planForStack } from '../planFromStack';
import { showStep } from '../progress';
import { stackOptionsOf } from '../project';
import { renderChange, renderPlan } from '../render/render';

interface Flags extends PlanFlags, StackFlags {
  traces?: string;
  at?: string;
  json?: true;
}

export const previewCommand = withPlanOptions(
  withStackOptions(
    new Command('preview')
      .description(
        'Show what `apply` would change: the stack file as it is, or with --traces and --at the plan of that interval.',
      )
      .option('--traces <dir>', 'folder of the four CSV files')
      .option('--at <time>', 'start of the interval, ISO 8601 in UTC'),
  ),
)
  .option('--json', 'print one JSON object')
  .action(async ({ traces, at, json, ...flags }: Flags, command: Command) => {
    if ((traces === undefined) !== (at === undefined)) command.error('error: --traces and --at go together');
    const options = stackOptionsOf(flags);
    const [plan] =
      traces !== undefined && at !== undefined
        ? await planForStack(openPlanning(options.configFile, traces, flags), at, 1)
        : [];
    // A preview writes nothing into the stack file: a plan is tried on a copy.
    const folder = mkdtempSync(path.join(tmpdir(), 'casper-preview-'));
    try {
      const configFile = path.join(folder, `Pulumi.${options.stackName}.yaml`);
      const target = await openTarget(options);
      copyFileSync(options.configFile, configFile);
      if (plan) writeStackPlan(configFile, stackPlanOf(plan));
      const change = await preview({ ...target, options: { ...options, configFile } }, showStep);
      if (json) console.log(JSON.stringify({ plan: plan ?? null, ...change }));
      else console.log([...(plan ? [renderPlan(plan)] : []), 'preview:', renderChange(change)].join('\n'));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
