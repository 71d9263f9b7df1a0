import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { stateDirectory } from '../places';
import { startDaemon, waitFor } from './daemons';
import { hosts } from './nodes';

const directory = path.join(stateDirectory, 'ssh');
/** Key that lets root into every host. */
export const clientKeyFile = path.join(directory, 'client');
const hostKeyFile = path.join(directory, 'host');

/** sshd changes into it for its children; Debian's service makes it. */
const privilegeSeparation = '/run/sshd';

/** Public key that the hosts prove themselves with, as in a known_hosts file. */
export function hostKey(): string {
  return readFileSync(`${hostKeyFile}.pub`, 'utf8').trim().split(' ').slice(0, 2).join(' ');
}

/** Starts an ssh server on every host outside the cluster. */
export async function startSshServers(): Promise<void> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (!existsSync(privilegeSeparation)) mkdirSync(privilegeSeparation, { mode: 0o755 });
  for (const file of [clientKeyFile, hostKeyFile]) {
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'casper-lab', '-f', file]);
  }
  const config = path.join(directory, 'sshd_config');
  writeFileSync(
    config,
    [
      `HostKey ${hostKeyFile}`,
      `AuthorizedKeysFile ${clientKeyFile}.pub`,
      'PidFile none',
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'PermitRootLogin prohibit-password',
      'MaxStartups 100',
      // A host is a small machine: a Traefik that spreads over more threads spends a tenth more on waking them, and as
      // much on collecting garbage of which there is little.
      'SetEnv GOMAXPROCS=1 GOGC=400',
      '',
    ].join('\n'),
  );
  await Promise.all(
    hosts.map(async (host) => {
      const name = `sshd-${host.name}`;
      await startDaemon({
        name,
        machine: host,
        group: 'hosts',
        command: ['/usr/sbin/sshd', '-D', '-e', '-f', config],
      });
      await waitFor(`${host.name} takes ssh connections`, name, [
        'ssh-keyscan',
        '-T',
        '2',
        '-t',
        'ed25519',
        host.address,
      ]);
    }),
  );
}
