import { execFile, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { parse } from 'yaml';
import { nodeRefusal } from '../../../start/nodeVersion';

const project = path.resolve(__dirname, '../../..');
const main = path.join(project, 'dist/cli/main.js');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'casper-start-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Runs a program as if it were run by another Node; gives the modules that it has loaded as well. */
function start(args: string[], version = process.version, program = main) {
  const loaded = path.join(folder, 'loaded');
  const preload = path.join(folder, 'preload.js');
  writeFileSync(
    preload,
    `Object.defineProperty(process, 'version', { value: '${version}' });
     process.on('exit', () => require('fs').writeFileSync('${loaded}', JSON.stringify(Object.keys(require.cache))));`,
  );
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--require', preload, program, ...args], {
    encoding: 'utf8',
  });
  const modules = (JSON.parse(readFileSync(loaded, 'utf8')) as string[]).filter((file) => file !== preload);
  return { status, stdout, stderr, modules };
}

describe('a Node that is too old', () => {
  test('is told apart by major and minor version, and 22.13 is what package.json asks for', () => {
    const refused = (version: string): boolean => nodeRefusal(version, '/usr/bin/node') !== undefined;
    expect(['v12.22.12', 'v20.20.2', 'v22.12.0', 'v8.0.0'].map(refused)).toEqual([true, true, true, true]);
    expect(['v22.13.0', 'v22.20.1', 'v24.0.0', 'v100.0.0'].map(refused)).toEqual([
      false,
      false,
      false,
      false,
    ]);
    const { engines } = JSON.parse(readFileSync(path.join(project, 'package.json'), 'utf8')) as {
      engines: { node: string };
    };
    expect(engines.node).toBe('>=22.13');
  });

  test('is refused before anything else is loaded: what is asked for, what it is, what to do', () => {
    const { status, stdout, stderr, modules } = start(['plan'], 'v20.20.2');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain(`Node 22.13 or later is needed; ${process.execPath} is Node 20.20.2.`);
    expect(stderr).toContain('export PATH="$PWD/node_modules/.bin:$PATH"');
    expect(modules.map((file) => path.relative(project, file)).sort()).toEqual([
      'dist/cli/main.js',
      'dist/start/nodeVersion.js',
      'dist/start/requireNode.js',
    ]);
  });

  test('can parse what refuses it', () => {
    for (const file of ['cli/main.ts', 'start/requireNode.ts', 'start/nodeVersion.ts']) {
      const source = readFileSync(path.join(project, file), 'utf8');
      const compiledFor = (target: ts.ScriptTarget): string =>
        ts.transpileModule(source, { compilerOptions: { target, module: ts.ModuleKind.CommonJS } })
          .outputText;
      // Node 12 has all of ES2019: nothing in the file had to be written in another way for it.
      expect(compiledFor(ts.ScriptTarget.ES2023)).toBe(compiledFor(ts.ScriptTarget.ES2019));
    }
  });

  test('every Node on PATH runs the help, or refuses', () => {
    const nodes = (process.env['PATH'] ?? '')
      .split(path.delimiter)
      .map((place) => path.join(place, 'node'))
      .filter((node) => existsSync(node));
    for (const node of [process.execPath, ...nodes]) {
      const { stdout: version } = spawnSync(node, ['--version'], { encoding: 'utf8' });
      const { status, stdout, stderr } = spawnSync(node, [main, '--help'], { encoding: 'utf8' });
      if (nodeRefusal(version.trim(), node) === undefined) expect(stdout).toMatch(/^Usage: casper /);
      else expect(stderr).toContain('Node 22.13 or later is needed');
      expect(status).toBe(stdout === '' ? 1 : 0);
    }
  });
});

