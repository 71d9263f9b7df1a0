import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import { CoreV1Api } from '../../../cluster/client';
import { kubeConfigOf } from '../../../cluster/connection';
import { withRights } from '../../../cluster/refusal';
import { startServer, stopServers } from '../loopbackServer';

const folder = mkdtempSync(path.join(tmpdir(), 'casper-in-cluster-'));
afterAll(async () => {
  await stopServers();
  rmSync(folder, { recursive: true });
});

interface Manifest {
  kind: string;
  data?: { config: string };
}

test('the kubeconfig of deploy/kubernetes/casper.yaml gives the token that is mounted', async () => {
  const file = path.join(__dirname, '../../../deploy/kubernetes/casper.yaml');
  const objects = parseAllDocuments(readFileSync(file, 'utf8')).map((one) => one.toJS() as Manifest);
  const config = objects.find(({ kind }) => kind === 'ConfigMap')?.data?.config ?? '';
  const asked: (string | undefined)[] = [];
  const { url } = await startServer((response, request) => {
    asked.push(request.headers.authorization);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ kind: 'NodeList', apiVersion: 'v1', items: [] }));
  });
  writeFileSync(path.join(folder, 'token'), 'token-of-the-pod');
  const kubeconfig = path.join(folder, 'config');
  const here = config
    .replaceAll('/var/run/secrets/kubernetes.io/serviceaccount/', `${folder}/`)
    .replace('https://kubernetes.default.svc', url)
    .replace(/ +certificate-authority: .*\n/, '');
  writeFileSync(kubeconfig, here);
  await kubeConfigOf({ context: 'here', kubeconfig }).makeApiClient(CoreV1Api).listNode();
  expect(asked).toEqual(['Bearer token-of-the-pod']);
});

test('an account without a right: the message names it, and what gives it', async () => {
  const message = 'nodes is forbidden: User "system:serviceaccount:a:casper" cannot list resource "nodes"';
  const { url } = await startServer((response) => {
    response.writeHead(403, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ kind: 'Status', status: 'Failure', message, code: 403 }));
  });
  const kubeconfig = path.join(folder, 'refused');
  const of = { name: 'a', cluster: { server: url } };
  const contexts = [{ name: 'a', context: { cluster: 'a', user: 'a' } }];
  writeFileSync(kubeconfig, JSON.stringify({ clusters: [of], users: [{ name: 'a', user: {} }], contexts }));
  const core = kubeConfigOf({ context: 'a', kubeconfig }).makeApiClient(CoreV1Api);
  await expect(withRights(core.listNode())).rejects.toThrow(
    `The API server refuses: ${message}. Give the account of the kubeconfig that right; deploy/kubernetes/roles.yaml has all that casper needs`,
  );
  await expect(withRights(Promise.reject(new Error('another')))).rejects.toThrow('another');
});
