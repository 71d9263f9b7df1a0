import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CoreV1Api } from '../../../cluster/client';
import { kubeConfigOf } from '../../../cluster/connection';
import { withRights } from '../../../cluster/refusal';
import { startServer, stopServers } from '../loopbackServer';

const folder = mkdtempSync(path.join(tmpdir(), 'casper-refusal-'));
afterAll(async () => {
  await stopServers();
  rmSync(folder, { recursive: true });
});

test('an account without a right: the message names it, and what gives it', async () => {
  const message = 'nodes is forbidden: User "system:serviceaccount:a:casper" cannot list resource "nodes"';
  const { url } = await startServer((response) => {
    response.writeHead(403, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ kind: 'Status', status: 'Failure', message, code: 403 }));
  });
  const kubeconfig = path.join(folder, 'refused');
  const of = { name: 'a', cluster: { server: url, 'insecure-skip-tls-verify': true } };
  const contexts = [{ name: 'a', context: { cluster: 'a', user: 'a' } }];
  writeFileSync(kubeconfig, JSON.stringify({ clusters: [of], users: [{ name: 'a', user: {} }], contexts }));
  const core = kubeConfigOf({ context: 'a', kubeconfig }).makeApiClient(CoreV1Api);
  await expect(withRights(core.listNode())).rejects.toThrow(
    `The API server refuses: ${message}. Give the account of the kubeconfig that right; deploy/kubernetes/roles.yaml has all that casper needs`,
  );
  await expect(withRights(Promise.reject(new Error('another')))).rejects.toThrow('another');
});
