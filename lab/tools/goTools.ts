import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { LabError } from '../labError';
import { cacheDirectory, checkout } from '../places';
import type { Step } from '../step';
import { writingInto } from './fullDisk';
import { buildArguments, buildEnvironment, go } from './goCommand';
import { goToolList, type GoTool, type GoToolName } from './goToolList';

const sources = path.join(checkout, 'lab', 'tools');

/**
 * Finds Go tools on PATH or in the cache, in their pinned versions, and builds the ones that are in neither.
 * @returns paths of the programs by name
 */
export async function goTools(
  step: Step,
  names: readonly GoToolName[],
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const missing: GoTool[] = [];
  for (const tool of goToolList.filter(({ name }) => names.includes(name))) {
    const places = await Promise.all(
      tool.programs.map(
        async (program) => (await onPath(tool, program)) ?? path.join(folderOf(tool), program),
      ),
    );
    if (!places.every((place) => existsSync(place))) missing.push(tool);
    for (const [index, program] of tool.programs.entries()) found.set(program, places[index] ?? '');
  }
  for (const [index, tool] of missing.entries()) {
    const left = missing.slice(index + 1).map(({ name }) => name);
    const position = `${index + 1} of ${missing.length}${left.length === 0 ? '' : `; then ${left.join(', ')}`}`;
    await step(`building ${tool.name} ${versionOf(tool)} (${position})`, () =>
      writingInto(folderOf(tool), () => build(tool)),
    );
  }
  return found;
}

/** Folders of tools that are in the cache, for PATH; nothing is built. Plugins are not there: see pulumiPlugins.ts. */
export function goToolFolders(): string[] {
  return goToolList
    .filter(({ name }) => name !== 'pulumi-resource-kubernetes')
    .map((tool) => folderOf(tool))
    .filter((directory) => existsSync(directory));
}

/** Where a program of a tool is once it is built. */
export function goToolPath(name: GoToolName, program: string): string {
  return path.join(folderOf(toolNamed(name)), program);
}

/** Folder of a tool's sources in Go's module cache; fetched when they are not there. */
export async function goSourceDirectory(name: GoToolName): Promise<string> {
  const { module, folder } = toolNamed(name);
  const answer = await go(['mod', 'download', '-json', module], path.join(sources, folder));
  return (JSON.parse(answer) as { Dir: string }).Dir;
}

/** Version that a tool is pinned to. */
export function goVersion(name: GoToolName): string {
  return versionOf(toolNamed(name));
}

function toolNamed(name: GoToolName): GoTool {
  const tool = goToolList.find((candidate) => candidate.name === name);
  if (!tool) throw new Error(`there is no tool ${name}`);
  return tool;
}

function versionOf({ release, module, folder }: GoTool): string {
  if (release !== undefined) return release;
  const goMod = path.join(sources, folder, 'go.mod');
  const line = readFileSync(goMod, 'utf8')
    .split('\n')
    .map((text) => text.trim().split(/\s+/))
    .find((words) => words[0] === module);
  const version = line?.[1];
  if (version === undefined) throw new LabError(`${goMod} does not require ${module}; restore the file`);
  return version;
}

/** A folder for each way to build the tool: one that was built in another way, or of other libraries, is not taken. */
function folderOf(tool: GoTool): string {
  return path.join(cacheDirectory, 'tools', `${tool.name}-${versionOf(tool)}-${digestOf(tool)}`);
}

function digestOf(tool: GoTool): string {
  const hash = createHash('sha256');
  hash.update(readFileSync(path.join(sources, tool.folder, 'go.mod')));
  for (const folder of tool.sources ?? []) {
    const files = readdirSync(path.join(sources, folder), { recursive: true, withFileTypes: true });
    const paths = files.filter((file) => file.isFile()).map((file) => path.join(file.parentPath, file.name));
    for (const file of paths.sort()) hash.update(readFileSync(file));
  }
  hash.update(JSON.stringify([buildArguments('', tool.packages, variablesOf(tool)), buildEnvironment]));
  return hash.digest('hex').slice(0, 8);
}

function variablesOf(tool: GoTool): Record<string, string> {
  return tool.versionVariable === undefined ? {} : { [tool.versionVariable]: versionOf(tool) };
}

async function onPath(tool: GoTool, program: string): Promise<string | undefined> {
  if (!tool.versionArgs) return undefined;
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    const candidate = path.join(folder, program);
    if (folder === '' || !existsSync(candidate)) continue;
    const { stdout } = await execa(candidate, tool.versionArgs(program), { reject: false, timeout: 20_000 });
    if (stdout.split(/[\s:]+/).includes(versionOf(tool))) return candidate;
  }
  return undefined;
}

async function build(tool: GoTool): Promise<void> {
  const directory = folderOf(tool);
  const unfinished = `${directory}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  await go(
    buildArguments(`${unfinished}/`, tool.packages, variablesOf(tool)),
    path.join(sources, tool.folder),
  );
  if (tool.linkedTo !== undefined) {
    for (const program of tool.programs) symlinkSync(tool.linkedTo, path.join(unfinished, program));
  }
  // Renamed when whole: a build that is killed leaves nothing that looks like a tool.
  rmSync(directory, { recursive: true, force: true });
  renameSync(unfinished, directory);
}
