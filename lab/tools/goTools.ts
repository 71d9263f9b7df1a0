import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { LabError } from '../labError';
import { cacheDirectory, checkout } from '../places';
import type { Step } from '../step';

export type GoToolName =
  | 'kubernetes'
  | 'pulumi'
  | 'pulumi-language-nodejs'
  | 'metallb'
  | 'metrics-server'
  | 'traefik';

/** Programs that are built from one Go module, which pins them: lab/tools/<name>/go.mod. */
interface GoModule {
  readonly name: GoToolName;
  /** The module that gives the version. */
  readonly module: string;
  readonly binaries: readonly string[];
  /** Linked statically, to be the only file of an image. */
  readonly static?: true;
  /** Go variable that the programs report as their version; without it they report none. */
  readonly versionVariable?: string;
  /** How a program that is on PATH is asked for its version; absent where there is no way to ask. */
  readonly versionArgs?: (binary: string) => readonly string[];
}

const modules: readonly GoModule[] = [
  {
    name: 'kubernetes',
    module: 'k8s.io/kubernetes',
    binaries: [
      'kube-apiserver',
      'kube-controller-manager',
      'kube-scheduler',
      'kube-proxy',
      'kubelet',
      'kubectl',
    ],
    versionVariable: 'k8s.io/component-base/version.gitVersion',
    versionArgs: (binary) => (binary === 'kubectl' ? ['version', '--client'] : ['--version']),
  },
  {
    name: 'pulumi',
    module: 'github.com/pulumi/pulumi/pkg/v3',
    binaries: ['pulumi'],
    versionVariable: 'github.com/pulumi/pulumi/sdk/v3/go/common/version.Version',
    versionArgs: () => ['version'],
  },
  {
    name: 'pulumi-language-nodejs',
    module: 'github.com/pulumi/pulumi/sdk/v3',
    binaries: ['pulumi-language-nodejs'],
  },
  {
    name: 'metallb',
    module: 'go.universe.tf/metallb',
    binaries: ['controller', 'speaker'],
    static: true,
  },
  {
    name: 'metrics-server',
    module: 'sigs.k8s.io/metrics-server',
    binaries: ['metrics-server'],
    static: true,
  },
  {
    // The module brings a placeholder for its web page, so that it builds without one; the API is whole.
    name: 'traefik',
    module: 'github.com/traefik/traefik/v3',
    binaries: ['traefik'],
    versionVariable: 'github.com/traefik/traefik/v3/pkg/version.Version',
    versionArgs: () => ['version'],
  },
];

/** Folder of a Go tool's `go.mod`. */
const moduleDirectory = (name: string): string => path.join(checkout, 'lab', 'tools', name);

/**
 * Finds Go tools on PATH or in the cache, in their pinned versions, and builds the ones that are in neither.
 * @param names folders of lab/tools
 * @returns paths of the programs by name
 */
export async function goTools(
  step: Step,
  names: readonly GoToolName[],
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const module of modules.filter(({ name }) => names.includes(name))) {
    const version = pinnedVersion(module);
    const directory = path.join(cacheDirectory, 'tools', `${module.name}-${version}`);
    const places = await Promise.all(
      module.binaries.map(
        async (binary) => (await onPath(module, binary, version)) ?? path.join(directory, binary),
      ),
    );
    if (!places.every((place) => existsSync(place))) {
      await step(`building ${module.name} ${version} (once; kept in ${directory})`, () =>
        build(module, version, directory),
      );
    }
    for (const [index, binary] of module.binaries.entries()) found.set(binary, places[index] ?? '');
  }
  return found;
}

/** Folders of tools that are in the cache, for PATH; nothing is built. */
export function goToolFolders(): string[] {
  return modules
    .map((module) => path.join(cacheDirectory, 'tools', `${module.name}-${pinnedVersion(module)}`))
    .filter((directory) => existsSync(directory));
}

/** Folder of a tool's sources in Go's module cache; fetched when they are not there. */
export async function goSourceDirectory(name: string): Promise<string> {
  const { stdout } = await execa('go', ['mod', 'download', '-json', moduleNamed(name).module], {
    cwd: moduleDirectory(name),
  });
  return (JSON.parse(stdout) as { Dir: string }).Dir;
}

/** Version that a tool's go.mod pins. */
export function goVersion(name: string): string {
  return pinnedVersion(moduleNamed(name));
}

function moduleNamed(name: string): GoModule {
  const module = modules.find((candidate) => candidate.name === name);
  if (!module) throw new Error(`there is no tool ${name}`);
  return module;
}

function pinnedVersion({ name, module }: GoModule): string {
  const goMod = path.join(moduleDirectory(name), 'go.mod');
  const line = readFileSync(goMod, 'utf8')
    .split('\n')
    .map((text) => text.trim().split(/\s+/))
    .find((words) => words[0] === module);
  const version = line?.[1];
  if (version === undefined) throw new LabError(`${goMod} does not require ${module}; restore the file`);
  return version;
}

async function onPath(
  { versionArgs }: GoModule,
  binary: string,
  version: string,
): Promise<string | undefined> {
  if (!versionArgs) return undefined;
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    const candidate = path.join(folder, binary);
    if (folder === '' || !existsSync(candidate)) continue;
    const { stdout } = await execa(candidate, versionArgs(binary), { reject: false, timeout: 20_000 });
    if (stdout.split(/[\s:]+/).includes(version)) return candidate;
  }
  return undefined;
}

async function build(module: GoModule, version: string, directory: string): Promise<void> {
  const unfinished = `${directory}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  const ldflags = [
    '-s',
    '-w',
    ...(module.versionVariable === undefined ? [] : ['-X', `${module.versionVariable}=${version}`]),
  ];
  await go(['build', '-trimpath', '-ldflags', ldflags.join(' '), '-o', `${unfinished}/`, 'tool'], {
    cwd: moduleDirectory(module.name),
    env: module.static ? { CGO_ENABLED: '0' } : {},
  });
  // Renamed when whole: a build that is killed leaves nothing that looks like a tool.
  rmSync(directory, { recursive: true, force: true });
  renameSync(unfinished, directory);
}

/**
 * Runs the Go command.
 * @throws LabError with what it printed
 */
export async function go(
  args: readonly string[],
  options: { cwd: string; env?: Record<string, string> },
): Promise<void> {
  const { failed, stderr, code } = await execa('go', args, { ...options, reject: false });
  if (!failed) return;
  if (code === 'ENOENT') {
    throw new LabError('Go is not on PATH; the lab builds its tools with it: install Go 1.26 or later');
  }
  throw new LabError(`go ${args.join(' ')} in ${options.cwd} failed:\n${stderr.slice(-4000)}`);
}
