import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, run, type CommandArgs } from '@pulumi/command/local';
import * as pulumi from '@pulumi/pulumi';
import type { PulumiFn } from '@pulumi/pulumi/automation';
import type { EngineStack } from '../engineStack';
import { engineStack } from './tools';

jest.setTimeout(120_000);

describe('local.Command', () => {
  let stack: EngineStack;
  let folder: string;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'local-command-'));
    stack = await engineStack('local-command');
  });
  afterEach(async () => {
    await stack.remove();
    rmSync(folder, { recursive: true });
  });

  /** What the commands of a test have written down, in order. */
  const journal = (): string[] =>
    existsSync(join(folder, 'journal'))
      ? readFileSync(join(folder, 'journal'), 'utf8').trimEnd().split('\n')
      : [];
  const note = (text: string): string => `echo "${text}" >> ${folder}/journal`;
  const command =
    (args: CommandArgs, opts?: pulumi.CustomResourceOptions): PulumiFn =>
    () => {
      const { stdout, stderr, id } = new Command('it', args, opts);
      return Promise.resolve({ stdout, stderr, id });
    };

  test('an input that changes runs update, one that does not runs nothing, and delete runs at the end', async () => {
    const program = (value: string): PulumiFn =>
      command({
        create: `${note('create $VALUE')}; echo created; echo quiet >&2`,
        update: `${note('update $VALUE after $PULUMI_COMMAND_STDOUT and $PULUMI_COMMAND_STDERR')}; printf 'updated\\n\\n'`,
        delete: note('delete $VALUE after $PULUMI_COMMAND_STDOUT'),
        environment: { VALUE: value },
      });
    expect((await stack.preview(program('1'))).changes).toEqual({ create: 2 });
    expect(journal()).toEqual([]);
    const first = await stack.up(program('1'));
    expect(first.outputs['stdout']).toBe('created');
    expect(first.outputs['stderr']).toBe('quiet');
    expect(first.outputs['id']).toMatch(/^it[0-9a-f]{8}$/);
    expect((await stack.up(program('1'))).changes).toEqual({ same: 2 });
    expect((await stack.preview(program('2'))).changes).toEqual({ same: 1, update: 1 });
    expect(journal()).toEqual(['create 1']);
    const second = await stack.up(program('2'));
    expect(second.changes).toEqual({ same: 1, update: 1 });
    // Only the last newline goes.
    expect(second.outputs['stdout']).toBe('updated\n');
    expect((await stack.refresh()).changes).toEqual({ same: 2 });
    await stack.destroy();
    expect(journal()).toEqual(['create 1', 'update 2 after created and quiet', 'delete 2 after updated']);
  });

  test('without update an input that changes runs create again', async () => {
    const program = (value: string): PulumiFn =>
      command({ create: note(`create ${value} after <$PULUMI_COMMAND_STDOUT>`) + '; echo out' });
    await stack.up(program('1'));
    expect((await stack.up(program('2'))).changes).toEqual({ same: 1, update: 1 });
    expect(journal()).toEqual(['create 1 after <>', 'create 2 after <out>']);
  });

  test('a trigger replaces: the new create runs, then the old delete; the other way round where that is asked for', async () => {
    const program = (trigger: string, value: string, deleteBeforeReplace: boolean): PulumiFn =>
      command(
        {
          create: note(`create ${value} after <$PULUMI_COMMAND_STDOUT>`) + '; echo out',
          update: note('update'),
          delete: note(`delete ${value}`),
          triggers: [trigger, { nested: [1] }],
        },
        { deleteBeforeReplace },
      );
    await stack.up(program('a', '1', false));
    expect((await stack.up(program('b', '2', false))).changes).toEqual({ same: 1, replace: 1 });
    await stack.up(program('c', '3', true));
    expect(journal()).toEqual([
      'create 1 after <>',
      'create 2 after <>',
      'delete 1',
      'delete 2',
      'create 3 after <>',
    ]);
  });

  test('stdin, dir, interpreter and addPreviousOutputInEnv', async () => {
    const program = (stdin: string): PulumiFn =>
      command({
        create: 'cat; pwd; echo "<$PULUMI_COMMAND_STDOUT> $0"',
        interpreter: ['/bin/bash', '-c'],
        dir: folder,
        stdin,
        addPreviousOutputInEnv: false,
      });
    expect((await stack.up(program('one\n'))).outputs['stdout']).toBe(`one\n${folder}\n<> /bin/bash`);
    expect((await stack.up(program('two\n'))).outputs['stdout']).toBe(`two\n${folder}\n<> /bin/bash`);
  });

  test('a command that fails is reported with what it printed, changes nothing in the state and is tried again', async () => {
    writeFileSync(join(folder, 'broken'), '');
    const program = (value: string): PulumiFn =>
      command({ create: `${note(value)}; echo told; echo "why" >&2; test ! -e ${folder}/broken` });
    const message = await stack.upFails(program('1'));
    expect(message).toContain('exit status 1: running "');
    expect(message).toContain('told\n');
    expect(message).toContain('why');
    expect((await stack.preview(program('1'))).changes).toEqual({ same: 1, create: 1 });
    rmSync(join(folder, 'broken'));
    await stack.up(program('1'));
    writeFileSync(join(folder, 'broken'), '');
    await stack.upFails(program('2'));
    expect((await stack.preview(program('1'))).changes).toEqual({ same: 2 });
    rmSync(join(folder, 'broken'));
    expect((await stack.up(program('2'))).changes).toEqual({ same: 1, update: 1 });
    expect(await stack.upFails(command({ create: 'kill -9 $$' }))).toContain('signal: SIGKILL: running');
    expect(await stack.upFails(command({ create: 'true', dir: `${folder}/none` }))).toContain(
      'no such file or directory',
    );
  });

  test('an input of the wrong kind is refused before anything runs', async () => {
    const message = await stack.previewFails(command({ create: 'true', logging: 'loud' as never }));
    expect(message).toContain('logging');
    expect(await stack.previewFails(command({ create: 'true', assetPaths: ['*'] }))).toContain(
      'this stand-in does not collect files',
    );
  });

  test('secrets are in neither the state nor the messages', async () => {
    const secret = 'canary-5b1c';
    const program = (more: string): PulumiFn =>
      command(
        {
          create: `${note('$TOKEN')}; echo "token $TOKEN"; ${more}`,
          environment: pulumi.secret({ TOKEN: secret }),
        },
        { additionalSecretOutputs: ['stdout'] },
      );
    const { stdout } = await stack.up(program('true'));
    expect(journal()).toEqual([secret]);
    const failed = await stack.upFails(program('false'));
    expect(failed).toContain('token [secret]');
    const stored = await stack.everythingStored();
    expect(stored).toContain('ciphertext');
    for (const text of [stdout, failed, stored]) expect(text).not.toContain(secret);
  });

  test('local.run runs at every preview and update', async () => {
    const program: PulumiFn = async () => {
      const { stdout, stderr } = await run({
        command: `${note('run $VALUE')}; cat; echo error >&2`,
        environment: { VALUE: '1' },
        stdin: 'in',
      });
      return { stdout, stderr };
    };
    await stack.preview(program);
    const { outputs } = await stack.up(program);
    expect(outputs['stdout']).toBe('in');
    expect(outputs['stderr']).toBe('error');
    expect(journal()).toEqual(['run 1', 'run 1']);
    const failing: PulumiFn = async () => ({
      message: await run({ command: 'exit 3' }).then(
        () => 'none',
        (error: unknown) => (error as Error).message,
      ),
    });
    expect((await stack.up(failing)).outputs['message']).toContain('exit status 3: running "exit 3"');
  });
});
