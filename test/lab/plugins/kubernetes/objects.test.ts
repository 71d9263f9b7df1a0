import { CustomResource } from '@pulumi/kubernetes/apiextensions';
import { CustomResourceDefinition } from '@pulumi/kubernetes/apiextensions/v1';
import { ConfigMap, Service } from '@pulumi/kubernetes/core/v1';
import { ConfigGroup } from '@pulumi/kubernetes/yaml';
import type { ProviderArgs } from '@pulumi/kubernetes/provider';
import type { PulumiFn } from '@pulumi/pulumi/automation';
import { kubectl, labProvider, live, TestStack } from './testStack';

jest.setTimeout(120_000);

/** Objects that need no pods: names, replacement, conflicts, custom resources, refresh. */
describe('objects', () => {
  let stack: TestStack;
  beforeEach(async () => {
    stack = await TestStack.create('objects');
  });
  afterEach(async () => {
    await stack.remove();
  });

  const configMap = (
    data: Record<string, string>,
    name?: string,
    args?: ProviderArgs,
    annotations = {},
  ): PulumiFn => {
    const { namespace } = stack;
    return () => {
      const metadata = { namespace, annotations, ...(name === undefined ? {} : { name }) };
      const map = new ConfigMap('settings', { metadata, data }, { provider: labProvider(args) });
      return Promise.resolve({ name: map.metadata.name });
    };
  };

  test('a ConfigMap without a name gets one, keeps it, and is replaced under a new one when its data change', async () => {
    const created = await stack.up(configMap({ key: 'one' }));
    const name = created.outputs['name']?.value as string;
    expect(name).toMatch(/^settings-[0-9a-f]{8}$/);

    expect((await stack.preview(configMap({ key: 'one' }))).changes).toEqual({ same: 3 });
    expect((await stack.up(configMap({ key: 'one' }))).changes).toEqual({ same: 3 });

    const preview = await stack.preview(configMap({ key: 'two' }));
    expect(preview.changes).toEqual({ same: 2, replace: 1 });
    const replaced = await stack.up(configMap({ key: 'two' }));
    expect(replaced.changes).toEqual({ same: 2, replace: 1 });
    const next = replaced.outputs['name']?.value as string;
    expect(next).toMatch(/^settings-[0-9a-f]{8}$/);
    expect(next).not.toBe(name);
    const { items } = await live<{ items: { metadata: { name: string }; data: unknown }[] }>(
      'configmap',
      '-n',
      stack.namespace,
      '--field-selector=metadata.name!=kube-root-ca.crt',
    );
    expect(items.map(({ metadata, data }) => ({ name: metadata.name, data }))).toEqual([
      { name: next, data: { key: 'two' } },
    ]);
  });

  test('a named ConfigMap is deleted before its successor is made', async () => {
    await stack.up(configMap({ key: 'one' }, 'fixed'));
    const { uid } = (await live<{ metadata: { uid: string } }>('configmap', 'fixed', '-n', stack.namespace))
      .metadata;
    expect((await stack.up(configMap({ key: 'two' }, 'fixed'))).changes).toEqual({ same: 2, replace: 1 });
    const next = await live<{ metadata: { uid: string }; data: unknown }>(
      'configmap',
      'fixed',
      '-n',
      stack.namespace,
    );
    expect(next.metadata.uid).not.toBe(uid);
    expect(next.data).toEqual({ key: 'two' });
  });

  test('a mutable ConfigMap is updated in place, and keys that the program drops go', async () => {
    const mutable = { enableConfigMapMutable: true };
    await stack.up(configMap({ kept: '1', dropped: '1' }, 'fixed', mutable));
    const preview = await stack.preview(configMap({ kept: '2' }, 'fixed', mutable));
    expect(preview.changes).toEqual({ same: 2, update: 1 });
    expect(preview.stdout).toContain('dropped');
    expect((await stack.up(configMap({ kept: '2' }, 'fixed', mutable))).changes).toEqual({
      same: 2,
      update: 1,
    });
    expect((await live<{ data: unknown }>('configmap', 'fixed', '-n', stack.namespace)).data).toEqual({
      kept: '2',
    });
    expect((await stack.preview(configMap({ kept: '2' }, 'fixed', mutable))).changes).toEqual({ same: 3 });
    // The second change meets fields that the update owns, no longer the creation.
    await stack.up(configMap({ other: '3' }, 'fixed', mutable));
    expect((await live<{ data: unknown }>('configmap', 'fixed', '-n', stack.namespace)).data).toEqual({
      other: '3',
    });
  });

  test('what exists already is refused, unless the provider is told to take it over', async () => {
    await kubectl('create', 'configmap', 'taken', '-n', stack.namespace, '--from-literal=theirs=1');
    const message = await stack.upFails(configMap({ ours: '1' }, 'taken'));
    expect(message).toContain('configmaps "taken" already exists');
    expect(message).toContain('upsertExistingObjects');
    await stack.up(configMap({ ours: '1' }, 'taken', { upsertExistingObjects: true }));
    expect((await live<{ data: unknown }>('configmap', 'taken', '-n', stack.namespace)).data).toEqual({
      ours: '1',
      theirs: '1',
    });
  });

  test('a field that somebody else owns is a conflict that names the field and its owner, until it is forced', async () => {
    const mutable = { enableConfigMapMutable: true };
    await stack.up(configMap({ key: 'ours' }, 'fixed', mutable));
    const theirs = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"fixed"},"data":{"key":"theirs"}}`;
    await kubectl(
      'patch',
      'configmap',
      'fixed',
      '-n',
      stack.namespace,
      '--type=merge',
      '--field-manager=another-tool',
      '-p',
      theirs,
    );
    const message = await stack.upFails(configMap({ key: 'changed' }, 'fixed', mutable));
    expect(message).toContain('field conflict');
    expect(message).toContain('.data.key');
    expect(message).toContain('another-tool');
    expect((await live<{ data: unknown }>('configmap', 'fixed', '-n', stack.namespace)).data).toEqual({
      key: 'theirs',
    });
    const force = { 'pulumi.com/patchForce': 'true' };
    await stack.up(configMap({ key: 'changed' }, 'fixed', mutable, force));
    expect((await live<{ data: unknown }>('configmap', 'fixed', '-n', stack.namespace)).data).toEqual({
      key: 'changed',
    });
  });

  test('refresh finds what changed behind the back of the stack, and up puts it right', async () => {
    const mutable = { enableConfigMapMutable: true, enablePatchForce: true };
    await stack.up(configMap({ key: 'ours' }, 'fixed', mutable));
    await kubectl(
      'patch',
      'configmap',
      'fixed',
      '-n',
      stack.namespace,
      '--type=merge',
      '-p',
      '{"data":{"key":"drift"}}',
    );
    expect((await stack.refresh()).changes).toEqual({ same: 2, update: 1 });
    const preview = await stack.preview(configMap({ key: 'ours' }, 'fixed', mutable));
    expect(preview.changes).toEqual({ same: 2, update: 1 });
    expect(preview.stdout).toMatch(/key: "drift" => "ours"/);
    await stack.up(configMap({ key: 'ours' }, 'fixed', mutable));
    expect((await live<{ data: unknown }>('configmap', 'fixed', '-n', stack.namespace)).data).toEqual({
      key: 'ours',
    });
  });

  test('an object that is gone is made anew after a refresh, and its deletion is no error', async () => {
    await stack.up(configMap({ key: '1' }, 'fixed'));
    await kubectl('delete', 'configmap', 'fixed', '-n', stack.namespace);
    expect((await stack.refresh()).changes).toMatchObject({ delete: 1 });
    expect((await stack.up(configMap({ key: '1' }, 'fixed'))).changes).toEqual({ same: 2, create: 1 });
    await kubectl('delete', 'configmap', 'fixed', '-n', stack.namespace);
    expect(await stack.destroy()).toEqual({ delete: 3 });
  });

  test('a definition and a custom resource of it come in one update, and go in one', async () => {
    const group = `${stack.namespace}.example.com`;
    // In the foreground it would wait for the garbage collector, which looks for new kinds every half a minute.
    const background = { 'pulumi.com/deletionPropagationPolicy': 'background' };
    const program = (size: number): PulumiFn => {
      const { namespace } = stack;
      return () => {
        const provider = labProvider();
        const definition = new CustomResourceDefinition(
          'widgets',
          {
            metadata: { name: `widgets.${group}` },
            spec: {
              group,
              scope: 'Namespaced',
              names: { plural: 'widgets', kind: 'Widget' },
              versions: [
                {
                  name: 'v1',
                  served: true,
                  storage: true,
                  schema: {
                    openAPIV3Schema: {
                      type: 'object',
                      properties: { spec: { type: 'object', x_kubernetes_preserve_unknown_fields: true } },
                    },
                  },
                },
              ],
            },
          },
          { provider },
        );
        new CustomResource(
          'widget',
          {
            apiVersion: `${group}/v1`,
            kind: 'Widget',
            metadata: { namespace, name: 'one', annotations: background },
            spec: { size },
          },
          { provider, dependsOn: definition },
        );
        return Promise.resolve();
      };
    };
    expect((await stack.preview(program(1))).changes).toEqual({ create: 4 });
    expect((await stack.up(program(1))).changes).toEqual({ create: 4 });
    expect((await stack.preview(program(1))).changes).toEqual({ same: 4 });
    expect((await stack.up(program(2))).changes).toEqual({ same: 3, update: 1 });
    expect((await live<{ spec: unknown }>(`widgets.${group}`, 'one', '-n', stack.namespace)).spec).toEqual({
      size: 2,
    });
    expect(await stack.destroy()).toEqual({ delete: 4 });
    await expect(live(`crd`, `widgets.${group}`)).rejects.toThrow('NotFound');
  });

  test('a core object cannot be given as a custom resource', async () => {
    const { namespace } = stack;
    const message = await stack.previewFails(() => {
      new CustomResource(
        'odd',
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace } },
        { provider: labProvider() },
      );
      return Promise.resolve();
    });
    expect(message).toContain('apiVersion does not have both a group and a version: "v1"');
  });

  test('YAML of several documents is decoded and applied', async () => {
    const { namespace } = stack;
    const yaml = `
apiVersion: v1
kind: ConfigMap
metadata: {name: first, namespace: ${namespace}}
data: {mode: "0644"}
---
# nothing here
---
apiVersion: v1
kind: Service
metadata: {name: second, namespace: ${namespace}}
spec: {type: ExternalName, externalName: example.com}
`;
    const program: PulumiFn = () => {
      new ConfigGroup('manifest', { yaml }, { provider: labProvider() });
      return Promise.resolve();
    };
    expect((await stack.up(program)).changes).toEqual({ create: 5 });
    expect((await live<{ data: unknown }>('configmap', 'first', '-n', namespace)).data).toEqual({
      mode: '0644',
    });
    expect((await stack.preview(program)).changes).toEqual({ same: 5 });
  });

  test('a load balancer that never gets an address fails in its time and says so; the next up goes on with it', async () => {
    const { namespace } = stack;
    const program =
      (type: string): PulumiFn =>
      () => {
        const metadata = { namespace, name: 'outside', annotations: { 'pulumi.com/timeoutSeconds': '2' } };
        // A class that no controller serves.
        const spec = {
          type,
          ports: [{ port: 80 }],
          ...(type === 'LoadBalancer' ? { loadBalancerClass: 'example.com/none' } : {}),
        };
        new Service('outside', { metadata, spec }, { provider: labProvider() });
        return Promise.resolve();
      };
    const message = await stack.upFails(program('LoadBalancer'));
    expect(message).toContain("'outside' timed out waiting to be Ready");
    expect(message).toContain('Service was not allocated an IP address');
    expect(await stack.state()).toContain('outside');
    expect((await stack.up(program('ClusterIP'))).changes).toEqual({ same: 2, update: 1 });
    expect((await stack.preview(program('ClusterIP'))).changes).toEqual({ same: 3 });
  });

  test('a preview refuses what the API server will refuse', async () => {
    const { namespace } = stack;
    const message = await stack.previewFails(() => {
      const spec = { ports: [{ port: 700_000 }] };
      new Service('bad', { metadata: { namespace, name: 'bad' }, spec }, { provider: labProvider() });
      return Promise.resolve();
    });
    expect(message).toContain('spec.ports[0].port');
  });
});
