import { execa } from 'execa';
import { LabError } from '../labError';
import type { Step } from '../step';

/** What the lab takes from Debian 12. */
export const labPackages: readonly string[] = [
  'conntrack',
  'containerd',
  'containernetworking-plugins',
  'etcd-server',
  'iproute2',
  'iptables',
  'kiwix-tools',
  'runc',
  'util-linux',
  'zim-tools',
];

/** What the hosts of the request path take from there: Prometheus, curl for the scripts, and sshd to reach them by. */
export const hostPackages: readonly string[] = ['curl', 'openssh-server', 'prometheus', 'util-linux'];

/** Installs the Debian packages that are not there yet. */
export async function debianPackages(step: Step, packages: readonly string[]): Promise<void> {
  const missing = await missingPackages(packages);
  if (missing.length === 0) return;
  await step(`installing ${missing.join(', ')}`, async () => {
    await aptGet('update');
    await aptGet('install', '--yes', '--no-install-recommends', ...missing);
  });
}

async function missingPackages(packages: readonly string[]): Promise<string[]> {
  const query = await execa('dpkg-query', ['--show', '--showformat=${Package} ${db:Status-Status}\n', ...packages], {
    reject: false,
  });
  if (query.code === 'ENOENT') {
    throw new LabError(
      `this is no Debian: dpkg-query is not there. The lab takes ${packages.join(', ')} from Debian 12; use such a machine`,
    );
  }
  const installed = new Set(
    query.stdout
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  );
  return packages.filter((name) => !installed.has(name));
}

async function aptGet(...args: string[]): Promise<void> {
  const { failed, stdout, stderr } = await execa('apt-get', ['--quiet=2', ...args], {
    reject: false,
    env: { DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (failed) throw new LabError(`apt-get ${args.join(' ')} failed:\n${`${stdout}\n${stderr}`.slice(-2000)}`);
}
