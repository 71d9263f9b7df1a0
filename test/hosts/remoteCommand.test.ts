import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, CopyToRemote, type CommandArgs, type CopyToRemoteArgs } from '@pulumi/command/remote';
import * as pulumi from '@pulumi/pulumi';
import type { PulumiFn } from '@pulumi/pulumi/automation';
import type { EngineStack } from '../engineStack';
import { freePort, SshServer } from './sshServer';
import { engineStack } from './tools';

jest.setTimeout(120_000);

describe('over ssh', () => {
  let server: SshServer;
  let stack: EngineStack;
  let folder: string;
  beforeAll(async () => {
    server = await SshServer.start('ALLOWED PULUMI_COMMAND_STDOUT');
  });
  afterAll(async () => {
    await server.stop();
  });
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'remote-command-'));
    stack = await engineStack('remote-command');
  });
  afterEach(async () => {
    await stack.remove();
    rmSync(folder, { recursive: true });
  });

  const command =
    (
      args: Omit<CommandArgs, 'connection'>,
      connection: CommandArgs['connection'] = server.connection,
    ): PulumiFn =>
    () => {
      const { stdout, stderr } = new Command('it', { connection, ...args });
      return Promise.resolve({ stdout, stderr });
    };

  test('create, update and delete run on the host, with variables, input and the output before', async () => {
    const program = (value: string): PulumiFn =>
      command({
        create: 'cat; echo "$ALLOWED $SSH_CONNECTION"; echo quiet >&2',
        update: `echo "$ALLOWED after $PULUMI_COMMAND_STDOUT" | tee ${folder}/update`,
        delete: `echo "gone after $PULUMI_COMMAND_STDOUT" > ${folder}/delete`,
        environment: { ALLOWED: value },
        stdin: 'in ',
      });
    const first = await stack.up(program('one'));
    expect(first.outputs['stdout']).toContain('in one 127.0.0.1 ');
    expect(first.outputs['stderr']).toBe('quiet');
    expect((await stack.preview(program('one'))).changes).toEqual({ same: 2 });
    const second = await stack.up(program('two'));
    expect(second.outputs['stdout']).toContain('two after in one');
    // The server does not accept the other one; that is said, and no reason to fail.
    expect(second.stdout).toContain("Unable to set 'PULUMI_COMMAND_STDERR'");
    await stack.destroy();
    expect(readFileSync(join(folder, 'delete'), 'utf8')).toContain('gone after two after');
    expect(await stack.everythingStored()).not.toContain('OPENSSH PRIVATE KEY');
  });

  test('a command that fails says how, and a variable that the server does not accept is named', async () => {
    const failed = await stack.upFails(command({ create: 'echo told; echo why >&2; exit 3' }));
    expect(failed).toContain('Process exited with status 3: running "');
    expect(failed).toContain('told\n');
    expect(failed).toContain('why');
    const refused = await stack.upFails(command({ create: 'true', environment: { REFUSED: '1' } }));
    expect(refused).toContain('could not set environment variable "REFUSED"');
    expect(refused).toContain('AcceptEnv');
    expect(await stack.upFails(command({ create: 'kill -9 $$' }))).toContain('signal: ');
  });

  test('a locked key, a pinned host key, a bastion', async () => {
    const { connection } = server;
    const ways: CommandArgs['connection'][] = [
      { ...connection, privateKey: server.key('locked'), privateKeyPassword: SshServer.passphrase },
      { ...connection, hostKey: server.hostKey },
      { ...connection, proxy: connection },
    ];
    for (const way of ways) {
      expect((await stack.up(command({ create: 'echo in' }, way))).outputs['stdout']).toBe('in');
    }
  });

  test('who cannot get in is told so after the attempts that are allowed', async () => {
    const { connection } = server;
    const nobody = await freePort();
    const refused = (way: CommandArgs['connection']): Promise<string> =>
      stack.upFails(command({ create: 'true' }, way));
    expect(await refused({ ...connection, port: nobody })).toMatch(
      /after 1 failed attempts: connect ECONNREFUSED 127\.0\.0\.1/,
    );
    expect(await refused({ ...connection, privateKey: 'no key' })).toContain('failed to parse private key');
    expect(await refused({ ...connection, privateKey: server.key('locked') })).toContain(
      'failed to parse private key',
    );
    const otherKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2jW5q1yXv0mBq8X1c3rGQm0K4vJ4nq5O0u8bFqQWJv';
    expect(await refused({ ...connection, hostKey: otherKey })).toContain('after 1 failed attempts');
  });

  test('a server that hangs without a word is given up, whatever the command would have taken', async () => {
    const pids = (): number[] => readFileSync(join(folder, 'pids'), 'utf8').trim().split(' ').map(Number);
    const failed = stack.upFails(command({ create: `echo $PPID $$ > ${folder}/pids; exec sleep 300` }));
    while (!existsSync(join(folder, 'pids')) || pids().length < 2) await sleep(50);
    const [session = 0, running = 0] = pids();
    process.kill(session, 'SIGSTOP');
    const begun = performance.now();
    expect(await failed).toContain('the connection was lost');
    expect((performance.now() - begun) / 1000).toBeLessThan(45);
    for (const pid of [session, running]) process.kill(pid, 'SIGKILL');
  });

  test('a command ends at the time that its resource has', async () => {
    const program: PulumiFn = () => {
      const opts = { customTimeouts: { create: '2s' } };
      new Command('it', { connection: server.connection, create: 'exec sleep 30' }, opts);
      return Promise.resolve();
    };
    expect(await stack.upFails(program)).toContain(
      'ended after 2 s (customTimeouts): the connection was lost',
    );
  });

  test('CopyToRemote: texts, files and folders, and only what changed', async () => {
    const remotePath = join(folder, 'remote');
    const copy =
      (source: CopyToRemoteArgs['source'], to = remotePath): PulumiFn =>
      () => {
        new CopyToRemote('it', { connection: server.connection, source, remotePath: to });
        return Promise.resolve();
      };
    const text = (value: string): PulumiFn =>
      copy(new pulumi.asset.StringAsset(value), `${remotePath}/deep/text`);
    await stack.up(text('one'));
    expect(readFileSync(`${remotePath}/deep/text`, 'utf8')).toBe('one');
    rmSync(`${remotePath}/deep/text`);
    expect((await stack.up(text('one'))).changes).toEqual({ same: 2 });
    expect(existsSync(`${remotePath}/deep/text`)).toBe(false);
    expect((await stack.up(text('two'))).changes).toEqual({ same: 1, update: 1 });
    expect(readFileSync(`${remotePath}/deep/text`, 'utf8')).toBe('two');

    mkdirSync(`${folder}/local/sub`, { recursive: true });
    writeFileSync(`${folder}/local/sub/file`, 'from a folder');
    const file = new pulumi.asset.FileAsset(`${folder}/local/sub/file`);
    await stack.up(copy(file));
    expect(readFileSync(`${remotePath}/file`, 'utf8')).toBe('from a folder');
    await stack.up(copy(new pulumi.asset.FileArchive(`${folder}/local`)));
    expect(readFileSync(`${remotePath}/local/sub/file`, 'utf8')).toBe('from a folder');
    await stack.up(copy(new pulumi.asset.FileArchive(`${folder}/local/`), `${remotePath}/members`));
    expect(readFileSync(`${remotePath}/members/sub/file`, 'utf8')).toBe('from a folder');
    expect(await stack.upFails(copy(new pulumi.asset.StringAsset('x')))).toContain(
      'when using a text asset, remotePath must be a file path',
    );
    await stack.destroy();
    expect(existsSync(`${remotePath}/file`)).toBe(true);
  });
});
