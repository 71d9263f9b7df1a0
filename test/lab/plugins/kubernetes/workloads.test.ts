import { DaemonSet, Deployment, StatefulSet } from '@pulumi/kubernetes/apps/v1';
import { Job } from '@pulumi/kubernetes/batch/v1';
import { PersistentVolumeClaim, Service } from '@pulumi/kubernetes/core/v1';
import { StorageClass } from '@pulumi/kubernetes/storage/v1';
import type { PulumiFn } from '@pulumi/pulumi/automation';
import { kubectl, labProvider, live, LAB_IMAGE, TestStack } from './testStack';

jest.setTimeout(180_000);

interface DeploymentView {
  metadata: { uid: string };
  spec: { replicas: number };
  status: { availableReplicas?: number; updatedReplicas?: number };
}

describe('workloads', () => {
  let stack: TestStack;
  beforeEach(async () => {
    stack = await TestStack.create('workloads');
  });
  afterEach(async () => {
    await stack.remove();
  });

  interface Step {
    image?: string;
    replicas?: number;
    version?: string;
    label?: string;
    cpu?: string;
    nodeSelector?: Record<string, string>;
    timeoutSeconds?: number;
  }

  /** A Deployment and its Service. */
  const web = (step: Step = {}): PulumiFn => {
    const { namespace } = stack;
    const {
      image = LAB_IMAGE,
      replicas = 1,
      version = '1',
      label = 'web',
      cpu = '100m',
      timeoutSeconds = 60,
    } = step;
    return () => {
      const provider = labProvider();
      const labels = { app: label };
      const annotations = { 'pulumi.com/timeoutSeconds': String(timeoutSeconds) };
      const deployment = new Deployment(
        'web',
        {
          metadata: { namespace, name: 'web', annotations },
          spec: {
            replicas,
            selector: { matchLabels: labels },
            strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
            template: {
              metadata: { labels },
              spec: {
                terminationGracePeriodSeconds: 1,
                ...(step.nodeSelector ? { nodeSelector: step.nodeSelector } : {}),
                containers: [
                  {
                    name: 'web',
                    image,
                    imagePullPolicy: 'IfNotPresent',
                    env: [{ name: 'VERSION', value: version }],
                    resources: { limits: { cpu } },
                  },
                ],
              },
            },
          },
        },
        { provider },
      );
      new Service(
        'web',
        { metadata: { namespace, name: 'web' }, spec: { selector: labels, ports: [{ port: 80 }] } },
        { provider, dependsOn: deployment },
      );
      return Promise.resolve({ ready: deployment.status.readyReplicas });
    };
  };
  const deployment = (): Promise<DeploymentView> =>
    live<DeploymentView>('deployment', 'web', '-n', stack.namespace);

  test('a Deployment step by step: create, change, nothing, failed rollout, recovery, replacement, no pods, delete', async () => {
    expect((await stack.preview(web())).changes).toEqual({ create: 4 });
    const created = await stack.up(web());
    expect(created.changes).toEqual({ create: 4 });
    expect(created.outputs['ready']?.value).toBe(1);
    expect(created.stdout).toContain('Waiting for app ReplicaSet to be available');

    const changed = await stack.up(web({ version: '2' }));
    expect(changed.changes).toEqual({ same: 3, update: 1 });
    expect((await deployment()).status).toMatchObject({ updatedReplicas: 1, availableReplicas: 1 });

    expect((await stack.preview(web({ version: '2' }))).changes).toEqual({ same: 4 });
    expect((await stack.up(web({ version: '2' }))).changes).toEqual({ same: 4 });
    // Another spelling of the same amount is no change.
    expect((await stack.preview(web({ version: '2', cpu: '0.1' }))).changes).toEqual({ same: 4 });

    const preview = await stack.preview(web({ version: '3', cpu: '200m' }));
    expect(preview.changes).toEqual({ same: 3, update: 1 });
    expect(preview.stdout).toMatch(/cpu: "100m" => "200m"/);

    const missing = 'casper.invalid/missing:1';
    const message = await stack.upFails(web({ version: '2', image: missing, timeoutSeconds: 6 }));
    expect(message).toContain("'web' timed out waiting to be Ready");
    expect(message).toMatch(/ErrImagePull|ImagePullBackOff/);
    expect(message).toContain(missing);
    expect((await deployment()).status.availableReplicas).toBe(1);
    // The state knows that the object is not as it should be, though the program is the same.
    expect(await stack.upFails(web({ version: '2', image: missing, timeoutSeconds: 3 }))).toContain(missing);

    expect((await stack.up(web({ version: '2' }))).changes).toEqual({ same: 3, update: 1 });
    expect((await stack.preview(web({ version: '2' }))).changes).toEqual({ same: 4 });

    const { uid } = (await deployment()).metadata;
    const replacement = await stack.preview(web({ version: '2', label: 'other' }));
    expect(replacement.changes).toEqual({ same: 2, update: 1, replace: 1 });
    expect((await stack.up(web({ version: '2', label: 'other' }))).changes).toMatchObject({ replace: 1 });
    expect((await deployment()).metadata.uid).not.toBe(uid);

    expect((await stack.up(web({ version: '2', label: 'other', replicas: 0 }))).changes).toEqual({
      same: 3,
      update: 1,
    });
    expect((await deployment()).spec.replicas).toBe(0);
    expect(await stack.destroy()).toEqual({ delete: 4 });
    await expect(deployment()).rejects.toThrow('NotFound');
  });

  test('a pod that no node takes: the scheduler is quoted', async () => {
    const message = await stack.upFails(
      web({ nodeSelector: { 'example.com/nowhere': 'true' }, timeoutSeconds: 4 }),
    );
    expect(message).toContain('Unschedulable');
    expect(message).toContain('nodes are available');
  });

  test('refresh reports a Deployment that went bad, and a scale by hand', async () => {
    await stack.up(web());
    await kubectl('scale', 'deployment', 'web', '-n', stack.namespace, '--replicas=0');
    const { changes, stdout } = await stack.refresh();
    expect(changes).toMatchObject({ update: 1 });
    expect(stdout).toContain('spec');
    expect((await stack.preview(web())).stdout).toMatch(/replicas: 0 => 1/);
  });

  test('other kinds are awaited in their own way', async () => {
    const { namespace } = stack;
    const container = { name: 'main', image: LAB_IMAGE, imagePullPolicy: 'IfNotPresent' };
    const template = (app: string): object => ({
      metadata: { labels: { app } },
      spec: { terminationGracePeriodSeconds: 1, containers: [container] },
    });
    const program =
      (parallel: boolean): PulumiFn =>
      () => {
        const provider = labProvider();
        const set = new StatefulSet(
          'set',
          {
            metadata: { namespace, name: 'set' },
            spec: {
              replicas: 2,
              serviceName: 'set',
              selector: { matchLabels: { app: 'set' } },
              template: template('set') as never,
              ...(parallel ? { podManagementPolicy: 'Parallel' } : {}),
            },
          },
          { provider },
        );
        const daemons = new DaemonSet(
          'daemons',
          {
            metadata: { namespace, name: 'daemons' },
            spec: { selector: { matchLabels: { app: 'daemons' } }, template: template('daemons') as never },
          },
          { provider },
        );
        const late = new StorageClass(
          'late',
          {
            metadata: { name: `late-${namespace}` },
            provisioner: 'kubernetes.io/no-provisioner',
            volumeBindingMode: 'WaitForFirstConsumer',
          },
          { provider },
        );
        new PersistentVolumeClaim(
          'claim',
          {
            metadata: { namespace, name: 'claim' },
            spec: {
              storageClassName: late.metadata.name,
              accessModes: ['ReadWriteOnce'],
              resources: { requests: { storage: '1Mi' } },
            },
          },
          { provider },
        );
        return Promise.resolve({ set: set.status.readyReplicas, daemons: daemons.status.numberReady });
      };
    const { outputs } = await stack.up(program(false));
    expect(outputs['set']?.value).toBe(2);
    expect(outputs['daemons']?.value).toBeGreaterThanOrEqual(1);
    expect((await stack.preview(program(false))).changes).toEqual({ same: 6 });
    expect((await stack.preview(program(true))).changes).toEqual({ same: 5, replace: 1 });
    expect(await stack.destroy()).toEqual({ delete: 6 });
  });

  test('a Job that gives up fails at once with its own reason; skipAwait does not wait for one', async () => {
    const { namespace } = stack;
    const job =
      (annotations: Record<string, string>): PulumiFn =>
      () => {
        new Job(
          'job',
          {
            metadata: { namespace, name: 'job', annotations },
            spec: {
              activeDeadlineSeconds: 1,
              template: {
                spec: {
                  restartPolicy: 'Never',
                  terminationGracePeriodSeconds: 1,
                  containers: [{ name: 'main', image: LAB_IMAGE }],
                },
              },
            },
          },
          { provider: labProvider() },
        );
        return Promise.resolve();
      };
    const message = await stack.upFails(job({}));
    expect(message).toContain('[DeadlineExceeded]');
    expect((await stack.up(job({ 'pulumi.com/skipAwait': 'true' }))).changes).toMatchObject({ update: 1 });
  });
});
