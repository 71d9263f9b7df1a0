import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { PulumiFn } from '@pulumi/pulumi/automation';
import { hostCommand } from '../../components/host/host';
import { knownHostKey } from '../../components/host/knownHosts';
import { remedyForHostKey } from '../../driver/engine/update';
import type { EngineStack } from '../engineStack';
import { freePort, SshServer } from './sshServer';
import { engineStack } from './tools';

jest.setTimeout(120_000);

let server: SshServer;
let stack: EngineStack;
let folder: string;
let knownHosts: string;
beforeAll(async () => {
  server = await SshServer.start('NOTHING');
});
afterAll(async () => {
  await server.stop();
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'host-keys-'));
  knownHosts = join(folder, '.ssh', 'known_hosts');
  process.env['CASPER_KNOWN_HOSTS'] = knownHosts;
  stack = await engineStack('host-keys');
});
afterEach(async () => {
  delete process.env['CASPER_KNOWN_HOSTS'];
  await stack.remove();
  rmSync(folder, { recursive: true });
});

const typeAndKey = (text: string): string => text.split(' ').slice(0, 2).join(' ');

const program = (): PulumiFn => () => {
  const { host, port, privateKey } = server.connection;
  const there = { name: 'there', connection: { host, port, privateKey } };
  const command = hostCommand('it', there, { create: `id -un > ${folder}/ran`, stdin: 'x' }, {});
  return Promise.resolve({ urn: command.urn });
};

test('the first key is recorded and told, the second update takes it, and who runs Pulumi gets in', async () => {
  const { stdout } = await stack.up(program());
  expect(readFileSync(join(folder, 'ran'), 'utf8').trim()).toBe(userInfo().username);
  expect(readFileSync(knownHosts, 'utf8')).toBe(`[127.0.0.1]:${server.port} ${typeAndKey(server.hostKey)}\n`);
  expect(statSync(knownHosts).mode & 0o777).toBe(0o600);
  expect(stdout).toMatch(/was not known: its key, SHA256:\S+, stands in .*known_hosts now/);
  expect((await stack.preview(program())).changes).toEqual({ same: 2 });
  // As ssh's own tool reads it.
  execFileSync('ssh-keygen', ['-F', `[127.0.0.1]:${server.port}`, '-f', knownHosts]);
});

test('another key than the recorded one is refused before anything is sent', async () => {
  mkdirSync(join(folder, '.ssh'));
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'other')]);
  const other = typeAndKey(readFileSync(join(folder, 'other.pub'), 'utf8'));
  writeFileSync(knownHosts, `[127.0.0.1]:${server.port} ${other}\n`);
  const message = await stack.upFails(program());
  expect(message).toContain('host key mismatch');
  expect(remedyForHostKey(message)).toContain('ssh-keygen -R ADDRESS');
  expect(() => statSync(join(folder, 'ran'))).toThrow('ENOENT');
  expect(readFileSync(knownHosts, 'utf8')).toBe(`[127.0.0.1]:${server.port} ${other}\n`);
});

test('a host that nobody knows and that does not answer is named, and nothing is recorded', async () => {
  const port = await freePort();
  await expect(knownHostKey('127.0.0.1', port)).rejects.toThrow(
    `[127.0.0.1]:${port} has no key in ${knownHosts}, and does not show one (Error: connect ECONNREFUSED`,
  );
  expect(existsSync(knownHosts)).toBe(false);
});
