import { createHash, createHmac } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { log, RunError } from '@pulumi/pulumi';

/** A host whose key is not known and cannot be asked for; the message names host, file and remedy. */
export class HostKeyError extends RunError {
  override readonly name = 'HostKeyError';
}

/** How long a host may take to show its key, in ms. */
const answerWithinMs = 15_000;

/** The best first, where a file has several of a host. */
const keyTypes = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-rsa',
];

/** Keys by file and host: all commands of a program on one host ask once. */
const asked = new Map<string, Promise<string>>();

/**
 * The key that a host must show, as type and key. It is the one that the user's known_hosts file has, as of ssh itself;
 * of a host that is not in there it is asked for and recorded, as `ssh -o StrictHostKeyChecking=accept-new` does.
 * @throws HostKeyError where it is not known and the host does not answer
 */
export function knownHostKey(host: string, port: number, file = knownHostsFile()): Promise<string> {
  const name = port === 22 ? host : `[${host}]:${port}`;
  const id = `${file} ${name}`;
  const found = asked.get(id) ?? keyOf(host, port, name, file);
  asked.set(id, found);
  return found;
}

function knownHostsFile(): string {
  return process.env['CASPER_KNOWN_HOSTS'] ?? join(homedir(), '.ssh', 'known_hosts');
}

async function keyOf(host: string, port: number, name: string, file: string): Promise<string> {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const known = keyIn(text, name);
  if (known !== undefined) return known;
  const shown = await shownKey(host, port).catch((error: unknown) => {
    throw new HostKeyError(
      `${name} has no key in ${file}, and does not show one (${String(error)}); ` +
        'see that it answers, or give its key in casper:hosts (ssh.hostKey)',
    );
  });
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const separator = text === '' || text.endsWith('\n') ? '' : '\n';
  appendFileSync(file, `${separator}${name} ${shown}\n`, { mode: 0o600 });
  await log.info(
    `${name} was not known: its key, ${fingerprintOf(shown)}, stands in ${file} now, and no other is taken from here on; ` +
      'compare it with the output of `ssh-keygen -l` on the host',
  );
  return shown;
}

/** The best key that the text of a known_hosts file has of a host; undefined where it has none. Pure. */
export function keyIn(text: string, name: string): string | undefined {
  const keys = text.split(/\r?\n/).flatMap((line) => {
    const [hosts = '', type = '', key = ''] = line.trim().split(/\s+/);
    // Lines with a marker are of authorities and of keys that are taken back.
    return keyTypes.includes(type) && key !== '' && isNamed(hosts, name) ? [{ type, key }] : [];
  });
  const [best] = keys.sort((a, b) => keyTypes.indexOf(a.type) - keyTypes.indexOf(b.type));
  return best && `${best.type} ${best.key}`;
}

function isNamed(hosts: string, name: string): boolean {
  const [, salt, hash] = /^\|1\|([^|]+)\|([^|]+)$/.exec(hosts) ?? [];
  if (salt !== undefined) {
    return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
  }
  const patterns = hosts.split(',');
  const matches = (pattern: string): boolean => {
    const source = pattern
      .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.');
    return new RegExp(`^${source}$`, 'i').test(name);
  };
  if (patterns.some((pattern) => pattern.startsWith('!') && matches(pattern.slice(1)))) return false;
  return patterns.some(matches);
}

/** The key that a host shows to whoever connects. The library is loaded for a host that is not known alone. */
async function shownKey(host: string, port: number): Promise<string> {
  const { Client } = await import('ssh2');
  const client = new Client();
  try {
    return await new Promise<string>((resolve, reject) => {
      client.on('error', reject);
      client.on('close', () => {
        reject(new Error('it closed the connection'));
      });
      client.connect({
        ...{ host, port, username: 'nobody', readyTimeout: answerWithinMs },
        hostVerifier: (key: Buffer) => {
          const type = key.subarray(4, 4 + key.readUInt32BE(0)).toString();
          resolve(`${type} ${key.toString('base64')}`);
          // That is all there is to do there.
          return false;
        },
      });
    });
  } finally {
    client.destroy();
  }
}

function fingerprintOf(key: string): string {
  const bytes = Buffer.from(key.split(' ')[1] ?? '', 'base64');
  return `SHA256:${createHash('sha256').update(bytes).digest('base64').replace(/=+$/, '')}`;
}
