import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { compareVersions, findPlugin } from '../../../lab/tools/pulumiPlugins';
import { pluginVersion } from '../../../lab/tools/pluginVersion';

let home: string;

beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'casper-plugins-'));
});
afterEach(() => {
  rmSync(home, { recursive: true });
});

function install(version: string): string {
  const folder = path.join(home, 'plugins', `resource-kubernetes-v${version}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'pulumi-resource-kubernetes'), '');
  return path.join(folder, 'pulumi-resource-kubernetes');
}

const find = (searched: string[], wanted?: string): ReturnType<typeof findPlugin> =>
  findPlugin('kubernetes', { PULUMI_HOME: home }, searched, wanted);

test('where there is none, none is found', () => {
  expect(find([home, ''])).toBeUndefined();
});

test('one on PATH comes before one that is installed, as for the engine', () => {
  install('4.30.0');
  const program = path.join(home, 'pulumi-resource-kubernetes');
  writeFileSync(program, '');
  expect(find(['/nowhere', home], '4.24.1')).toEqual({ program });
});

test('of those that are installed the latest is found', () => {
  install('4.9.0');
  const latest = install('4.30.0');
  install('4.24.1');
  expect(find([], '4.24.1')).toEqual({ program: latest, version: '4.30.0' });
});

test('an installed one that is older than the SDK asks for is none: the engine would download a later one', () => {
  install('4.9.0');
  expect(find([], '4.24.1')).toBeUndefined();
});

test('versions compare by number', () => {
  expect(compareVersions('4.9.0', '4.24.1')).toBeLessThan(0);
  expect(compareVersions('4.24.1+commit', '4.24.1')).toBe(0);
});

test('a program that is no plugin has no version', async () => {
  const program = path.join(home, 'program');
  writeFileSync(program, '#!/bin/sh\necho hello\n');
  chmodSync(program, 0o755);
  expect(await pluginVersion(program)).toBeUndefined();
  expect(await pluginVersion(path.join(home, 'nowhere'))).toBeUndefined();
});
