import { Secret as KubernetesSecret, ConfigMap, Pod } from '@pulumi/kubernetes/core/v1';
import * as pulumi from '@pulumi/pulumi';
import type { PulumiFn } from '@pulumi/pulumi/automation';
import { kubectl, labProvider, live, TestStack } from './testStack';

jest.setTimeout(120_000);

const CANARY = 'canary-7f3a91';
const SECOND = 'canary-changed';
/** All forms in which a secret could get out. */
const forms = (text: string): string[] => [text, Buffer.from(text).toString('base64')];

describe('secrets', () => {
  let stack: TestStack;
  beforeEach(async () => {
    stack = await TestStack.create('secrets');
  });
  afterEach(async () => {
    await stack.remove();
  });

  const expectHidden = (text: string, secret: string): void => {
    for (const form of forms(secret)) expect(text).not.toContain(form);
  };

  test('a Secret reaches the cluster and is in neither the state, nor the previews, nor the output', async () => {
    const program = (value: string): PulumiFn => {
      const { namespace } = stack;
      return () => {
        const provider = labProvider({ enableSecretMutable: true });
        // Plain text in the program: a Secret's data are secret all the same.
        new KubernetesSecret(
          'key',
          { metadata: { namespace, name: 'key' }, stringData: { token: value } },
          { provider },
        );
        // A secret in a place that is none by nature.
        const data = { greeting: pulumi.secret(value), open: 'visible' };
        new ConfigMap('hidden', { metadata: { namespace, name: 'hidden' }, data }, { provider });
        return Promise.resolve();
      };
    };
    const created = await stack.up(program(CANARY));
    const stored = await live<{ data: { token: string } }>('secret', 'key', '-n', stack.namespace);
    expect(Buffer.from(stored.data.token, 'base64').toString()).toBe(CANARY);
    expectHidden(created.stdout, CANARY);
    const state = await stack.everythingStored();
    expect(state).toContain('ciphertext');
    expect(state).toContain('visible');
    expectHidden(state, CANARY);

    expect((await stack.preview(program(CANARY))).changes).toEqual({ same: 4 });
    const preview = await stack.preview(program(SECOND));
    expect(preview.changes).toEqual({ same: 2, update: 1, replace: 1 });
    const changed = await stack.up(program(SECOND));
    for (const text of [preview.stdout, changed.stdout, await stack.everythingStored()]) {
      expectHidden(text, CANARY);
      expectHidden(text, SECOND);
    }
    expect((await stack.preview(program(SECOND))).changes).toEqual({ same: 4 });
    const { stdout } = await stack.refresh();
    expectHidden(stdout + (await stack.everythingStored()), SECOND);
  });

  test('a Secret that kubectl has applied gives nothing away either', async () => {
    const manifest = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'old' },
      stringData: { token: CANARY },
    };
    const file = `${process.env['TMPDIR'] ?? '/tmp'}/${stack.namespace}.json`;
    const { writeFileSync, rmSync } = await import('node:fs');
    writeFileSync(file, JSON.stringify(manifest));
    await kubectl('apply', '-n', stack.namespace, '-f', file);
    rmSync(file);
    const { namespace } = stack;
    await stack.up(() => {
      const imported = KubernetesSecret.get('old', `${namespace}/old`, { provider: labProvider() });
      return Promise.resolve({ name: imported.metadata.name });
    });
    expectHidden(await stack.everythingStored(), CANARY);
  });

  test('a refused value is not repeated in the error', async () => {
    const { namespace } = stack;
    const message = await stack.upFails(() => {
      const name = pulumi.secret('Not_A_Name_7f3a91');
      const spec = { containers: [{ name, image: 'none' }] };
      new Pod('bad', { metadata: { namespace, name: 'bad' }, spec }, { provider: labProvider() });
      return Promise.resolve();
    });
    expect(message).toContain('spec.containers[0].name');
    expect(message).not.toContain('Not_A_Name_7f3a91');
  });
});
