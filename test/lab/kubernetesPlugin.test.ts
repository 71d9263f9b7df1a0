import { readFileSync } from 'node:fs';
import { KubeConfig } from '../../cluster/client';
import { CustomResource } from '@pulumi/kubernetes/apiextensions';
import { CustomResourceDefinition } from '@pulumi/kubernetes/apiextensions/v1';
import { ConfigMap, Secret, Service } from '@pulumi/kubernetes/core/v1';
import * as pulumi from '@pulumi/pulumi';
import type { PulumiFn } from '@pulumi/pulumi/automation';
import { explainRollout } from '../../driver/explainRollout';
import { kubectl, labKubeconfig, live } from './kubectl';
import { labProvider, NamespaceStack } from './namespaceStack';
import { webProgram, type Web } from './webProgram';

jest.setTimeout(240_000);

const missing = 'casper.invalid/missing:1';

interface LiveDeployment {
  readonly metadata: { readonly uid: string };
  readonly spec: { readonly replicas: number };
  readonly status: { readonly availableReplicas?: number };
}

/** What casper relies on of Pulumi's Kubernetes plugin. */
describe('Pulumi’s Kubernetes plugin', () => {
  let stack: NamespaceStack;
  beforeEach(async () => {
    stack = await NamespaceStack.create('plugin');
  });
  afterEach(async () => {
    await stack.remove();
  });

  const web = (step: Web = {}): PulumiFn => webProgram(stack.namespace, step);
  const deployment = (): Promise<LiveDeployment> =>
    live<LiveDeployment>('deployment', 'web', '-n', stack.namespace);
  const reasons = (): Promise<string[]> => {
    const kubeConfig = new KubeConfig();
    kubeConfig.loadFromString(readFileSync(labKubeconfig(), 'utf8'));
    return explainRollout(kubeConfig, { service: { namespace: stack.namespace }, regions: [] }, 30_000);
  };

  test('a change is previewed and rolled out; the same program again is no change', async () => {
    expect((await stack.preview(web())).changes).toMatchObject({ create: 3 });
    expect((await stack.up(web())).changes).toMatchObject({ create: 3 });
    expect((await stack.up(web({ version: '2' }))).changes).toMatchObject({ update: 1 });
    expect((await deployment()).status.availableReplicas).toBe(1);
    expect((await stack.preview(web({ version: '2' }))).changes).toEqual({ same: 3 });
  });

  test('a preview asks the API server, which refuses what it would refuse', async () => {
    const { namespace } = stack;
    const message = await stack.previewFails(() => {
      const spec = { ports: [{ port: 700_000 }] };
      new Service('bad', { metadata: { namespace, name: 'bad' }, spec }, { provider: labProvider() });
      return Promise.resolve();
    });
    expect(message).toContain('spec.ports[0].port');
  });

  test('a rollout that fails does so in its time, with the old pod serving; the driver knows why', async () => {
    await stack.up(web());
    await stack.upFails(web({ image: missing, timeoutSeconds: 10 }));
    const [reason, ...others] = await reasons();
    expect(others).toEqual([]);
    expect(reason).toMatch(/^east: pod web-.*: (ErrImagePull|ImagePullBackOff): /);
    expect(reason).toContain(missing);
    expect((await deployment()).status.availableReplicas).toBe(1);
    // The state knows that the object is not as it should be: the old program again is a change.
    expect((await stack.up(web())).changes).toMatchObject({ update: 1 });
    expect(await reasons()).toEqual([]);
  });

  test('a pod that no node takes: the driver has the scheduler’s words', async () => {
    await stack.upFails(web({ nodeSelector: { 'example.com/nowhere': 'true' }, timeoutSeconds: 10 }));
    expect(await reasons()).toEqual([
      expect.stringMatching(/^east: pod web-.*: Unschedulable: .*nodes are available/),
    ]);
  });

  test('a field that cannot change replaces the object', async () => {
    await stack.up(web());
    const { uid } = (await deployment()).metadata;
    expect((await stack.preview(web({ tier: 'other' }))).changes).toMatchObject({ replace: 1 });
    await stack.up(web({ tier: 'other' }));
    expect((await deployment()).metadata.uid).not.toBe(uid);
  });

  test('refresh finds what kubectl changed; forced, the next update takes it back', async () => {
    await stack.up(web({ force: true }));
    await kubectl('scale', 'deployment', 'web', '-n', stack.namespace, '--replicas=0');
    expect((await stack.refresh()).changes).toMatchObject({ update: 1 });
    expect((await stack.preview(web({ force: true }))).stdout).toMatch(/replicas *: 0 => 1/);
    await stack.up(web({ force: true }));
    expect((await deployment()).spec.replicas).toBe(1);
  });

  // To 0 it would be none: of a field that is left out when it is 0 the API server forgets who has set it.
  test('without force that is a conflict: why casper’s objects carry the annotation', async () => {
    await stack.up(web());
    await kubectl('scale', 'deployment', 'web', '-n', stack.namespace, '--replicas=2');
    await stack.refresh();
    const message = await stack.upFails(web());
    expect(message).toContain('conflict');
    expect(message).toContain('.spec.replicas');
    expect((await deployment()).spec.replicas).toBe(2);
  });

  test('what a killed driver had made before it noted it is taken over, and brought to the program', async () => {
    await stack.up(web({ force: true }));
    const { uid } = (await deployment()).metadata;
    const { namespace } = stack;
    // Another state folder: of the objects there is nothing in it.
    const next = await NamespaceStack.create('plugin');
    try {
      await next.up(web({ force: true, replicas: 2, namespace }));
      expect((await deployment()).spec.replicas).toBe(2);
      expect((await deployment()).metadata.uid).toBe(uid);
    } finally {
      await next.remove();
    }
  });

  test('an object that somebody deleted is made anew after a refresh', async () => {
    await stack.up(web());
    await kubectl('delete', 'deployment', 'web', '-n', stack.namespace);
    expect((await stack.refresh()).changes).toMatchObject({ delete: 1 });
    expect((await stack.up(web())).changes).toMatchObject({ create: 1 });
  });

  test('a definition and an object of it come in one update, and go in one', async () => {
    const { namespace } = stack;
    const group = `${namespace}.example.com`;
    const program =
      (size: number): PulumiFn =>
      () => {
        const provider = labProvider();
        const openAPIV3Schema = {
          type: 'object',
          properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
        };
        const definition = new CustomResourceDefinition(
          'widgets',
          {
            metadata: { name: `widgets.${group}` },
            spec: {
              ...{ group, scope: 'Namespaced', names: { plural: 'widgets', kind: 'Widget' } },
              versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }],
            },
          },
          { provider },
        );
        new CustomResource(
          'widget',
          {
            ...{ apiVersion: `${group}/v1`, kind: 'Widget', metadata: { namespace, name: 'one' } },
            spec: { size },
          },
          { provider, dependsOn: definition },
        );
        return Promise.resolve();
      };
    await stack.preview(program(1));
    await stack.up(program(1));
    expect((await stack.up(program(2))).changes).toMatchObject({ update: 1 });
    expect((await live<{ spec: unknown }>(`widgets.${group}`, 'one', '-n', namespace)).spec).toEqual({
      size: 2,
    });
    await stack.destroy();
    await expect(live('crd', `widgets.${group}`)).rejects.toThrow('NotFound');
  });

  test('secrets reach the cluster, and stand in neither the state nor the output in plain', async () => {
    const canary = 'canary-7f3a91';
    const { namespace } = stack;
    const program: PulumiFn = () => {
      const provider = labProvider();
      const own = { metadata: { namespace, name: 'key' }, stringData: { token: canary } };
      new Secret('key', own, { provider });
      const data = { hidden: pulumi.secret(canary), open: 'visible' };
      new ConfigMap('map', { metadata: { namespace, name: 'map' }, data }, { provider });
      return Promise.resolve();
    };
    const { stdout } = await stack.up(program);
    const stored = await live<{ data: { token: string } }>('secret', 'key', '-n', namespace);
    expect(Buffer.from(stored.data.token, 'base64').toString()).toBe(canary);
    const state = await stack.everythingStored();
    expect(state).toContain('visible');
    for (const form of [canary, Buffer.from(canary).toString('base64')]) {
      expect(stdout).not.toContain(form);
      expect(state).not.toContain(form);
    }
    expect((await stack.preview(program)).changes).toEqual({ same: 4 });
  });

  test('a cluster that does not answer: the update fails, and nothing leaves the state', async () => {
    await stack.up(web());
    const dead = JSON.stringify({
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'dead' },
      clusters: [{ name: 'dead', cluster: { server: 'https://127.0.0.1:9' } }],
      users: [{ name: 'nobody', user: {} }],
      contexts: [{ name: 'dead', context: { cluster: 'dead', user: 'nobody' } }],
    });
    const message = await stack.upFails(() => {
      labProvider({ kubeconfig: dead });
      return Promise.resolve();
    });
    expect(message).toContain('unreachable');
    expect(await stack.state()).toContain('Deployment::web');
  });
});
