import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { labStatus } from './cluster/lab';
import { LabError } from './labError';
import { adminKubeconfig, cacheDirectory, checkout, stateDirectory } from './places';
import { goToolFolders } from './tools/goTools';

const standIns = path.join(checkout, 'lab', 'plugins', 'bin');

/**
 * What a program needs to find the lab: its kubeconfig, Pulumi with a state folder that goes with the lab, and the
 * stand-ins for Pulumi's plugins where there are no genuine ones.
 * @throws LabError when the lab is not up
 */
export function labEnvironment(inherited: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (!labStatus().up) throw new LabError('the lab is not up; run `casper lab up` first');
  const pulumiState = path.join(stateDirectory, 'pulumi');
  mkdirSync(pulumiState, { recursive: true });
  const inheritedPath = inherited['PATH'] ?? '';
  return {
    ...inherited,
    CASPER_LAB: stateDirectory,
    KUBECONFIG: adminKubeconfig,
    PATH: [
      ...goToolFolders(),
      path.join(checkout, 'node_modules', '.bin'),
      inheritedPath,
      standInFolder(inherited, inheritedPath),
    ].join(path.delimiter),
    PULUMI_BACKEND_URL: `file://${pulumiState}`,
    PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile(),
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    // The program and the plugins start anew with every preview: a tenth of it is compiling the same JavaScript.
    NODE_COMPILE_CACHE: path.join(cacheDirectory, 'node-compile-cache'),
  };
}

/**
 * A folder with the stand-ins that are needed, and only those: the engine takes a plugin that is on PATH rather than one
 * that `pulumi plugin install` has put away.
 */
function standInFolder(env: NodeJS.ProcessEnv, searched: string): string {
  const folder = path.join(stateDirectory, 'plugins');
  mkdirSync(folder, { recursive: true });
  const elsewhere = searched.split(path.delimiter).filter((name) => name !== folder);
  for (const program of readdirSync(standIns)) {
    const link = path.join(folder, program);
    if (hasGenuinePlugin(program, env, elsewhere)) rmSync(link, { force: true });
    else {
      // Renamed into place: another command may be about to run it.
      const fresh = `${link}.${process.pid}`;
      symlinkSync(path.join(standIns, program), fresh);
      renameSync(fresh, link);
    }
  }
  return folder;
}

/** On PATH, or where `pulumi plugin install` puts it. */
function hasGenuinePlugin(program: string, env: NodeJS.ProcessEnv, searched: readonly string[]): boolean {
  if (searched.some((folder) => folder !== '' && existsSync(path.join(folder, program)))) return true;
  const installed = path.join(env['PULUMI_HOME'] ?? path.join(homedir(), '.pulumi'), 'plugins');
  return (
    existsSync(installed) &&
    readdirSync(installed).some((name) =>
      new RegExp(`^${program.replace('pulumi-', '')}-v[\\d.]+$`).test(name),
    )
  );
}

/** Made once and kept: the salt that Pulumi writes into a stack file belongs to the passphrase and outlives a lab. */
function passphraseFile(): string {
  const file = path.join(cacheDirectory, 'pulumi-passphrase');
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600 });
  return file;
}
