import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';

/**
 * What `npm pack` gives, in a folder that has nothing else of the project. The registry is not asked: what the package
 * depends on is linked from the project's node_modules. A real `npm install` and a preview by the engine are not tested.
 */

jest.setTimeout(120_000);

const project = path.join(__dirname, '../../..');
const manifestSchema = z.object({
  bin: z.object({ casper: z.string() }),
  dependencies: z.record(z.string(), z.string()),
  optionalDependencies: z.record(z.string(), z.string()).default({}),
});

let folder: string;
let packed: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'casper-package-'));
  packed = path.join(folder, 'node_modules', 'casper');
  mkdirSync(packed, { recursive: true });
  const { stdout } = await execa('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: project });
  await execa('tar', ['-xzf', path.join(folder, stdout.trim()), '-C', packed, '--strip-components=1']);
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(path.join(packed, 'package.json'), 'utf8')));
  const tools = ['@types/node', 'typescript'];
  const linked = [
    ...Object.keys(manifest.dependencies),
    ...Object.keys(manifest.optionalDependencies),
    ...tools,
  ];
  for (const name of linked) {
    const link = path.join(folder, 'node_modules', name);
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync(path.join(project, 'node_modules', name), link);
  }
  mkdirSync(path.join(folder, 'node_modules', '.bin'));
  symlinkSync(
    path.join('..', 'casper', manifest.bin.casper),
    path.join(folder, 'node_modules', '.bin', 'casper'),
  );
  cpSync(path.join(project, 'examples', 'two-regions'), folder, { recursive: true });
});
afterAll(() => {
  rmSync(folder, { recursive: true });
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
      'components/podCpu/bin/pulumi-resource-casper',
      'Pulumi.yaml',
      'Pulumi.dev.yaml',
    ]),
  );
  expect(
    files.filter((file) => /^(dist\/)?(bench|test|node_modules)\/|\.map$|tsbuildinfo/.test(file)),
  ).toEqual([]);
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
  ]);
});

test('an argument that a component does not have is refused by its types', async () => {
  const misspelt = readFileSync(path.join(folder, 'index.ts'), 'utf8').replace('port:', 'prot:');
  writeFileSync(path.join(folder, 'index.ts'), misspelt);
  const { exitCode, stdout } = await tsc('--noEmit');
  expect(exitCode).not.toBe(0);
  expect(stdout).toMatch(/'prot' does not exist in type 'RegionServiceArgs'/);
});
