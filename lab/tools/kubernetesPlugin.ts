import { existsSync } from 'node:fs';
import path from 'node:path';
import { stateDirectory } from '../places';
import { goToolPath, goVersion } from './goTools';
import { compareVersions, findPlugin, wantedKubernetesPlugin, type FoundPlugin } from './pulumiPlugins';
import { pluginVersion } from './pluginVersion';

/** Folder at the end of the lab's PATH with the plugins that the machine has none of its own for. */
export const pluginFolder = path.join(stateDirectory, 'plugins');

/** Folders of PATH other than the lab's own. */
export function foldersOf(searchPath: string | undefined): string[] {
  return (searchPath ?? '').split(path.delimiter).filter((folder) => folder !== pluginFolder);
}

/** The machine's own Kubernetes plugin; where there is one, the lab builds none. */
export function ownKubernetesPlugin(env: NodeJS.ProcessEnv): FoundPlugin | undefined {
  return findPlugin('kubernetes', env, foldersOf(env['PATH']), wantedKubernetesPlugin());
}

/** The one that the lab has built, if it has. */
export function builtKubernetesPlugin(): string | undefined {
  const program = goToolPath('pulumi-resource-kubernetes', 'pulumi-resource-kubernetes');
  return existsSync(program) ? program : undefined;
}

/**
 * What there is to say of the machine's own plugin: the engine takes what is on PATH whatever its version is, and what
 * the two do not both know fails only in the middle of an update.
 */
export async function pluginNotice(
  { program, version }: FoundPlugin,
  wanted = wantedKubernetesPlugin(),
): Promise<string | undefined> {
  if (version !== undefined) return undefined;
  const found = await pluginVersion(program);
  if (found !== undefined && /^v?\d+\.\d+\.\d+/.test(found)) {
    if (compareVersions(found.replace(/^v/, ''), wanted) >= 0) return undefined;
  }
  return (
    `Pulumi takes its Kubernetes plugin from PATH: ${program}, ` +
    `${found === undefined ? 'which does not say its version' : `of version ${found}`}. The program asks for ` +
    `${wanted} or later. If an update fails in it, take it off PATH: the lab then builds ` +
    `${goVersion('pulumi-resource-kubernetes')}, which fits`
  );
}
