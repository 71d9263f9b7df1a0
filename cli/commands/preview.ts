import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { preview } from '../../driver/reconcile';
import { openTarget } from '../../driver/target';
import { stackPlanOf } from '../../planning/intervalPlan';
import { carbonByRegion } from '../../report/conditions';
import { readStackSettings, writeStackPlan } from '../../stack/stackFile';
import { withPlanOptions, withStackOptions, type PlanFlags, type StackFlags } from '../options';
import { openPlanning, planForStack } from '../planFromStack';
import { showStep } from '../progress';
import { stackOptionsOf } from '../project';
import { renderChange } from '../render/changes';
import { renderMove } from '../render/move';

interface Flags extends PlanFlags, StackFlags {
  traces?: string;
  at?: string;
  verbose?: boolean;
  json?: true;
}

export const previewCommand = withPlanOptions(
  withStackOptions(
    new Command('preview')
      .description(
        'Show what `apply` would change: the stack file as it is, or with --traces and --at the plan of that interval.',
      )
      .option('--traces <dir>', 'folder of the three CSV files')
      .option('--at <time>', 'start of the interval, ISO 8601 in UTC'),
  ),
)
  .option('--verbose', 'list every resource that changes')
  .option('--json', 'print one JSON object')
  .action(async ({ traces, at, verbose = false, json, ...flags }: Flags, command: Command) => {
    if ((traces === undefined) !== (at === undefined)) command.error('error: --traces and --at go together');
    const options = stackOptionsOf(flags);
    const planning = traces === undefined ? undefined : openPlanning(options.configFile, traces, flags);
    const [plan] = planning ? await planForStack(planning, at, 1) : [];
    // A preview writes nothing into the stack file: a plan is tried on a copy.
    const folder = mkdtempSync(path.join(tmpdir(), 'casper-preview-'));
    try {
      const configFile = path.join(folder, `Pulumi.${options.stackName}.yaml`);
      const target = await openTarget(options);
      copyFileSync(options.configFile, configFile);
      if (plan) writeStackPlan(configFile, stackPlanOf(plan));
      const change = await preview({ ...target, options: { ...options, configFile } }, showStep);
      if (json) {
        console.log(JSON.stringify({ plan: plan ?? null, ...change }));
        return;
      }
      const before = { stackPlan: readStackSettings(options.configFile).plan, plan: null };
      const move =
        plan && planning
          ? [renderMove(plan, before, (interval) => carbonByRegion(planning.trace, interval))]
          : [];
      console.log([...move, 'preview:', renderChange(change, verbose)].join('\n'));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
