import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';

/** The lab itself: these tests take it down, so none may be up that somebody uses. */

jest.setTimeout(300_000);

const checkout = path.join(__dirname, '..', '..');
const scratch = mkdtempSync(path.join(tmpdir(), 'casper-lifecycle-'));

const lab = (...args: string[]) =>
  execa('node', ['dist/cli/main.js', 'lab', ...args], { cwd: checkout, reject: false });
/** Throws what was printed when it fails. */
const labSucceeds = (args: string[], env: Record<string, string> = {}) =>
  execa('node', ['dist/cli/main.js', 'lab', ...args], { cwd: checkout, env });

/** Everything of the lab that can stay behind, one line each. */
async function remains(): Promise<string[]> {
  const [processes, interfaces, namespaces] = await Promise.all(
    [
      ['ps', '-eo', 'pid,stat,args'],
      ['ip', '-oneline', 'link'],
      ['ip', 'netns'],
    ].map(async ([file = '', ...args]) => (await execa(file, args)).stdout.split('\n')),
  );
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  return [
    ...(processes ?? []).filter((line) => line.includes('/var/lib/casper-lab') && !line.includes('ps -eo')),
    ...(interfaces ?? []).filter((line) => / casper-/.test(line)),
    ...(namespaces ?? []).filter((line) => line.startsWith('casper-')),
    ...mounts.filter((line) => line.includes('casper-lab')),
    ...mounts
      .filter((line) => line.includes(' cgroup'))
      .map((line) => `${line.split(' ')[1] ?? ''}/casper-lab`)
      .filter((group) => existsSync(group)),
    ...['/var/lib/casper-lab'].filter((folder) => existsSync(folder)),
    ...linksInto('/var/lib/casper-lab', '/var/log/containers'),
  ];
}

function linksInto(target: string, folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((file) => readFileSync(path.join(folder, file), 'utf8').includes(target));
}

beforeAll(async () => {
  if (process.getuid?.() !== 0) throw new Error('these tests need root');
  if ((await lab('status', '--quiet')).exitCode === 0) {
    throw new Error('a lab is up: these tests would take it down; run `casper lab down` first');
  }
  await lab('down');
});
afterAll(async () => {
  await lab('down');
  rmSync(scratch, { recursive: true });
});

test('up that is killed at any moment: down takes away what is there, and the next up works', async () => {
  for (const milliseconds of [700, 1500, 3000, 6000]) {
    const up = execa('node', ['dist/cli/main.js', 'lab', 'up'], { cwd: checkout, reject: false });
    await sleep(milliseconds);
    up.kill('SIGKILL');
    await up;
    expect((await lab('status')).exitCode).toBe(1);
    const down = await lab('down');
    expect([down.exitCode, down.stderr]).toEqual([0, expect.any(String)]);
    expect(await remains()).toEqual([]);
  }
});

test('groups that go while down looks at them, as a container’s does that ends', async () => {
  const [, mount = ''] = /^\S+ (\S+) cgroup2? /m.exec(readFileSync('/proc/self/mounts', 'utf8')) ?? [];
  const root = path.join(mount, 'casper-lab');
  for (let index = 0; index < 2000; index++) mkdirSync(path.join(root, `pod${index}`), { recursive: true });
  const going = execa('sh', ['-c', `ls -d ${root}/pod* | shuf | while read g; do rmdir "$g"; done`], {
    reject: false,
  });
  const down = await lab('down');
  await going;
  expect([down.exitCode, down.stderr]).toEqual([0, expect.not.stringContaining('Error')]);
  expect(await remains()).toEqual([]);
});

/** A PATH on which every shell takes its time, as where many processes and cgroups are made at once. */
function slowShells(): string {
  writeFileSync(path.join(scratch, 'sh'), '#!/bin/sh\nsleep 0.3\nexec /bin/sh "$@"\n', { mode: 0o755 });
  return `${scratch}:${process.env['PATH'] ?? ''}`;
}

test('up on a slow machine says what it waits for; a second one has nothing to do; down twice is fine', async () => {
  const first = await labSucceeds(['up'], { PATH: slowShells() });
  expect(first.stdout).toContain('the lab is up');
  expect(first.stderr).toContain('waiting for the API server');
  expect(first.stderr).toContain('waiting for 3 nodes to be ready');
  const before = (await lab('status', '--json')).stdout;
  expect((await lab('up')).stdout).toBe('the lab was up already');
  expect((await lab('status', '--json')).stdout).toBe(before);

  // A pod, so that there is a container, its mounts and its network to take away.
  const image = 'registry.k8s.io/pause:3.10';
  const kubectl = (...args: string[]): Promise<unknown> =>
    execa('node', ['dist/cli/main.js', 'lab', 'exec', '--', 'kubectl', ...args], { cwd: checkout });
  await kubectl('run', 'pod', `--image=${image}`);
  await kubectl('wait', '--for=condition=Ready', 'pod/pod', '--timeout=60s');

  await labSucceeds(['down']);
  await sleep(500);
  expect((await remains()).filter((line) => !/^\s*\d+ Z/.test(line))).toEqual([]);
  await labSucceeds(['down']);
});

test('down that is killed half-way: the next one finishes', async () => {
  await labSucceeds(['up']);
  const down = execa('node', ['dist/cli/main.js', 'lab', 'down'], { cwd: checkout, reject: false });
  await sleep(450);
  down.kill('SIGKILL');
  await down;
  await labSucceeds(['down']);
  expect(await remains()).toEqual([]);
});

test('a lab that lost a part is not up, and the next up makes it anew', async () => {
  await labSucceeds(['up']);
  const { daemons } = JSON.parse((await lab('status', '--json')).stdout) as {
    daemons: { name: string; pid: number }[];
  };
  process.kill(daemons.find(({ name }) => name === 'etcd')?.pid ?? NaN, 'SIGKILL');
  await sleep(300);
  const status = await lab('status');
  expect([status.exitCode, status.stdout]).toEqual([1, expect.stringContaining('ended  etcd')]);
  const up = await lab('up');
  expect([up.exitCode, up.stderr]).toEqual([
    0,
    expect.stringContaining('taking down what is left of an earlier lab'),
  ]);
});

test('two at a time: the second one says so', async () => {
  await lab('down');
  const first = lab('up');
  await sleep(1500);
  const second = await lab('up');
  expect([second.exitCode, second.stderr]).toEqual([
    1,
    expect.stringContaining('another process brings the lab up or down'),
  ]);
  expect((await first).exitCode).toBe(0);
  await lab('down');
});

test('not root: the message says what for, and nothing is made', async () => {
  const { exitCode, stderr } = await execa(
    'setpriv',
    ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, 'dist/cli/main.js', 'lab', 'up'],
    { cwd: checkout, reject: false },
  );
  expect([exitCode, stderr]).toEqual([
    1,
    expect.stringMatching(/^casper: the lab needs root, for network namespaces/),
  ]);
  expect(await remains()).toEqual([]);
});

test('exec without a lab says how to get one', async () => {
  const { exitCode, stderr } = await lab('exec', '--', 'true');
  expect([exitCode, stderr]).toEqual([
    1,
    expect.stringContaining('the lab is not up; run `casper lab up` first'),
  ]);
});
