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
  const ended = updateStack(stack, configFile, [], cancel.signal).catch((error: unknown) => error);
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
  await expect(updateStack(stack, configFile, [], AbortSignal.abort(reason))).rejects.toBe(reason);
  expect(journal()).toBe('');
});
