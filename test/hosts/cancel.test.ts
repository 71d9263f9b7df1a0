import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from '@pulumi/command/local';
import type { PulumiFn, Stack } from '@pulumi/pulumi/automation';
import { StoppedError } from '../../driver/stoppedError';
import { updateStack } from '../../driver/engine/update';
import { OpenStack } from './openStack';
import { toolsOnPath } from './tools';

jest.setTimeout(120_000);

let stack: Stack;
let folder: string;
let configFile: string;
let current: { program: PulumiFn };
beforeEach(async () => {
  toolsOnPath();
  ({ stack, folder, current } = await OpenStack.opened('cancel'));
  configFile = join(folder, 'Pulumi.test.yaml');
  writeFileSync(configFile, 'config: {}\n');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const locks = (): string[] => {
  try {
    const place = join(folder, '.pulumi/locks/organization/cancel/test');
    return readdirSync(place).map((name) => join(place, name));
  } catch {
    return [];
  }
};

const journal = (): string => {
  try {
    return readFileSync(join(folder, 'journal'), 'utf8');
  } catch {
    return '';
  }
};

/** A first step that takes its time, and one after it. */
const program = (seconds: number): PulumiFn => {
  return () => {
    const first = new Command('first', { create: `echo first >> ${folder}/journal; exec sleep ${seconds}` });
    new Command('second', { create: `echo second >> ${folder}/journal` }, { dependsOn: first });
    return Promise.resolve();
  };
};

test('an update that is cancelled leaves no lock and no pending operation, and the next one goes on', async () => {
  current.program = program(60);
  const cancel = new AbortController();
  const ended = updateStack(stack, configFile, [], { cancelled: cancel.signal }).catch(
    (error: unknown) => error,
  );
  while (!journal().includes('first')) await sleep(50);
  const [lock = ''] = locks();
  const { pid } = JSON.parse(readFileSync(lock, 'utf8')) as { pid: number };
  // Its group and its session are its own: what a terminal sends to casper's does not reach it.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  expect([fields[2], fields[3]]).toEqual([String(pid), String(pid)]);
  const begun = performance.now();
  cancel.abort(new StoppedError('SIGINT'));
  expect(await ended).toEqual(new StoppedError('SIGINT'));
  expect(performance.now() - begun).toBeLessThan(50_000);
  expect(locks()).toEqual([]);
  const { deployment } = (await stack.exportStack()) as { deployment: { pending_operations?: unknown[] } };
  expect(deployment.pending_operations ?? []).toEqual([]);
  expect(journal()).toBe('first\n');

  current.program = program(0);
  const { changes } = await updateStack(stack, configFile);
  expect(changes.map(({ operation }) => operation)).toContain('create');
  expect(journal()).toBe('first\nfirst\nsecond\n');
});

test('before it has begun it is not begun', async () => {
  current.program = program(0);
  const reason = new StoppedError('SIGTERM');
  const cancelled = AbortSignal.abort(reason);
  await expect(updateStack(stack, configFile, [], { cancelled })).rejects.toBe(reason);
  expect(journal()).toBe('');
});

test('an update that does not end is cancelled at its bound, in words that name what it waited for', async () => {
  current.program = program(600);
  const begun = performance.now();
  await expect(updateStack(stack, configFile, [], { withinSeconds: 25 })).rejects.toThrow(
    /^pulumi up of stack test did not end within 25 s, and was cancelled: it waited for Command first\. .*casper:service\.updateTimeoutSeconds.*the next apply goes on/,
  );
  expect(performance.now() - begun).toBeLessThan(85_000);
  expect(locks()).toEqual([]);
  const { deployment } = (await stack.exportStack()) as { deployment: { pending_operations?: unknown[] } };
  expect(deployment.pending_operations ?? []).toEqual([]);
  current.program = program(0);
  await updateStack(stack, configFile);
  expect(journal()).toBe('first\nfirst\nsecond\n');
});

test('one that does not even end when it is told to is killed with all that it has started', async () => {
  rmSync(folder, { recursive: true });
  ({ stack, folder, current } = await OpenStack.opened('cancel', 5));
  configFile = join(folder, 'Pulumi.test.yaml');
  writeFileSync(configFile, 'config: {}\n');
  current.program = program(600);
  const ended = updateStack(stack, configFile, [], { withinSeconds: 25 }).catch((error: unknown) => error);
  while (!journal().includes('first')) await sleep(50);
  const { pid } = JSON.parse(readFileSync(locks()[0] ?? '', 'utf8')) as { pid: number };
  process.kill(pid, 'SIGSTOP');
  expect(String(await ended)).toContain('did not end within 25 s');
  const left = execFileSync('ps', ['-e', '-o', 'sid=', '-o', 'stat=', '-o', 'args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.trim().startsWith(`${pid} `) && !/^ *\d+ Z/.test(line));
  expect(left).toEqual([]);
  current.program = program(0);
  const { notes } = await updateStack(stack, configFile);
  expect(notes[0]).toMatch(new RegExp(`^took over the lock of process ${pid} of `));
});
