import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CoreV1Api } from '../../../cluster/client';
import { kubeConfigOf } from '../../../cluster/connection';
import { readManifest } from '../../../components/platform/manifest';
import { startServer, stopServers } from '../loopbackServer';

const folder = mkdtempSync(path.join(tmpdir(), 'casper-in-cluster-'));
afterAll(async () => {
  await stopServers();
  rmSync(folder, { recursive: true });
});

const deploy = path.join(__dirname, '../../../deploy/kubernetes');

test('the kubeconfig of the Deployment gives the token that is mounted', async () => {
  const objects = await readManifest(path.join(deploy, 'casper.yaml'));
  const map = objects.find(({ kind }) => kind === 'ConfigMap') as unknown as { data: { config: string } };
  const { config } = map.data;
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
    // The client asks without TLS only where nothing of TLS is checked.
    .replace(/certificate-authority: .*\n/, 'insecure-skip-tls-verify: true\n');
  writeFileSync(kubeconfig, here);
  await kubeConfigOf({ context: 'here', kubeconfig }).makeApiClient(CoreV1Api).listNode();
  expect(asked).toEqual(['Bearer token-of-the-pod']);
});

test('the Deployment runs as the account that has the roles, with its volumes, as Pod Security restricted asks', async () => {
  const [roles, objects] = await Promise.all(
    ['roles.yaml', 'casper.yaml'].map((name) => readManifest(path.join(deploy, name))),
  );
  const names = (kind: string): string[] =>
    [...(roles ?? []), ...(objects ?? [])]
      .filter((one) => one.kind === kind)
      .map(({ metadata }) => metadata.name);
  const deployment = objects?.find(({ kind }) => kind === 'Deployment') as unknown as DeploymentManifest;
  const { strategy, replicas, template } = deployment.spec;
  expect([replicas, strategy.type]).toEqual([1, 'Recreate']);
  const { serviceAccountName, volumes, initContainers, containers, securityContext } = template.spec;
  expect(names('ServiceAccount')).toContain(serviceAccountName);
  const [claim] = volumes.flatMap((volume) => volume.persistentVolumeClaim?.claimName ?? []);
  expect(names('PersistentVolumeClaim')).toEqual([claim]);
  expect(securityContext.runAsNonRoot).toBe(true);
  for (const container of [...initContainers, ...containers]) {
    const mounted = container.volumeMounts.map(({ name }) => name).sort();
    expect(mounted).toEqual(volumes.map(({ name }) => name).sort());
    expect(container.securityContext).toEqual({
      ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    });
  }
});

interface ContainerManifest {
  volumeMounts: { name: string }[];
  securityContext: object;
}

interface DeploymentManifest {
  spec: {
    replicas: number;
    strategy: { type: string };
    template: {
      spec: {
        serviceAccountName: string;
        securityContext: { runAsNonRoot: boolean };
        volumes: { name: string; persistentVolumeClaim?: { claimName: string } }[];
        initContainers: ContainerManifest[];
        containers: ContainerManifest[];
      };
    };
  };
}
