import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { faultOfPrometheus, hasDied } from '../../../driver/verify/prometheus';
import { CertificateAuthority } from '../../../lab/cluster/certificates';
import { rawSamples } from '../../../observe/prometheus';
import { prometheusAt } from '../../../observe/prometheusAccess';
import { watcherOf, type Watcher } from '../../../stack/requestPath';
import { StackConfigError } from '../../../stack/stackConfig';
import { closedPort, startServer, stopServers } from '../loopbackServer';

const password = 'canary-of-a-password';
const environment = { CASPER_PROMETHEUS_PASSWORD: password };

let folder: string;
let authority: CertificateAuthority;
let stranger: CertificateAuthority;
let server: Server;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'casper-prometheus-access-'));
  authority = await CertificateAuthority.create('authority', folder);
  stranger = await CertificateAuthority.create('stranger', folder);
  const own = await authority.issue({
    name: 'prometheus',
    commonName: 'prometheus',
    addresses: ['127.0.0.1'],
  });
  // As Prometheus does: who does not give the user and the password gets 401, whatever is asked.
  server = createServer({ key: own.key, cert: own.certificate }, (request, response) => {
    const expected = `Basic ${Buffer.from(`casper:${password}`).toString('base64')}`;
    response.statusCode = request.headers.authorization === expected ? 200 : 401;
    response.end(
      response.statusCode === 401
        ? 'Unauthorized\n'
        : '{"status":"success","data":{"resultType":"matrix","result":[]}}',
    );
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  rmSync(folder, { recursive: true });
});
afterEach(stopServers);

interface Guard {
  readonly authorityFile?: string;
  readonly user?: string;
  readonly port?: number;
}

const hostsWith = ({ authorityFile = authority.file, user = 'casper', port }: Guard = {}) => [
  {
    ...{ name: 'watcher', address: '127.0.0.1', folder: '/var/lib/casper' },
    prometheus: {
      ...{ program: '/usr/bin/prometheus', scrapeIntervalSeconds: 1 },
      port: port ?? (server.address() as AddressInfo).port,
      tls: { certificateFile: '/etc/prometheus/tls.crt', keyFile: '/etc/prometheus/tls.key', authorityFile },
      login: { user, passwordVariable: 'CASPER_PROMETHEUS_PASSWORD' },
    },
  },
];

function watcher(guard?: Guard): Watcher {
  const found = watcherOf({ hosts: hostsWith(guard) });
  if (!found) throw new Error('no watcher');
  return found;
}

/** The message of a query that must fail. */
async function refusal(guard: Guard, variables: Record<string, string> = environment): Promise<string> {
  const error: unknown = await rawSamples(prometheusAt(watcher(guard), variables), 'up', 1000).then(
    () => new Error('it should have been refused'),
    (reason: unknown) => reason,
  );
  return String(error);
}

test('with the authority, the user and the password it is read', async () => {
  expect(await rawSamples(prometheusAt(watcher(), environment), 'up', 1000)).toEqual([]);
});

test('a wrong password, a wrong user, and none at all are told, and no message has the password', async () => {
  const said = `PrometheusError: ${watcher().url} refuses the user and the password, or wants them and was given none`;
  const wrong = await refusal({}, { CASPER_PROMETHEUS_PASSWORD: 'another-password' });
  expect(wrong).toContain(said);
  expect(wrong).not.toContain('another-password');
  expect(await refusal({ user: 'somebody' })).toContain(said);
  const open = { url: watcher().url, authority: authority.pem };
  await expect(rawSamples(open, 'up', 1000)).rejects.toThrow('casper:hosts[].prometheus.login');
});

test('a certificate that somebody else has signed, and one for another address, send no password', async () => {
  expect(await refusal({ authorityFile: stranger.file })).toMatch(
    /shows a certificate that is not trusted: UNABLE_TO_VERIFY_LEAF_SIGNATURE; name who has signed it in casper:hosts\[\]\.prometheus\.tls\.authorityFile/,
  );
  const named = { ...watcher(), url: watcher().url.replace('127.0.0.1', 'localhost') };
  await expect(rawSamples(prometheusAt(named, environment), 'up', 1000)).rejects.toThrow(
    'ERR_TLS_CERT_ALTNAME_INVALID',
  );
});

test('a server without TLS gets no password either', async () => {
  const plain = await startServer();
  const port = Number(new URL(plain.url).port);
  expect(await refusal({ port })).toMatch(/No Prometheus answers at https:/);
  expect(plain.requests).toEqual([]);
});

test.each([
  [
    'is not set',
    {},
    /needs the environment variable CASPER_PROMETHEUS_PASSWORD, which is not set; export it/,
  ],
  ['is empty', { CASPER_PROMETHEUS_PASSWORD: '' }, /which is not set/],
  ['has a space', { CASPER_PROMETHEUS_PASSWORD: 'two words' }, /expected 1 to 72 printable ASCII/],
  ['is longer than bcrypt looks', { CASPER_PROMETHEUS_PASSWORD: 'x'.repeat(73) }, /expected 1 to 72/],
])('a password that %s is named by its variable alone', (_, variables, message) => {
  const read = (): unknown => prometheusAt(watcher(), variables);
  expect(read).toThrow(StackConfigError);
  expect(read).toThrow(message);
  expect(read).not.toThrow(/two words|xxxx/);
});

test('an authority’s file that is not there, or is something else', () => {
  const at = (authorityFile: string) => (): unknown => prometheusAt(watcher({ authorityFile }), environment);
  expect(at('/nowhere/ca.crt')).toThrow(
    /tls\.authorityFile: \/nowhere\/ca\.crt holds no certificate .*ENOENT/,
  );
  const other = path.join(folder, 'other.crt');
  writeFileSync(other, 'hello');
  expect(at(other)).toThrow(/other\.crt holds no certificate that can be read .*expected one in PEM/);
});

describe('what verify says', () => {
  const variable = 'CASPER_PROMETHEUS_PASSWORD';
  afterEach(() => {
    delete process.env['CASPER_PROMETHEUS_PASSWORD'];
  });
  const faultOf = async (guard: Guard, given: string | undefined): Promise<unknown[]> => {
    if (given !== undefined) process.env[variable] = given;
    const config = { hosts: hostsWith(guard) };
    return [await faultOfPrometheus(config), await hasDied(config)];
  };
  test('nothing of one that lets casper in', async () => {
    expect(await faultOf({}, password)).toEqual([null, false]);
  });
  test('one that does not, one that is not who it should be, and a password that is missing have not died', async () => {
    expect(await faultOf({}, 'another')).toEqual([expect.stringContaining('refuses the user'), false]);
    expect(await faultOf({ authorityFile: stranger.file }, password)).toEqual([
      expect.stringContaining('is not trusted'),
      false,
    ]);
    delete process.env['CASPER_PROMETHEUS_PASSWORD'];
    expect(await faultOf({}, undefined)).toEqual([
      expect.stringContaining(`${variable}, which is not set`),
      false,
    ]);
  });
  test('one that refuses connections has', async () => {
    const port = Number(new URL(await closedPort()).port);
    expect(await faultOf({ port }, password)).toEqual([expect.stringContaining('ECONNREFUSED'), true]);
  });
});
