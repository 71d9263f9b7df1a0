import { ConfigMap } from '@pulumi/kubernetes/core/v1';
import type { ProviderArgs } from '@pulumi/kubernetes/provider';
import type { PulumiFn } from '@pulumi/pulumi/automation';
import { labKubeconfig, labProvider, TestStack } from './testStack';

jest.setTimeout(60_000);

describe('a cluster that cannot be asked', () => {
  let stack: TestStack;
  beforeEach(async () => {
    stack = await TestStack.create('unreachable');
  });
  afterEach(async () => {
    await stack.remove();
  });

  const program = (args: ProviderArgs): PulumiFn => {
    const { namespace } = stack;
    return () => {
      new ConfigMap(
        'map',
        { metadata: { namespace, name: 'map' }, data: { a: '1' } },
        { provider: labProvider(args) },
      );
      return Promise.resolve();
    };
  };
  // Nothing listens on this port of the loopback device.
  const deadKubeconfig = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'dead', cluster: { server: 'https://127.0.0.1:9' } }],
    users: [{ name: 'nobody', user: {} }],
    contexts: [{ name: 'dead-context', context: { cluster: 'dead', user: 'nobody' } }],
    'current-context': 'dead-context',
  });

  test('is named with its context; the preview says that it could not check', async () => {
    const preview = await stack.preview(program({ kubeconfig: deadKubeconfig }));
    expect(preview.stdout).toContain('configured Kubernetes cluster is unreachable');
    const message = await stack.upFails(program({ kubeconfig: deadKubeconfig }));
    expect(message).toContain('https://127.0.0.1:9');
    expect(message).toContain('dead-context');
    expect(message).toContain('ECONNREFUSED');
  });

  test('because the kubeconfig has no such context: the message names those that it has', async () => {
    const message = await stack.upFails(program({ kubeconfig: labKubeconfig(), context: 'elsewhere' }));
    expect(message).toContain('the kubeconfig has no context "elsewhere"; it has "');
  });

  test('because there is no such kubeconfig: the message names the path', async () => {
    expect(await stack.upFails(program({ kubeconfig: '/nowhere/kubeconfig' }))).toContain(
      '/nowhere/kubeconfig',
    );
  });

  test('later on: its objects stay in the state, until deleteUnreachable says otherwise', async () => {
    // Otherwise another server means another cluster, and everything is made anew.
    const same = { clusterIdentifier: 'lab' };
    await stack.up(program({ kubeconfig: labKubeconfig(), ...same }));
    const dead = { kubeconfig: deadKubeconfig, ...same };
    expect((await stack.preview(program(dead))).changes).toEqual({ same: 2, update: 1 });
    const gone =
      (args: ProviderArgs): PulumiFn =>
      () => {
        labProvider(args);
        return Promise.resolve();
      };
    expect(await stack.upFails(gone(dead))).toContain('PULUMI_K8S_DELETE_UNREACHABLE');
    expect(await stack.state()).toContain('ConfigMap::map');
    expect((await stack.up(gone({ ...dead, deleteUnreachable: true }))).changes).toMatchObject({ delete: 1 });
    expect(await stack.state()).not.toContain('ConfigMap::map');
  });
});
