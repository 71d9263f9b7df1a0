import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';

/** Which Kubernetes plugin the lab leaves to the machine, and what it says of it. */

const checkout = path.join(__dirname, '..', '..', '..');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'casper-own-plugin-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Puts a plugin on PATH that knows nothing but its version, in the protocol's own bytes. */
function pluginOnPath(version: string): string {
  const program = path.join(folder, 'pulumi-resource-kubernetes');
  const script = `#!${process.execPath}
    const { Server, ServerCredentials } = require(${JSON.stringify(require.resolve('@grpc/grpc-js'))});
    const server = new Server();
    const same = (bytes) => bytes;
    server.addService(
      { getPluginInfo: { path: '/pulumirpc.ResourceProvider/GetPluginInfo', requestStream: false,
        responseStream: false, requestSerialize: same, requestDeserialize: same, responseSerialize: same,
        responseDeserialize: same } },
      { getPluginInfo: (call, answer) =>
          answer(null, Buffer.from([0x0a, ${version.length}, ...Buffer.from('${version}')])) });
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => console.log(port));`;
  writeFileSync(program, script);
  chmodSync(program, 0o755);
  return program;
}

/** What the lab finds and says, for an SDK that asks for 4.24.1. */
async function found(): Promise<{ own?: { program: string }; notice?: string }> {
  const script = `
    const plugin = require('./dist/lab/tools/kubernetesPlugin.js');
    const own = plugin.ownKubernetesPlugin(process.env);
    Promise.resolve(own && plugin.pluginNotice(own, '4.24.1')).then((notice) =>
      console.log(JSON.stringify({ own, notice })));`;
  const { stdout } = await execa(process.execPath, ['-e', script], {
    cwd: checkout,
    env: { PATH: `${folder}:/usr/bin:/bin`, PULUMI_HOME: folder },
  });
  return JSON.parse(stdout) as Awaited<ReturnType<typeof found>>;
}

test('the machine has none', async () => {
  expect(await found()).toEqual({});
});

test('one on PATH that is as late as the SDK asks for needs no words', async () => {
  const program = pluginOnPath('4.30.0');
  expect(await found()).toEqual({ own: { program } });
});

test('one on PATH that is older is taken, as by the engine, and said to be', async () => {
  const program = pluginOnPath('4.10.0');
  const { own, notice } = await found();
  expect(own).toEqual({ program });
  expect(notice).toContain(`${program}, of version 4.10.0`);
  expect(notice).toContain('4.24.1 or later');
  expect(notice).toContain('take it off PATH');
});

test('a program of that name that is no plugin is said to be silent', async () => {
  writeFileSync(path.join(folder, 'pulumi-resource-kubernetes'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  expect((await found()).notice).toContain('does not say its version');
});

test('an installed one that is too old is not taken', async () => {
  const installed = path.join(folder, 'plugins', 'resource-kubernetes-v4.10.0');
  mkdirSync(installed, { recursive: true });
  writeFileSync(path.join(installed, 'pulumi-resource-kubernetes'), '');
  expect(await found()).toEqual({});
});