describe('a start loads what it needs', () => {
  test('the help loads commander and the names of the commands', () => {
    const { stdout, modules } = start(['--help']);
    expect(stdout).toMatch(/^ {2}plan +plan one interval/m);
    const packages = modules.map((file) => /node_modules\/([^/]+)/.exec(file)?.[1] ?? 'casper');
    expect([...new Set(packages)].sort()).toEqual(['casper', 'commander']);
    expect(modules.filter((file) => file.includes('/commands/'))).toEqual([]);
  });

  test('a plan loads nothing of Pulumi, Kubernetes or the lab', () => {
    const { status, modules } = start(['plan', '--at', '2026-01-06T00:00:00Z', '--json']);
    expect(status).toBe(0);
    expect(
      modules.filter((file) => /@pulumi|@kubernetes|execa|vega|dist\/(driver|lab|report)/.test(file)),
    ).toEqual([]);
  });
});

describe('the Pulumi program', () => {
  const { runtime } = parse(readFileSync(path.join(project, 'Pulumi.yaml'), 'utf8')) as {
    runtime: { options: { nodeargs: string } };
  };
  /** Loads Pulumi's SDK with the arguments that Pulumi.yaml gives to Node, in the folder of the program. */
  const load = (code: string, ...before: string[]) =>
    spawnSync(process.execPath, [...before, ...runtime.options.nodeargs.split(' '), '--eval', code], {
      cwd: path.join(project, 'dist'),
      encoding: 'utf8',
    });

  test('loads nothing that serialises functions', () => {
    const { status, stdout, stderr } = load(
      "require('@pulumi/pulumi'); console.log(Object.keys(require.cache).join('\\n'))",
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('@pulumi/pulumi/runtime/closure/createClosure.js');
    expect(stdout).not.toMatch(/node_modules\/(typescript|@npmcli)\//);
  });

  test('is refused by an old Node before that', () => {
    const preload = path.join(folder, 'old.js');
    writeFileSync(preload, "Object.defineProperty(process, 'version', { value: 'v20.20.2' })");
    const { status, stderr } = load('process.exit(0)', '--require', preload);
    expect({ status, stderr: stderr.split('\n')[0] }).toEqual({
      status: 1,
      stderr: `casper: Node 22.13 or later is needed; ${process.execPath} is Node 20.20.2.`,
    });
  });
});

describe('the help', () => {
  const names = (help: string): string[] =>
    [...help.slice(help.indexOf('Commands:')).matchAll(/^ {2}([a-z]+) /gm)]
      .map(([, name]) => name ?? '')
      .filter((name) => name !== 'help');

  test('names commands that are there: each has a help of its own', async () => {
    const listed = names(start(['--help']).stdout);
    expect(listed).toEqual(expect.arrayContaining(['plan', 'run', 'lab']));
    const helps = await Promise.all(
      listed.map((name) => promisify(execFile)(process.execPath, [main, name, '--help'])),
    );
    for (const [index, { stdout }] of helps.entries()) {
      // Its usage, then what it does.
      expect(stdout).toMatch(new RegExp(`^Usage: casper ${listed[index] ?? ''} .*\n\n[A-Z]`));
    }
    expect(start(['help', 'sweep']).stdout).toMatch(/^Usage: casper sweep /);
  });

  test('a command that is not there is an error that names the nearest', () => {
    const { status, stderr } = start(['plam']);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: "error: unknown command 'plam'\n(Did you mean plan?)\n",
    });
  });

  test('without the sources of the lab, as in the package, no command needs them', () => {
    for (const part of ['cli', 'start']) {
      cpSync(path.join(project, 'dist', part), path.join(folder, 'dist', part), { recursive: true });
    }
    symlinkSync(path.join(project, 'node_modules'), path.join(folder, 'node_modules'));
    const program = path.join(folder, 'dist/cli/main.js');
    const { status, stdout } = start(['--help'], process.version, program);
    expect(status).toBe(0);
    expect(names(stdout)).toContain('plan');
    expect(names(stdout)).not.toContain('lab');
    expect(start(['lab', 'up'], process.version, program).stderr).toContain("unknown command 'lab'");
    mkdirSync(path.join(folder, 'lab'));
    expect(names(start(['--help'], process.version, program).stdout)).toContain('lab');
  });
});
