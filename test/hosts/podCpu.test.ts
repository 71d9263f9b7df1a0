import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LocalWorkspace, type Stack } from '@pulumi/pulumi/automation';
import { parse, stringify } from 'yaml';
import { withoutAfterthoughts } from '../../driver/engine/stack';
import { Told } from '../engineStack';
import { FakeApiServer } from './fakeApiServer';
import { toolsOnPath } from './tools';

jest.setTimeout(180_000);

const project = path.resolve(__dirname, '../..');

/** A program in a folder of its own with one PodCpu, whose inputs are a value of its config. */
const program = `
const pulumi = require('@pulumi/pulumi');
const { PodCpu } = require('${project}/dist/components/podCpu/podCpu');
const args = new pulumi.Config().requireObject('args');
const it = new PodCpu('it', { ...args, kubeconfig: pulumi.secret(args.kubeconfig) });
exports.fallback = pulumi.unsecret(it.fallback);
`;

let folder: string;
let cluster: FakeApiServer;
let stack: Stack;

beforeAll(() => {
  toolsOnPath();
});
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'pod-cpu-'));
  cluster = await FakeApiServer.start(folder);
  cluster.addPod('north-1', 1001);
  mkdirSync(path.join(folder, 'state'));
  writeFileSync(path.join(folder, 'Pulumi.yaml'), stringify(projectFile()));
  writeFileSync(path.join(folder, 'package.json'), '{ "name": "pod-cpu" }');
  writeFileSync(path.join(folder, 'index.js'), program);
  symlinkSync(path.join(project, 'node_modules'), path.join(folder, 'node_modules'));
  const envVars = {
    PULUMI_BACKEND_URL: `file://${folder}/state`,
    PULUMI_CONFIG_PASSPHRASE: 'only for tests',
    PULUMI_SKIP_UPDATE_CHECK: 'true',
  };
  stack = withoutAfterthoughts(
    await LocalWorkspace.createStack({ stackName: 'test', workDir: folder }, { envVars }),
  );
  await give({});
});
afterEach(() => {
  cluster.stop();
  rmSync(folder, { recursive: true });
});

/** Finds the plugin as the project does: by a path, and not on PATH. */
function projectFile(): object {
  const { plugins } = parse(readFileSync(path.join(project, 'Pulumi.yaml'), 'utf8')) as {
    plugins: { providers: { name: string; path: string }[] };
  };
  const providers = plugins.providers.map(({ name, path: place }) => ({
    name,
    path: path.join(project, place),
  }));
  const runtime = { name: 'nodejs', options: { typescript: false } };
  return { name: 'pod-cpu', runtime, main: 'index.js', plugins: { providers } };
}

async function give(changed: object): Promise<void> {
  const value = JSON.stringify({
    context: 'fake',
    kubeconfig: cluster.kubeconfig,
    namespace: 'casper',
    deployment: 'kiwix-north',
    instance: 'north',
    container: 'web',
    limitMillicores: 200,
    requestMillicores: 180,
    timeoutSeconds: 5,
    ...changed,
  });
  await stack.setConfig('pod-cpu:args', { value });
}

const limits = (): number[] => cluster.pods.map(({ limitMillicores }) => limitMillicores);

async function up(): Promise<{ changes: object; fallback: unknown; stdout: string }> {
  const told = new Told();
  const { stdout } = await stack.up({ onEvent: told.onEvent });
  return { changes: told.changes, fallback: told.outputs['fallback'], stdout };
}

async function upFails(): Promise<string> {
  return await stack.up().then(
    () => {
      throw new Error('the update should have failed, and did not');
    },
    (error: unknown) => String(error),
  );
}

test('a preview asks the cluster nothing; an update resizes, once', async () => {
  expect((await stack.preview()).changeSummary).toEqual({ create: 2 });
  expect(cluster.requests).toEqual([]);
  expect(await up()).toMatchObject({ changes: { create: 2 }, fallback: '' });
  expect(limits()).toEqual([200]);

  cluster.requests.length = 0;
  expect((await up()).changes).toEqual({ same: 2 });
  expect((await stack.preview({ diff: true })).changeSummary).toEqual({ same: 2 });
  expect(cluster.requests).toEqual([]);

  await give({ limitMillicores: 300 });
  const { changeSummary, stdout } = await stack.preview({ diff: true });
  expect(changeSummary).toEqual({ same: 1, update: 1 });
  expect(stdout).toMatch(/limitMillicores *: 200 => 300/);
  expect((await up()).changes).toEqual({ same: 1, update: 1 });
  expect(limits()).toEqual([300]);
  const stored = readFileSync(path.join(folder, 'state/.pulumi/stacks/pod-cpu/test.json'), 'utf8');
  expect(stored).toMatch(/"limitMillicores": ?300/);
  expect(stored).not.toContain(cluster.kubeconfig);

  await stack.destroy();
  expect(limits()).toEqual([300]);
});

