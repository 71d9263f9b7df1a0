import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStack } from '../../driver/engine/stack';
import { tool, toolsOnPath } from './tools';

jest.setTimeout(120_000);

let folder: string;
const before = { ...process.env };
beforeEach(() => {
  toolsOnPath();
  folder = mkdtempSync(join(tmpdir(), 'casper-selection-'));
  for (const name of ['home', 'state', 'project']) mkdirSync(join(folder, name));
  Object.assign(process.env, {
    PULUMI_HOME: join(folder, 'home'),
    PULUMI_BACKEND_URL: `file://${join(folder, 'state')}`,
    PULUMI_CONFIG_PASSPHRASE: 'only for tests',
    PULUMI_SKIP_UPDATE_CHECK: 'true',
  });
  writeFileSync(join(folder, 'project/Pulumi.yaml'), 'name: selection\nruntime: nodejs\n');
});
afterEach(() => {
  process.env = { ...before };
  rmSync(folder, { recursive: true });
});

const pulumi = (...args: string[]): string =>
  execFileSync(tool('pulumi'), [...args, '--non-interactive'], {
    cwd: join(folder, 'project'),
    encoding: 'utf8',
    env: process.env,
  });

/** What Pulumi notes of the folders that people work in: names and contents. */
const selections = (): string[] => {
  const place = join(folder, 'home/workspaces');
  return readdirSync(place)
    .sort()
    .map((name) => `${name} ${readFileSync(join(place, name), 'utf8')}`);
};

test('the stack that a person works on stays theirs while another one is made, and used', async () => {
  pulumi('stack', 'init', 'mine');
  const theirs = selections();
  expect(theirs.join()).toContain('selection/mine"');
  const configFile = join(folder, 'Pulumi.other.yaml');
  writeFileSync(configFile, 'config: {}\n');
  const options = { projectDirectory: join(folder, 'project'), stackName: 'other', configFile };
  const made = await openStack(options);
  expect([made.name, readFileSync(configFile, 'utf8')]).toEqual([
    'other',
    expect.stringContaining('encryptionsalt:'),
  ]);
  const used = await openStack(options);
  expect((await used.exportStack()).version).toBe(3);
  expect(selections()).toEqual(theirs);
  expect(pulumi('stack', '--show-name').trim()).toBe('mine');
});
