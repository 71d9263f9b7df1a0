import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { debianProgram } from './tools';

/** sshd changes into it for its children; Debian's service makes it. */
const PRIVILEGE_SEPARATION = '/run/sshd';

/** Below the ports that the system gives out by itself, so that none of those is taken meanwhile. */
const FIRST_PORT = 20_000;
const PORTS = 10_000;
let nextPort = process.pid % PORTS;

/** A port of this machine that nobody listens on, another one each time. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + (nextPort++ % PORTS);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => {
        resolve(false);
      });
      server.listen(port, '127.0.0.1', () => {
        resolve(true);
      });
    });
    await new Promise((resolve) => server.close(resolve));
    if (free) return port;
  }
}

/** A real sshd on loopback, with keys and configuration of its own; it lets root in, by a key made for it. */
export class SshServer {
  private constructor(
    private readonly folder: string,
    private readonly daemon: ChildProcess,
    public readonly port: number,
  ) {}

  /** @param acceptEnv variables that clients may set, as in sshd_config */
  static async start(acceptEnv: string): Promise<SshServer> {
    if (process.getuid?.() !== 0) throw new Error('sshd lets root in here: run these tests as root');
    const sshd = debianProgram('/usr/sbin/sshd', 'openssh-server');
    const folder = mkdtempSync(join(tmpdir(), 'sshd-'));
    if (!existsSync(PRIVILEGE_SEPARATION)) mkdirSync(PRIVILEGE_SEPARATION);
    const key = (name: string, passphrase = ''): void => {
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-f', join(folder, name)]);
    };
    key('host');
    key('client');
    key('locked', SshServer.passphrase);
    const authorized = ['client', 'locked'].map((name) => readFileSync(join(folder, `${name}.pub`), 'utf8'));
    writeFileSync(join(folder, 'authorized_keys'), authorized.join(''), { mode: 0o600 });
    const port = await freePort();
    const config = [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${join(folder, 'host')}`,
      `PidFile ${join(folder, 'pid')}`,
      `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
      // The folder lies in /tmp, which everybody may write to.
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'PermitRootLogin prohibit-password',
      'MaxStartups 100',
      'Subsystem sftp internal-sftp',
      `AcceptEnv ${acceptEnv}`,
    ];
    writeFileSync(join(folder, 'sshd_config'), `${config.join('\n')}\n`);
    const daemon = spawn(sshd, ['-D', '-e', '-f', join(folder, 'sshd_config')], { stdio: 'ignore' });
    const server = new SshServer(folder, daemon, port);
    await server.answers();
    return server;
  }

  static readonly passphrase = 'a passphrase';

  /** How to get in; spread it and change what a test is about. */
  get connection(): { host: string; port: number; user: string; privateKey: string; dialErrorLimit: number } {
    return {
      host: '127.0.0.1',
      port: this.port,
      user: 'root',
      privateKey: this.key('client'),
      dialErrorLimit: 1,
    };
  }

  get hostKey(): string {
    return readFileSync(join(this.folder, 'host.pub'), 'utf8').trim();
  }

  key(name: 'client' | 'locked'): string {
    return readFileSync(join(this.folder, name), 'utf8');
  }

  keyFile(name: 'client' | 'locked'): string {
    return join(this.folder, name);
  }

  async stop(): Promise<void> {
    const ended = once(this.daemon, 'exit');
    this.daemon.kill();
    // It removes its own file first.
    await ended;
    rmSync(this.folder, { recursive: true });
  }

  private async answers(): Promise<void> {
    for (let attempt = 0; attempt < 100; attempt++) {
      if (this.daemon.exitCode !== null) throw new Error(`sshd ended with ${this.daemon.exitCode}`);
      const open = await new Promise<boolean>((resolve) => {
        const socket = connect(this.port, '127.0.0.1', () => {
          socket.destroy();
          resolve(true);
        });
        socket.on('error', () => {
          resolve(false);
        });
      });
      if (open) return;
      await sleep(50);
    }
    throw new Error('sshd does not listen');
  }
}
