import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { labStatus } from './cluster/lab';
import { LabError } from './labError';
import { adminKubeconfig, cacheDirectory, checkout, stateDirectory } from './places';
import { goToolFolders } from './tools/goTools';

const plugin = 'pulumi-resource-kubernetes';

/**
 * What a program needs to find the lab: its kubeconfig, Pulumi with a state folder that goes with the lab, and the
 * stand-in for Pulumi's Kubernetes plugin where there is no genuine one.
 * @throws LabError when the lab is not up
 */
export function labEnvironment(inherited: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (!labStatus().up) throw new LabError('the lab is not up; run `casper lab up` first');
  const pulumiState = path.join(stateDirectory, 'pulumi');
  mkdirSync(pulumiState, { recursive: true });
  const inheritedPath = inherited['PATH'] ?? '';
  const standIns = hasGenuinePlugin(inherited, inheritedPath)
    ? []
    : [path.join(checkout, 'lab', 'plugins', 'bin')];
  return {
    ...inherited,
    CASPER_LAB: stateDirectory,
    KUBECONFIG: adminKubeconfig,
    PATH: [...goToolFolders(), path.join(checkout, 'node_modules', '.bin'), inheritedPath, ...standIns].join(
      path.delimiter,
    ),
    PULUMI_BACKEND_URL: `file://${pulumiState}`,
    PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile(),
    PULUMI_SKIP_UPDATE_CHECK: 'true',
  };
}

/** On PATH, or where `pulumi plugin install` puts it. */
function hasGenuinePlugin(env: NodeJS.ProcessEnv, searched: string): boolean {
  if (searched.split(path.delimiter).some((folder) => folder !== '' && existsSync(path.join(folder, plugin))))
    return true;
  const plugins = path.join(env['PULUMI_HOME'] ?? path.join(homedir(), '.pulumi'), 'plugins');
  return (
    existsSync(plugins) && readdirSync(plugins).some((name) => /^resource-kubernetes-v[\d.]+$/.test(name))
  );
}

/** Made once and kept: the salt that Pulumi writes into a stack file belongs to the passphrase and outlives a lab. */
function passphraseFile(): string {
  const file = path.join(cacheDirectory, 'pulumi-passphrase');
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600 });
  return file;
}
