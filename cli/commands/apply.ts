import { Command } from 'commander';
import { holdingStack } from '../../driver/engine/stackHold';
import { apply, faultsOf, remedyFor } from '../../driver/reconcile';
import { writeStackPlan } from '../../stack/stackFile';
import { plannedChange, withChangeOptions, type ChangeFlags } from '../plannedChange';
import { showStep, tellNote } from '../progress';
import { stackOptionsOf } from '../project';
import { renderChange } from '../render/changes';
import { renderVerified } from '../render/verification';
import { stopping } from '../stopping';
import { tellUnfinishedRun } from '../unfinishedRun';

export const applyCommand = withChangeOptions(
  new Command('apply').description(
    'Make the stack file real and verify what runs. With --traces and --at the plan of that interval is written into it first.',
  ),
).action(async (flags: ChangeFlags, command: Command) => {
  const { cancelled, stopped } = stopping(flags.stack);
  await holdingStack(stackOptionsOf(flags), 'casper apply', tellNote, async () => {
    tellUnfinishedRun(stackOptionsOf(flags), 'runs');
    const { target, plan, stackPlan, move } = await plannedChange(flags, command);
    cancelled.throwIfAborted();
    if (stackPlan) writeStackPlan(target.options.configFile, stackPlan);
    const { update, ...verified } = await apply(target, showStep, cancelled);
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
  stopped.throwIfAborted();
});
