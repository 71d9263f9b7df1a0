import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const launchers = path.resolve(__dirname, '../../../lab/bin');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'pulumi-launcher-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const run = (...folders: string[]): string =>
  execFileSync('pulumi', ['up', 'two words'], {
    env: { PATH: [...folders, '/usr/bin', '/bin'].join(path.delimiter) },
    encoding: 'utf8',
    stdio: 'pipe',
  });

test('the engine gives way to others, and gets its arguments as they are', () => {
  writeFileSync(path.join(folder, 'pulumi'), '#!/bin/sh\nnice\nprintf "%s\\n" "$@"\n', { mode: 0o755 });
  const [niceness, ...args] = run(launchers, folder).trimEnd().split('\n');
  expect([Number(niceness) - Number(execFileSync('nice', { encoding: 'utf8' })), args]).toEqual([
    10,
    ['up', 'two words'],
  ]);
});

test('without another one on PATH it says so, also where its folder has two names', () => {
  const alias = path.join(folder, 'alias');
  symlinkSync(launchers, alias);
  expect(() => run(launchers, alias)).toThrow(/there is no other on PATH; run `casper lab build`/);
});
