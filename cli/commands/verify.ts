import { Command } from 'commander';
import { holdingStack } from '../../driver/engine/stackHold';
import { apply, faultsOf, verify, type Applied } from '../../driver/reconcile';
import { openTarget } from '../../driver/target';
import { withStackOptions, type StackFlags } from '../options';
import { showStep, tellNote } from '../progress';
import { stackOptionsOf } from '../project';
import { renderChange } from '../render/changes';
import { renderVerified } from '../render/verification';
import { stopping } from '../stopping';

export const verifyCommand = withStackOptions(
  new Command('verify').description(
    'Say what differs between the stack file and what runs: CPU in the pods, weights of the load balancers. Exit code 1 when something does.',
  ),
)
  .option('--fix', 'apply the stack file where something differs')
  .option('--json', 'print one JSON object')
  .action(async ({ fix, json, ...flags }: StackFlags & { fix?: true; json?: true }) => {
    const options = stackOptionsOf(flags);
    const target = await openTarget(options);
    const before = await verify(target, showStep);
    const fixed = (): Promise<Applied> => {
      const { cancelled } = stopping(options.stackName);
      return holdingStack(options, 'casper verify --fix', tellNote, () => apply(target, showStep, cancelled));
    };
    const applied = fix && faultsOf(before).length > 0 ? await fixed() : undefined;
    const found = applied ?? before;
    if (json) {
      console.log(JSON.stringify(found));
    } else {
      console.log(
        [
          ...(applied ? ['applied:', renderChange(applied.update, false), 'verified:'] : []),
          renderVerified(found),
        ].join('\n'),
      );
    }
    if (faultsOf(found).length > 0) process.exitCode = 1;
  });
