import { Command } from 'commander';
import { apply, faultsOf, remedyFor } from '../../driver/reconcile';
import { writeStackPlan } from '../../stack/stackFile';
import { plannedChange, withChangeOptions, type ChangeFlags } from '../plannedChange';
import { showStep } from '../progress';
import { renderChange } from '../render/changes';
import { renderVerified } from '../render/verification';

export const applyCommand = withChangeOptions(
  new Command('apply').description(
    'Make the stack file real and verify what runs. With --traces and --at the plan of that interval is written into it first.',
  ),
).action(async (flags: ChangeFlags, command: Command) => {
  const { target, plan, stackPlan, move } = await plannedChange(flags, command);
  if (stackPlan) writeStackPlan(target.options.configFile, stackPlan);
  const { update, ...verified } = await apply(target, showStep);
  if (faultsOf(verified).length > 0) {
    console.error(`casper: ${remedyFor(verified)}`);
    process.exitCode = 1;
  }
  if (flags.json) {
    console.log(JSON.stringify({ plan, ...update, ...verified }));
    return;
  }
  console.log(
    [
      ...move,
      'applied:',
      renderChange(update, flags.verbose ?? false),
      'verified:',
      renderVerified(verified),
    ].join('\n'),
  );
});
