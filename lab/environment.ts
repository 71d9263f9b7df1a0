import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { engineRuntime } from '../start/engineRuntime';
import { labStatus } from './cluster/lab';
import { LabError } from './labError';
import { adminKubeconfig, cacheDirectory, checkout, stateDirectory } from './places';
import { goToolFolders } from './tools/goTools';
import {
  builtKubernetesPlugin,
  foldersOf,
  ownKubernetesPlugin,
  pluginFolder,
} from './tools/kubernetesPlugin';
import { findPlugin } from './tools/pulumiPlugins';

const standIns = path.join(checkout, 'lab', 'plugins', 'bin');

/**
 * What a program needs to find the lab: its kubeconfig, Pulumi with a state folder that goes with the lab, and
 * plugins where the machine has none of its own.
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
      // Before the language host that was built: it gives that one the project's options.
      path.join(checkout, 'lab', 'bin'),
      ...goToolFolders(),
      path.join(checkout, 'node_modules', '.bin'),
      inheritedPath,
      pluginsFor(inherited),
    ].join(path.delimiter),
    PULUMI_BACKEND_URL: `file://${pulumiState}`,
    PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile(),
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    ...engineRuntime,
    // The program and the plugins start anew with every preview: a tenth of it is compiling the same JavaScript.
    NODE_COMPILE_CACHE: path.join(cacheDirectory, 'node-compile-cache'),
  };
}

/**
 * A folder with the plugins that are needed, and only those: the engine takes a plugin that is on PATH rather than one
 * that `pulumi plugin install` has put away.
 */
function pluginsFor(env: NodeJS.ProcessEnv): string {
  mkdirSync(pluginFolder, { recursive: true });
  for (const program of readdirSync(standIns)) {
    const own = findPlugin(program.replace('pulumi-resource-', ''), env, foldersOf(env['PATH']));
    linkPlugin(program, own ? undefined : path.join(standIns, program));
  }
  linkPlugin('pulumi-resource-kubernetes', ownKubernetesPlugin(env) ? undefined : builtKubernetesPlugin());
  return pluginFolder;
}

function linkPlugin(name: string, program: string | undefined): void {
  const link = path.join(pluginFolder, name);
  if (program === undefined) {
    rmSync(link, { force: true });
    return;
  }
  // Renamed into place: another command may be about to run it.
  const fresh = `${link}.${process.pid}`;
  symlinkSync(program, fresh);
  renameSync(fresh, link);
}

/** Made once and kept: the salt that Pulumi writes into a stack file belongs to the passphrase and outlives a lab. */
function passphraseFile(): string {
  const file = path.join(cacheDirectory, 'pulumi-passphrase');
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600 });
  return file;
}
