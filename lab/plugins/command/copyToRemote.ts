import { opendir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Client, SFTPWrapper } from 'ssh2';
import { textAt, type Asset } from '../../../plugin/properties';
import type { Connection } from './inputs';
import type { OutputLog } from './outputs';
import { withSsh } from './ssh';

/**
 * Copies a file, a text or a folder to a remote path, by the genuine provider's rules:
 *
 * | source  | path is a folder  | path is not there | path is a file  |
 * |---------|-------------------|-------------------|-----------------|
 * | `dir`   | `path/dir`        | `path/dir`        | error           |
 * | `dir/`  | its members       | its members       | error           |
 * | a file  | `path/file`       | `path`            | overwritten     |
 * | a text  | error             | `path`            | overwritten     |
 */
export async function copyToRemote(
  source: Asset,
  remotePath: string,
  connection: Connection,
  log: OutputLog,
  signal: AbortSignal,
): Promise<void> {
  await withSsh(connection, log, signal, async (client) => {
    const remote = await RemoteFiles.open(client);
    const text = textAt(source.fields, 'text');
    const local = textAt(source.fields, 'path');
    if (text !== undefined) await copyText(text, remotePath, remote);
    else if (local === undefined) {
      throw new Error('this stand-in copies texts, files and folders; install the genuine plugin for others');
    } else if ((await stat(local)).isDirectory()) await copyFolder(local, remotePath, remote);
    else await copyFile(local, remotePath, remote);
  });
}

/** Copies one file to one path, whose folder must be there. */
export async function copyFileTo(
  localPath: string,
  remotePath: string,
  connection: Connection,
  log: OutputLog,
  signal: AbortSignal,
): Promise<void> {
  const content = await readFile(localPath);
  await withSsh(connection, log, signal, async (client) => {
    await (await RemoteFiles.open(client)).write(remotePath, content);
  });
}

async function copyText(text: string, remotePath: string, remote: RemoteFiles): Promise<void> {
  if ((await remote.kind(remotePath)) === 'folder') {
    throw new Error(
      `remote path ${remotePath} is a directory; when using a text asset, remotePath must be a file path`,
    );
  }
  await remote.makeFolder(path.posix.dirname(remotePath));
  await remote.write(remotePath, Buffer.from(text));
}

async function copyFile(local: string, remotePath: string, remote: RemoteFiles): Promise<void> {
  const inFolder = (await remote.kind(remotePath)) === 'folder';
  if (!inFolder) await remote.makeFolder(path.posix.dirname(remotePath));
  await remote.write(
    inFolder ? path.posix.join(remotePath, path.basename(local)) : remotePath,
    await readFile(local),
  );
}

async function copyFolder(local: string, remotePath: string, remote: RemoteFiles): Promise<void> {
  const target = local.endsWith('/') ? remotePath : path.posix.join(remotePath, path.basename(local));
  await remote.makeFolder(target);
  for await (const entry of await opendir(local, { recursive: true })) {
    const source = path.join(entry.parentPath, entry.name);
    const copy = path.posix.join(target, path.relative(local, source));
    if (entry.isDirectory()) await remote.makeFolder(copy);
    else {
      await remote.makeFolder(path.posix.dirname(copy));
      await remote.write(copy, await readFile(source));
    }
  }
}

/** Files on the other side of a connection. */
class RemoteFiles {
  private constructor(private readonly sftp: SFTPWrapper) {}

  static async open(client: Client): Promise<RemoteFiles> {
    return new RemoteFiles(
      await new Promise((resolve, reject) => {
        client.sftp((error, sftp) => {
          if (error) reject(error);
          else resolve(sftp);
        });
      }),
    );
  }

  async kind(remotePath: string): Promise<'folder' | 'file' | 'missing'> {
    return await new Promise((resolve, reject) => {
      this.sftp.stat(remotePath, (error: (Error & { code?: number }) | undefined, stats) => {
        if (!error) resolve(stats.isDirectory() ? 'folder' : 'file');
        else if (error.code === NO_SUCH_FILE) resolve('missing');
        else reject(new Error(`failed to stat remote path ${remotePath}: ${error.message}`));
      });
    });
  }

  /** Makes a folder and those above it. */
  async makeFolder(remotePath: string): Promise<void> {
    const kind = await this.kind(remotePath);
    if (kind === 'folder') return;
    if (kind === 'file') throw new Error(`remote path ${remotePath} exists but is not a directory`);
    await this.makeFolder(path.posix.dirname(remotePath));
    try {
      await promisify(this.sftp.mkdir.bind(this.sftp) as MakeFolder)(remotePath);
    } catch (error) {
      throw new Error(`failed to create remote directory ${remotePath}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  async write(remotePath: string, content: Buffer): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.sftp.writeFile(remotePath, content, (error) => {
        if (error) reject(new Error(`failed to write to remote path ${remotePath}: ${error.message}`));
        else resolve();
      });
    });
  }
}

type MakeFolder = (remotePath: string, done: (error?: Error | null) => void) => void;

/** SSH_FX_NO_SUCH_FILE of the SFTP protocol. */
const NO_SUCH_FILE = 2;