test('refresh finds pods that were made anew, and the next update brings them to the plan', async () => {
  await up();
  cluster.pods = [];
  cluster.addPod('north-2', 1001);
  expect((await up()).changes).toEqual({ same: 2 });
  expect((await stack.refresh()).stdout).toContain('1 updated');
  const { changeSummary, stdout } = await stack.preview({ diff: true });
  expect(changeSummary).toEqual({ same: 1, update: 1 });
  expect(stdout).toMatch(/limitMillicores *: 1001 => 200/);
  await up();
  expect(limits()).toEqual([200]);
  expect((await stack.refresh()).stdout).toContain('2 unchanged');
});

test('other pods take another resource; the pods that it had stay as they are', async () => {
  await up();
  await give({ instance: 'south' });
  expect((await up()).changes).toEqual({ same: 1, replace: 1 });
});

test('a resize that the kubelet refuses: the pods are replaced, and the update says so', async () => {
  cluster.refusal = 'Node has not enough of it';
  const { fallback, stdout } = await up();
  expect(fallback).toBe(
    'the kubelet refuses to resize north: Node has not enough of it; the pods were replaced',
  );
  expect(stdout).toContain('the pods were replaced');
  expect(cluster.pods).toMatchObject([{ name: 'north-1-new', limitMillicores: 200 }]);
});

test('an API server that never answers, and one that refuses: one message, in time', async () => {
  cluster.answers = 'silence';
  const start = performance.now();
  expect(await upFails()).toMatch(
    /listing the pods of casper\/north at http:\/\/127\.0\.0\.1:\d+ failed: no answer within 10 s/,
  );
  expect(performance.now() - start).toBeLessThan(60_000);
  cluster.answers = 'forbidden';
  expect(await upFails()).toContain('failed: 403 pods is forbidden: User "nobody" may not');
  await give({ context: 'other' });
  expect(await upFails()).toContain('no context other in');
  await give({ limitMillicores: 0.5 });
  expect(await upFails()).toMatch(/limitMillicores.*expected int/s);
});

test('an API server that is busy, in conflict or broken for a moment is asked again, as late as it says', async () => {
  cluster.resizeAnswers.push({ status: 429, retryAfterSeconds: 2 }, { status: 500 });
  const start = performance.now();
  expect(await up()).toMatchObject({ fallback: '' });
  expect(performance.now() - start).toBeGreaterThan(2000);
  expect(limits()).toEqual([200]);
  await give({ limitMillicores: 300 });
  cluster.resizeAnswers.push({ status: 409 });
  await up();
  expect(limits()).toEqual([300]);
  await give({ limitMillicores: 400 });
  cluster.resizeAnswers.push({ status: 503 }, { status: 503 }, { status: 503 });
  expect(await upFails()).toMatch(/resizing the pod north-1 of casper\/north at .* failed: 503 not now/);
  expect(cluster.resizeAnswers).toEqual([]);
});

test('a resource of version 0.1, which was a dynamic one, is taken over without a change', async () => {
  await up();
  const state = await stack.exportStack();
  const old = JSON.stringify(state.deployment)
    .replaceAll('casper:index:PodCpu', 'pulumi-nodejs:dynamic/casper:PodCpu')
    .replaceAll('pulumi:providers:casper', 'pulumi:providers:pulumi-nodejs');
  await stack.importStack({ ...state, deployment: JSON.parse(old) as unknown });
  cluster.requests.length = 0;
  expect((await up()).changes).toEqual({ same: 2 });
  expect(cluster.requests).toEqual([]);
  expect(JSON.stringify((await stack.exportStack()).deployment)).not.toContain('pulumi-nodejs');
});
