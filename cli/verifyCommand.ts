import { Command } from 'commander';
import { silentOrigins } from '../operate/entryPoints';
import { apply, openTarget } from '../operate/run';
import { verifyLive } from '../operate/verify';
import { readStackFile } from '../planning/stackFile';
import { withStackOptions, type StackFlags } from './options';
import { showStep } from './progress';
import { stackOptionsOf } from './project';
import { renderVerification } from './render';

export const verifyCommand = withStackOptions(
  new Command('verify').description(
    'Say what differs between the stack file and what runs: CPU in the pods, load balancers that do not answer. Exit code 1 when something does.',
  ),
)
  .option('--fix', 'apply the stack file where something differs')
  .option('--json', 'print one JSON object')
  .action(async ({ fix, json, ...flags }: StackFlags & { fix?: true; json?: true }) => {
    const target = await openTarget(stackOptionsOf(flags));
    const config = readStackFile(target.options.configFile);
    const look = async () => ({
      verification: await verifyLive(target.kubeConfig, config),
      silentOrigins: await silentOrigins(config),
    });
    const isGood = ({ verification, silentOrigins: silent }: Awaited<ReturnType<typeof look>>): boolean =>
      silent.length === 0 && verification.every(({ ok }) => ok);
    let found = await look();
    if (fix && !isGood(found)) {
      await apply(target, showStep);
      found = await look();
    }
    if (json) console.log(JSON.stringify(found));
    else {
      console.log(renderVerification(found.verification));
      for (const origin of found.silentOrigins) console.log(`  ${origin}: its Traefik does not answer`);
    }
    if (!isGood(found)) process.exitCode = 1;
  });
