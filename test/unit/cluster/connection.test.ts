import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { KubeConfig } from '../../../cluster/client';
import { assertReachable, kubeConfigOf } from '../../../cluster/connection';

test('an API server that takes the connection and says nothing is given up', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  const { port } = server.address() as AddressInfo;
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser(
    { name: 'mute', server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
    { name: 'nobody' },
  );
  try {
    await expect(assertReachable(kubeConfig, 200)).rejects.toThrow(
      new RegExp(`No API server answers at http://127.0.0.1:${port} .*Nothing was changed`),
    );
  } finally {
    server.close();
  }
});

/** Of a key that nobody has. */
const endedIn2020 = `-----BEGIN CERTIFICATE-----
MIIBDjCBtAIBATAKBggqhkjOPQQDAjATMREwDwYDVQQDDAhzb21lYm9keTAeFw0y
MDAxMDEwMDAwMDBaFw0yMDAxMDIwMDAwMDBaMBMxETAPBgNVBAMMCHNvbWVib2R5
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE/RDMLssW47FWPGXuLRNwpQgP47/n
e7J54K5suoyd8najR0Qj79m1a6ry4lpu2qwy7TGyNyG9JKUlfsgYkDl+DjAKBggq
hkjOPQQDAgNJADBGAiEArBX199M7kMkPz9kvDy2IIy4Sb0nA64hkMcYfL+LyT6AC
IQDJGhmFdiHg4Xi7iRJUbOjc1gKgu63djmvQ6KkrD0CUKA==
-----END CERTIFICATE-----
`;

test('credentials that the API server does not take: said so, and a certificate that has ended with its date', async () => {
  const server = createHttpServer((_, response) => {
    response.writeHead(401, { 'content-type': 'application/json' });
    response.end('{"kind":"Status","code":401,"reason":"Unauthorized"}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const kubeConfigFor = (user: object): KubeConfig => {
    const kubeConfig = new KubeConfig();
    const place = { name: 'strict', server: `http://127.0.0.1:${port}`, skipTLSVerify: true };
    kubeConfig.loadFromClusterAndUser(place, { name: 'somebody', ...user });
    return kubeConfig;
  };
  try {
    await expect(assertReachable(kubeConfigFor({ token: 'canary-41f7' }))).rejects.toThrow(
      /^The API server at http:\S+ \(context loaded-context\) does not know who asks \(401\)\. Nothing was changed there\. Log in again/,
    );
    const certData = Buffer.from(endedIn2020).toString('base64');
    await expect(assertReachable(kubeConfigFor({ certData }))).rejects.toThrow(
      '(401): the certificate of the client ended at Jan  2 00:00:00 2020 GMT. ',
    );
  } finally {
    server.close();
  }
});

describe('a kubeconfig that is not there is named, with what to do', () => {
  const before = { ...process.env };
  const folder = mkdtempSync(path.join(tmpdir(), 'casper-home-'));
  afterEach(() => {
    for (const name of ['KUBECONFIG', 'HOME']) {
      if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = before[name];
    }
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  const cluster = { context: 'lab' };

  test('in the stack file', () => {
    expect(() => kubeConfigOf({ ...cluster, kubeconfig: '/nowhere/config' })).toThrow(
      'casper:cluster.kubeconfig: /nowhere/config does not exist; correct the path',
    );
  });

  test('in KUBECONFIG, beside one that is there', () => {
    const good = path.join(folder, 'good');
    writeFileSync(good, new KubeConfig().exportConfig());
    process.env['KUBECONFIG'] = [good, '/nowhere/config'].join(path.delimiter);
    expect(() => kubeConfigOf(cluster)).toThrow(
      'KUBECONFIG names /nowhere/config, which does not exist; correct it, or name the file in casper:cluster.kubeconfig',
    );
  });

  test('in the home directory', () => {
    Reflect.deleteProperty(process.env, 'KUBECONFIG');
    process.env['HOME'] = folder;
    expect(() => kubeConfigOf(cluster)).toThrow(
      `There is no kubeconfig: ${folder}/.kube/config does not exist; set KUBECONFIG, name a file in`,
    );
  });
});
