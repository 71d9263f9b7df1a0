import { Command, Option } from 'commander';
import { execa } from 'execa';
import { clusterCounts } from '../../lab/cluster/clusters';
import { labBuild, labDown, labStatus, labUp } from '../../lab/cluster/lab';
import { labEnvironment } from '../../lab/environment';
import { adminKubeconfig } from '../../lab/places';
import { showStep } from '../progress';

const up = new Command('up')
  .description('Bring up a real Kubernetes cluster on this machine, from upstream parts. Needs root.')
  .addOption(
    new Option(
      '--clusters <n>',
      'one cluster with three nodes, or three clusters with one node each',
    ).choices(clusterCounts.map(String)),
  )
  .action(async ({ clusters }: { clusters?: string }) => {
    const wasUp = await labUp(showStep, clusters === undefined ? undefined : Number(clusters));
    console.log(wasUp ? 'the lab was up already' : `the lab is up; kubeconfig: ${adminKubeconfig}`);
  });

const build = new Command('build')
  .description('Install and build what the lab is made of, once; start none of it. `up` does so as well.')
  .action(() => labBuild(showStep));

const down = new Command('down')
  .description('Take it down: no process, mount, namespace, cgroup or interface stays.')
  .action(async () => {
    await labDown(showStep);
    console.log('the lab is down');
  });

const status = new Command('status')
  .description('Say what of it runs. Exit code 1 when it is not up.')
  .option('--quiet', 'only the exit code')
  .option('--json', 'print one JSON object')
  .action(({ quiet, json }: { quiet?: true; json?: true }) => {
    const current = labStatus();
    if (json) console.log(JSON.stringify(current));
    else if (!quiet) {
      for (const { name, pid, running } of current.daemons) {
        console.log(`  ${running ? 'runs ' : 'ended'}  ${name} (${pid})`);
      }
      console.log(current.up ? `the lab is up; kubeconfig: ${adminKubeconfig}` : 'the lab is not up');
    }
    if (!current.up) process.exitCode = 1;
  });

const exec = new Command('exec')
  .description(
    'Run a command with the lab’s kubeconfig, kubectl and Pulumi: casper lab exec -- pulumi preview',
  )
  .argument('<command>', 'program')
  .argument('[args...]', 'its arguments')
  .passThroughOptions()
  .action(async (command: string, args: string[]) => {
    const { exitCode, signal, failed, shortMessage } = await execa(command, args, {
      stdio: 'inherit',
      reject: false,
      extendEnv: false,
      env: labEnvironment(process.env),
    });
    if (failed && exitCode === undefined && signal === undefined) console.error(`casper: ${shortMessage}`);
    process.exitCode = exitCode ?? 1;
  });

export const labCommand = new Command('lab')
  .description('A real cluster on one machine, to try casper on and to test it with.')
  .enablePositionalOptions()
  .addCommand(build)
  .addCommand(up)
  .addCommand(down)
  .addCommand(status)
  .addCommand(exec);
