import { setTimeout as sleep } from 'node:timers/promises';
import type { Duplex } from 'node:stream';
import { Client, utils, type AuthenticationType, type ConnectConfig } from 'ssh2';
import type { Connection, Endpoint } from './inputs';
import type { OutputLog } from './outputs';

/** The genuine provider's back-off between attempts, in milliseconds. */
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5000;
const DELAY_FACTOR = 1.5;

/**
 * How often a server that says nothing is asked whether it is there, in ms, and how many questions may stay open: a
 * connection that is cut without a word is given up after 25 s. The genuine provider leaves that to TCP.
 */
const KEEPALIVE = { keepaliveInterval: 5000, keepaliveCountMax: 4 };

/**
 * Runs work over an ssh connection, by way of its proxy where it has one, and closes it afterwards.
 * @throws Error of the last attempt, when as many have failed as the connection allows
 */
export async function withSsh<T>(
  connection: Connection,
  log: OutputLog,
  signal: AbortSignal,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const { proxy } = connection;
  if (!proxy) return await withClient(connection, 'Dial', undefined, log, signal, work);
  return await withClient(proxy, 'Dial proxy', undefined, log, signal, (bastion) =>
    withClient(connection, 'Dial', () => forward(bastion, connection), log, signal, work),
  );
}

async function withClient<T>(
  endpoint: Endpoint,
  what: string,
  tunnel: (() => Promise<Duplex>) | undefined,
  log: OutputLog,
  signal: AbortSignal,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const config = connectConfig(endpoint);
  const client = await retried(what, endpoint.dialErrorLimit, log, signal, async () =>
    dial(tunnel ? { ...config, sock: await tunnel() } : config),
  );
  // What is under way fails with the connection, not the whole plugin.
  client.on('error', () => undefined);
  const cancel = (): void => {
    client.destroy();
  };
  signal.addEventListener('abort', cancel);
  try {
    return await work(client);
  } finally {
    signal.removeEventListener('abort', cancel);
    client.end();
  }
}

async function retried<T>(
  what: string,
  limit: number,
  log: OutputLog,
  signal: AbortSignal,
  attempt: () => Promise<T>,
): Promise<T> {
  let delayMs = FIRST_DELAY_MS;
  for (let failures = 0; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (limit >= 0 && failures >= limit) {
        throw new Error(`after ${failures} failed attempts: ${reason}`, { cause: error });
      }
      log.line(`${what} ${failures + 1}/${limit < 0 ? 'inf' : limit} failed: retrying`);
      await sleep(delayMs, undefined, { signal });
      delayMs = Math.min(delayMs * DELAY_FACTOR, MAX_DELAY_MS);
    }
  }
}

function dial(config: ConnectConfig): Promise<Client> {
  const client = new Client();
  return new Promise((resolve, reject) => {
    client
      .on('ready', () => {
        resolve(client);
      })
      .on('error', (error) => {
        // In the genuine provider's words, which the library puts otherwise.
        const mismatch = error.message.includes('verification failed');
        reject(
          mismatch ? new Error('ssh: handshake failed: ssh: host key mismatch', { cause: error }) : error,
        );
      })
      .on('keyboard-interactive', (_name, _instructions, _language, prompts, finish) => {
        finish(prompts.map(() => config.password ?? ''));
      })
      .connect(config);
  });
}

function forward(bastion: Client, { host, port }: Endpoint): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    bastion.forwardOut('127.0.0.1', 0, host, port, (error, stream) => {
      if (error) reject(error);
      else resolve(stream);
    });
  });
}

/** @throws Error where a key cannot be read */
function connectConfig(endpoint: Endpoint): ConnectConfig {
  const { privateKey, password, privateKeyPassword } = endpoint;
  if (privateKey !== undefined) parsedKey(privateKey, privateKeyPassword, 'private key');
  const agent = endpoint.agentSocketPath ?? process.env['SSH_AUTH_SOCK'];
  const methods: AuthenticationType[] = ['none'];
  if (privateKey !== undefined) methods.push('publickey');
  if (password !== undefined) methods.push('password', 'keyboard-interactive');
  if (agent) methods.push('agent');
  return {
    host: endpoint.host,
    port: endpoint.port,
    username: endpoint.user,
    readyTimeout: endpoint.perDialTimeout * 1000,
    ...KEEPALIVE,
    authHandler: methods,
    tryKeyboard: password !== undefined,
    ...(privateKey === undefined ? {} : { privateKey }),
    ...(privateKeyPassword === undefined ? {} : { passphrase: privateKeyPassword }),
    ...(password === undefined ? {} : { password }),
    ...(agent ? { agent } : {}),
    ...(endpoint.hostKey === undefined ? {} : pinned(endpoint.hostKey)),
  };
}

/** Only a server that has this key is talked to. */
function pinned(hostKey: string): Pick<ConnectConfig, 'hostVerifier' | 'algorithms'> {
  const key = parsedKey(hostKey, undefined, 'host key');
  const expected = key.getPublicSSH();
  return {
    hostVerifier: (presented: Buffer) => presented.equals(expected),
    // An RSA key signs in newer ways too.
    algorithms: {
      serverHostKey: key.type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'] : [key.type],
    },
  };
}

function parsedKey(
  text: string,
  passphrase: string | undefined,
  what: string,
): Exclude<ReturnType<typeof utils.parseKey>, Error> {
  const key = utils.parseKey(text, passphrase);
  if (key instanceof Error) throw new Error(`failed to parse ${what}: ${key.message}`);
  return key;
}
