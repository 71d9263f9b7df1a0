import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { PackedPackage } from '../../packedPackage';

/** A real `npm install` is not tested; a preview by the engine is, in test/lab/example.test.ts. */

jest.setTimeout(120_000);

let own: PackedPackage;
let folder: string;
let packed: string;
beforeAll(async () => {
  own = await PackedPackage.create();
  ({ folder, packed } = own);
});
afterAll(() => {
  own.remove();
});

test('npx casper plan works on the sample that comes with it', async () => {
  const { stdout } = await execa('npx', ['casper', 'plan', '--at', '2026-01-05T00:00:00Z', '--json'], {
    cwd: folder,
  });
  expect(JSON.parse(stdout)).toMatchObject({
    interval: '2026-01-05T00:00:00Z',
    policy: 'carbon',
    synthetic: true,
  });
});

test('it holds what runs and the declarations of the components, and nothing of tests and benches', async () => {
  const { stdout } = await execa('find', ['.', '-type', 'f'], { cwd: packed });
  const files = stdout.split('\n').map((file) => file.slice(2));
  expect(files).toEqual(
    expect.arrayContaining([
      'dist/index.js',
      'dist/components/index.d.ts',
      'dist/components/host/hostControl.sh',
      'dist/components/host/supervisor.sh',
      'dist/components/host/machineStart.sh',
      'components/podCpu/bin/pulumi-resource-casper',
      'Pulumi.yaml',
      'Pulumi.dev.yaml',
    ]),
  );
  expect(
    files.filter((file) => /^(dist\/)?(bench|lab|test|node_modules)\/|\.map$|tsbuildinfo/.test(file)),
  ).toEqual([]);
});

test('npx casper --help names what can run here: each command loads, and none is of the lab alone', async () => {
  const { stdout } = await execa('npx', ['casper', '--help'], { cwd: folder });
  const named = [...stdout.matchAll(/^ {2}([a-z]+) /gm)].map(([, name = '']) => name);
  expect(named).toEqual(expect.arrayContaining(['plan', 'apply', 'init']));
  expect(named).not.toContain('lab');
  expect(stdout).not.toMatch(/\blab\b/i);
  // What npx starts, without a second of npx each time.
  const bin = path.join(folder, 'node_modules', '.bin', 'casper');
  const casper = (...args: string[]) => execa(bin, args, { cwd: folder, reject: false });
  for (const name of named.filter((each) => each !== 'help')) {
    const help = await casper(name, '--help');
    expect(help).toMatchObject({ exitCode: 0, stderr: '' });
    expect(`${name}: ${help.stdout}`).not.toMatch(/\blab\b/i);
  }
  expect(await casper('lab', 'up')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining("unknown command 'lab'") as string,
  });
});

const tsc = (...more: string[]) =>
  execa(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.', ...more], {
    cwd: folder,
    reject: false,
  });

test('the example program is sound, and makes a Deployment and a Service in each region', async () => {
  expect(await tsc()).toMatchObject({ stdout: '', exitCode: 0 });
  // As the unit tests do it, in a process of its own: what is asked for comes from the package and not from here.
  writeFileSync(
    path.join(folder, 'underMocks.js'),
    `const { runtime } = require('@pulumi/pulumi');
     const made = [];
     const newResource = ({ type, name, inputs }) => (made.push(type + ' ' + name), { id: name, state: inputs });
     runtime.setMocks({ newResource, call: () => ({}) }, 'two-regions', 'dev').then(async () => {
       require('./bin/index.js');
       await runtime.disconnect();
       console.log(JSON.stringify(made));
     });`,
  );
  const { stdout } = await execa(process.execPath, ['underMocks.js'], { cwd: folder });
  expect(z.array(z.string()).parse(JSON.parse(stdout)).sort()).toEqual([
    'casper:index:RegionService eu-west-3',
    'casper:index:RegionService us-east-1',
    'kubernetes:apps/v1:Deployment eu-west-3',
    'kubernetes:apps/v1:Deployment us-east-1',
    'kubernetes:core/v1:Namespace web',
    'kubernetes:core/v1:Service eu-west-3',
    'kubernetes:core/v1:Service us-east-1',
    'kubernetes:networking.k8s.io/v1:NetworkPolicy eu-west-3',
    'kubernetes:networking.k8s.io/v1:NetworkPolicy us-east-1',
  ]);
});

test('an argument that a component does not have is refused by its types', async () => {
  const misspelt = readFileSync(path.join(folder, 'index.ts'), 'utf8').replace('port:', 'prot:');
  writeFileSync(path.join(folder, 'index.ts'), misspelt);
  const { exitCode, stdout } = await tsc('--noEmit');
  expect(exitCode).not.toBe(0);
  expect(stdout).toMatch(/'prot' does not exist in type 'RegionServiceArgs'/);
});
