import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const launcher = path.resolve(__dirname, '../../../lab/bin/pulumi-language-nodejs');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'language-host-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Runs the launcher in a project's folder `dist` with a host that says what it was called with. */
function argumentsOf(hostFolder: string, projectFile: string): string[] {
  const host = path.join(folder, hostFolder);
  mkdirSync(host, { recursive: true });
  writeFileSync(path.join(host, 'pulumi-language-nodejs'), '#!/bin/sh\nprintf "%s\\n" "$@"\n', {
    mode: 0o755,
  });
  const dist = path.join(folder, 'project with space', 'dist');
  mkdirSync(dist, { recursive: true });
  writeFileSync(path.join(dist, '..', 'Pulumi.yaml'), projectFile);
  const env = { PATH: [path.dirname(launcher), host, process.env['PATH'] ?? ''].join(path.delimiter) };
  return execFileSync('pulumi-language-nodejs', ['127.0.0.1:1234'], { cwd: dist, env, encoding: 'utf8' })
    .trimEnd()
    .split('\n');
}

const options =
  'runtime:\n  name: nodejs\n  options:\n    typescript: false\n    # why\n    nodeargs: --require=./a.js --require=./b.js\n';

test('the old host gets the options of the project as flags, before the address', () => {
  expect(argumentsOf('tools/pulumi-language-nodejs-v3.68.0-c749f340', options)).toEqual([
    '-typescript=false',
    '-nodeargs=--require=./a.js --require=./b.js',
    '127.0.0.1:1234',
  ]);
});

test('a project without options gets the host’s own', () => {
  expect(argumentsOf('tools/pulumi-language-nodejs-v3.68.0-c749f340', 'runtime: nodejs\n')).toEqual([
    '127.0.0.1:1234',
  ]);
});

test('another host is left alone: the engine tells it', () => {
  expect(argumentsOf('pulumi-3.259/bin', options)).toEqual(['127.0.0.1:1234']);
});
