import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PulumiFn, Stack } from '@pulumi/pulumi/automation';
import { StackLockedError, updateStack } from '../../driver/engine/update';
import { cacheDirectory } from '../../start/cacheDirectory';
import { OpenStack } from './openStack';
import { toolsOnPath } from './tools';

jest.setTimeout(120_000);

let stack: Stack;
let folder: string;
let locks: string;
let configFile: string;
let current: { program: PulumiFn };
beforeEach(async () => {
  toolsOnPath();
  ({ stack, folder, current } = await OpenStack.opened('lock'));
  locks = join(folder, '.pulumi/locks/organization/lock/test');
  configFile = join(folder, 'Pulumi.test.yaml');
  writeFileSync(configFile, 'config: {}\n');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const lockFiles = (): string[] => {
  try {
    return readdirSync(locks).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
};

/** Kills Pulumi in the middle of an update, and returns the number of its process. */
async function killedUpdate(): Promise<number> {
  let end = (): void => undefined;
  current.program = () => new Promise<void>((resolve) => (end = resolve));
  const failed = updateStack(stack, configFile).catch((error: unknown) => error);
  while (lockFiles().length === 0) await sleep(20);
  const { pid } = JSON.parse(readFileSync(join(locks, lockFiles()[0] ?? ''), 'utf8')) as { pid: number };
  process.kill(pid, 'SIGKILL');
  expect(await failed).toBeInstanceOf(Error);
  end();
  current.program = () => Promise.resolve();
  expect(lockFiles()).toHaveLength(1);
  return pid;
}

test('the lock of an update that was killed is taken over, once, and by the proof that its process is dead', async () => {
  const pid = await killedUpdate();
  const { notes } = await updateStack(stack, configFile);
  expect(notes[0]).toMatch(new RegExp(`^took over the lock of process ${pid} of .*, which runs no longer$`));
  expect(lockFiles()).toEqual([]);
  expect((await updateStack(stack, configFile)).notes).toEqual([]);
});

test('without that proof it stays, and the message says how to remove it alone', async () => {
  const pid = await killedUpdate();
  const notes = join(cacheDirectory, 'updates');
  for (const name of readdirSync(notes)) if (name.startsWith(`${pid}-`)) rmSync(join(notes, name));
  const other = join(locks, 'other.json');
  writeFileSync(
    other,
    JSON.stringify({ pid: 1, username: 'John Doe', hostname: hostname(), timestamp: '2026-01-05T00:00:00Z' }),
  );
  const refused = await updateStack(stack, configFile).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(StackLockedError);
  const { message } = refused as Error;
  expect(message).toContain(`process ${pid} of `);
  expect(message).toContain(`process 1 of John Doe@${hostname()} (since 2026-01-05T00:00:00Z)`);
  const remedy = /`(rm [^`]+)`/.exec(message)?.[1] ?? 'false';
  execFileSync('sh', ['-c', remedy]);
  expect(lockFiles()).toEqual([]);
});

test('an empty lock is named, with the remedy', async () => {
  mkdirSync(locks, { recursive: true });
  const empty = join(locks, 'empty.json');
  writeFileSync(empty, '');
  await expect(updateStack(stack, configFile)).rejects.toThrow(
    `Stack test cannot be locked: ${empty} is empty or cut, so it does not say whose lock it is. If no update of the stack runs anywhere, remove it: rm '${empty}'`,
  );
  rmSync(empty);
  await updateStack(stack, configFile);
});
