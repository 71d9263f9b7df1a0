import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { checkout } from '../places';

/** One of Pulumi's plugins that the engine finds without the lab. */
export interface FoundPlugin {
  readonly program: string;
  /** Unknown where it is only on PATH. */
  readonly version?: string;
}

/**
 * Looks for a plugin as the engine does: first on PATH, then where Pulumi installs them.
 * @param name for instance `kubernetes`
 * @param searched folders of PATH
 * @param wanted the least version that Pulumi's SDK asks for; an installed plugin that is older is not taken
 */
export function findPlugin(
  name: string,
  env: NodeJS.ProcessEnv,
  searched: readonly string[],
  wanted?: string,
): FoundPlugin | undefined {
  const file = `pulumi-resource-${name}`;
  const folder = searched.find((candidate) => candidate !== '' && existsSync(path.join(candidate, file)));
  if (folder !== undefined) return { program: path.join(folder, file) };
  return installedPlugins(name, env).find(
    ({ version = '' }) => wanted === undefined || compareVersions(version, wanted) >= 0,
  );
}

/** Those that `pulumi plugin install` has put away, the latest first. */
export function installedPlugins(name: string, env: NodeJS.ProcessEnv): FoundPlugin[] {
  const installed = path.join(env['PULUMI_HOME'] ?? path.join(homedir(), '.pulumi'), 'plugins');
  if (!existsSync(installed)) return [];
  const prefix = `resource-${name}-v`;
  return readdirSync(installed)
    .filter((folder) => folder.startsWith(prefix) && /^\d+\.\d+\.\d+$/.test(folder.slice(prefix.length)))
    .map((folder) => ({
      program: path.join(installed, folder, `pulumi-resource-${name}`),
      version: folder.slice(prefix.length),
    }))
    .filter(({ program }) => existsSync(program))
    .sort((one, other) => compareVersions(other.version, one.version));
}

/** The version of the Kubernetes plugin that the program's SDK asks the engine for. */
export function wantedKubernetesPlugin(): string {
  const manifest = path.join(checkout, 'node_modules', '@pulumi', 'kubernetes', 'package.json');
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

/** Below 0 where the first is older; what stands behind the third number does not count. */
export function compareVersions(one: string, other: string): number {
  const [a, b] = [one, other].map((version) =>
    version
      .replace(/[-+].*/, '')
      .split('.')
      .map(Number),
  );
  const differing = [0, 1, 2].map((part) => (a?.[part] ?? 0) - (b?.[part] ?? 0)).find((part) => part !== 0);
  return differing ?? 0;
}
