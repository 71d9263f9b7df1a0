import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { clientKeyFile } from '../../lab/cluster/sshServers';
import { adminKubeconfig } from '../../lab/places';

/** Of Prometheus; whoever opens the stack puts it into casper's environment. */
export const prometheusPassword = 'canary-prometheus-password-77d0';

/** A value of every secret that casper has in the lab, by name; none may be found in clear where it is not given. */
export type Canaries = Readonly<Record<string, string>>;

export function labCanaries(): Canaries {
  const kubeconfigKey = /client-key-data: (\S+)/.exec(readFileSync(adminKubeconfig, 'utf8'))?.[1] ?? '';
  const passphraseFile = process.env['PULUMI_CONFIG_PASSPHRASE_FILE'] ?? '';
  const canaries = {
    'the password of Prometheus': prometheusPassword,
    // A part from its middle: the beginnings of all keys are alike.
    'the private key of the hosts': readFileSync(clientKeyFile, 'utf8').split('\n')[3] ?? '',
    'the key of the kubeconfig': Buffer.from(kubeconfigKey, 'base64').toString().split('\n')[1] ?? '',
    'the passphrase of the state': readFileSync(passphraseFile, 'utf8').trim(),
  };
  for (const [name, value] of Object.entries(canaries)) {
    if (value.length < 16)
      throw new Error(`${name} cannot be looked for: its canary has ${value.length} characters`);
  }
  return canaries;
}

/** Names of the secrets that a text has, as they are or in base64; pure. */
export function secretsIn(text: string, canaries: Canaries): string[] {
  return Object.entries(canaries)
    .filter(([, value]) =>
      // The last characters of base64 depend on what follows.
      [value, Buffer.from(value).toString('base64').slice(0, -4)].some((form) => text.includes(form)),
    )
    .map(([name]) => name);
}

/** The secrets that lie in the files of some folders, each with its file. */
export function secretsBelow(
  folders: readonly string[],
  isLookedAt: (file: string) => boolean,
  canaries: Canaries,
): string[] {
  return folders.flatMap((folder) =>
    filesBelow(folder)
      .filter(isLookedAt)
      .flatMap((file) => secretsIn(readOrNothing(file), canaries).map((name) => `${name} in ${file}`)),
  );
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

/** A file may go between being listed and being read. */
function readOrNothing(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return '';
  }
}
