import { LabError } from '../labError';
import type { Step } from '../step';
import { debianPackages, hostPackages } from './debianPackages';
import { goTools } from './goTools';

/** Installs and builds what `npm run test:hosts` needs: no cluster, but Pulumi, Traefik, Prometheus and sshd. */
async function main(): Promise<void> {
  const step: Step = async (label, work) => {
    process.stderr.write(`${label}\n`);
    return await work();
  };
  // systemd says whether the units in deploy/ are right.
  await debianPackages(step, [...hostPackages, 'systemd']);
  await goTools(step, ['pulumi', 'pulumi-language-nodejs', 'traefik']);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof LabError ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
