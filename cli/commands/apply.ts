import { Command } from 'commander';
import { apply, openTarget } from '../../driver/run';
import { stackPlanOf } from '../../planning/intervalPlan';
import { writeStackPlan } from '../../stack/stackFile';
import { withPlanOptions, withStackOptions, type PlanFlags, type StackFlags } from '../options';
import { openPlanning, planForStack } from '../planFromStack';
import { showStep } from '../progress';
import { stackOptionsOf } from '../project';
import { renderChange, renderPlan, renderRows, renderVerification } from '../render/render';

interface Flags extends PlanFlags, StackFlags {
  traces?: string;
  at?: string;
  json?: true;
}

export const applyCommand = withPlanOptions(
  withStackOptions(
    new Command('apply')
      .description(
        'Make the stack file real and verify what runs. With --traces and --at the plan of that interval is written into it first.',
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
    const target = await openTarget(options);
    if (plan) writeStackPlan(options.configFile, stackPlanOf(plan));
    const { update, verification, rows } = await apply(target, showStep);
    if (json) console.log(JSON.stringify({ plan: plan ?? null, ...update, verification, rows }));
    else
      console.log(
        [
          ...(plan ? [renderPlan(plan)] : []),
          'applied:',
          renderChange(update),
          renderVerification(verification),
          ...renderRows(rows),
        ].join('\n'),
      );
  });
