import { Command } from 'commander';
import { apply } from '../../driver/reconcile';
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
import { renderVerified } from '../render/verification';

interface Flags extends PlanFlags, StackFlags {
  traces?: string;
  at?: string;
  verbose?: boolean;
  json?: true;
}

export const applyCommand = withPlanOptions(
  withStackOptions(
    new Command('apply')
      .description(
        'Make the stack file real and verify what runs. With --traces and --at the plan of that interval is written into it first.',
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
    const target = await openTarget(options);
    const before = { stackPlan: readStackSettings(options.configFile).plan, plan: null };
    if (plan) writeStackPlan(options.configFile, stackPlanOf(plan));
    const { update, ...verified } = await apply(target, showStep);
    if (json) {
      console.log(JSON.stringify({ plan: plan ?? null, ...update, ...verified }));
      return;
    }
    console.log(
      [
        ...(plan && planning
          ? [renderMove(plan, before, (interval) => carbonByRegion(planning.trace, interval))]
          : []),
        'applied:',
        renderChange(update, verbose),
        'verified:',
        renderVerified(verified),
      ].join('\n'),
    );
  });
