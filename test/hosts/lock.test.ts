import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from '@pulumi/command/local';
import type { PulumiFn, Stack } from '@pulumi/pulumi/automation';
import { pendingCreates } from '../../driver/engine/pendingOperations';
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

const madeAgain = 'was being made when an update was killed, and was made again: command:local:Command first';

/** Kills Pulumi while it makes a resource, which takes so many seconds the next time. */
async function killedWhileMaking(journal: string): Promise<void> {
  const program =
    (seconds: number): PulumiFn =>
    () => {
      new Command('first', { create: `echo made >> ${journal}; exec sleep ${seconds}` });
      return Promise.resolve();
    };
  current.program = program(30);
  const failed = updateStack(stack, configFile).catch((error: unknown) => error);
  while (!existsSync(journal)) await sleep(50);
  const { pid } = JSON.parse(readFileSync(join(locks, lockFiles()[0] ?? ''), 'utf8')) as { pid: number };
  process.kill(pid, 'SIGKILL');
  expect(await failed).toBeInstanceOf(Error);
  expect(pendingCreates(await stack.exportStack())).toHaveLength(1);
  current.program = program(0);
}

test('what was being made when the update was killed is made again, and no longer pending', async () => {
  const journal = join(folder, 'journal');
  await killedWhileMaking(journal);
  const { notes, changes } = await updateStack(stack, configFile);
  expect(notes).toEqual([expect.stringMatching(/^took over the lock of /), madeAgain]);
  expect(changes.map(({ operation, resource }) => `${operation} ${resource}`)).toEqual([
    'create Command first',
  ]);
  expect(pendingCreates(await stack.exportStack())).toEqual([]);
  expect(readFileSync(journal, 'utf8')).toBe('made\nmade\n');
});

test('what could be there twice then is named, with the one thing to do, and nothing is taken over', async () => {
  const journal = join(folder, 'journal');
  await killedWhileMaking(journal);
  const state = join(folder, '.pulumi/stacks/lock/test.json');
  // As if it were a machine somewhere.
  const text = readFileSync(state, 'utf8');
  writeFileSync(state, text.replaceAll('command:local:Command', 'aws:ec2/instance:Instance'));
  for (const time of [1, 2]) {
    const refused = await updateStack(stack, configFile).catch((error: unknown) => error);
    expect([time, (refused as Error).message]).toEqual([
      time,
      expect.stringMatching(
        /^Stack test: an update was killed while it made aws:ec2\/instance:Instance first, .*`rm '.*\.json' && pulumi refresh --stack test`.* Nothing was changed\.$/,
      ),
    ]);
  }
  expect(lockFiles()).toHaveLength(1);
  expect(readFileSync(journal, 'utf8')).toBe('made\n');
});

test('the same where a person has taken the lock away', async () => {
  await killedWhileMaking(join(folder, 'journal'));
  for (const name of lockFiles()) rmSync(join(locks, name));
  expect((await updateStack(stack, configFile)).notes).toEqual([madeAgain]);
  expect(pendingCreates(await stack.exportStack())).toEqual([]);
  expect((await updateStack(stack, configFile)).notes).toEqual([]);
});
