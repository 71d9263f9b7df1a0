import { tmpdir } from 'node:os';
import { execa } from 'execa';
import { LabError } from '../labError';
import { goFailure } from './goFailure';

/** What every build is given alike: only then does Go's build cache compile a package once for all tools. */
export const buildFlags: readonly string[] = [
  '-trimpath',
  '-buildvcs=false',
  // Nobody debugs these programs, and the information for it is dropped when they are linked.
  '-gcflags=all=-dwarf=false',
];

/** The environment of every build, over that of this process. */
export const buildEnvironment: Readonly<Record<string, string>> = {
  // With cgo, `net` and all that stands on it would be compiled a second time; and an image needs static programs.
  CGO_ENABLED: '0',
  // The compiler spends less time collecting garbage, for some more memory.
  GOGC: '400',
  // A go.work of a folder above is no matter of ours.
  GOWORK: 'off',
};

/** Arguments of `go build`. */
export function buildArguments(
  target: string,
  packages: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): string[] {
  const ldflags = [
    '-s',
    '-w',
    ...Object.entries(variables).flatMap(([name, value]) => ['-X', `${name}=${value}`]),
  ];
  return ['build', ...buildFlags, '-ldflags', ldflags.join(' '), '-o', target, ...packages];
}

/**
 * Runs the Go command.
 * @returns its standard output
 * @throws LabError that says what to do, or with what Go printed
 */
export async function go(args: readonly string[], cwd: string): Promise<string> {
  const { failed, stdout, stderr, code } = await execa('go', args, {
    cwd,
    env: buildEnvironment,
    reject: false,
  });
  if (!failed) return stdout;
  if (code === 'ENOENT') {
    throw new LabError('Go is not on PATH; the lab builds its tools with it: install Go 1.26 or later');
  }
  // `go mod download -json` says what went wrong on standard output.
  const printed = stderr === '' ? stdout : stderr;
  throw new LabError(
    goFailure(printed, await goFolders(cwd)) ??
      `go ${args.join(' ')} in ${cwd} failed:\n${printed.slice(-4000)}`,
  );
}

async function goFolders(
  cwd: string,
): Promise<{ temporary: string; buildCache: string; moduleCache: string }> {
  const names = ['GOTMPDIR', 'GOCACHE', 'GOMODCACHE'] as const;
  const { stdout } = await execa('go', ['env', ...names], { cwd, reject: false });
  const [temporary, buildCache = '', moduleCache = ''] = stdout.split('\n');
  return {
    temporary: temporary === undefined || temporary === '' ? tmpdir() : temporary,
    buildCache,
    moduleCache,
  };
}
