import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { identityOf } from '../../../../driver/engine/processIdentity';
import { holdingStack, StackHeldError } from '../../../../driver/engine/stackHold';

let backend: string;
let folder: string;
const notes: string[] = [];
const before = process.env['PULUMI_BACKEND_URL'];
beforeEach(() => {
  backend = mkdtempSync(path.join(tmpdir(), 'casper-hold-'));
  process.env['PULUMI_BACKEND_URL'] = `file://${backend}`;
  folder = path.join(backend, '.pulumi/casper-holds/dev');
  notes.length = 0;
});
afterEach(() => {
  if (before === undefined) delete process.env['PULUMI_BACKEND_URL'];
  else process.env['PULUMI_BACKEND_URL'] = before;
  rmSync(backend, { recursive: true });
});

const hold = (work: () => Promise<unknown>, stackName = 'dev'): Promise<unknown> =>
  holdingStack({ stackName, projectDirectory: backend }, 'casper run', (note) => notes.push(note), work);
const nothing = (): Promise<string> => Promise.resolve('done');

/** Says that a process holds the stack. */
function heldBy(process: object, name = 'other'): string {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify({ process, command: 'casper apply', since: '2026-01-05T00:00:00Z' }));
  return file;
}
const self = () => {
  const identity = identityOf(process.pid);
  if (!identity) throw new Error('these tests need Linux');
  return identity;
};

test('work is done while a file says so, which is gone afterwards, also where the work fails', async () => {
  const seen: number[] = [];
  await expect(
    hold(() => {
      seen.push(readdirSync(folder).length);
      return nothing();
    }),
  ).resolves.toBe('done');
  await expect(hold(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect([seen, readdirSync(folder), notes]).toEqual([[1], [], []]);
});

test('another process that lives is named, with what to do, and keeps the stack', async () => {
  // The one that started this one.
  const file = heldBy(identityOf(process.ppid) ?? {});
  let done = false;
  const refused = await hold(() => Promise.resolve((done = true))).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(StackHeldError);
  expect((refused as Error).message).toBe(
    `Stack dev is being changed by \`casper apply\`, process ${process.ppid} on ${self().host}, since 2026-01-05T00:00:00Z. ` +
      `Wait for it, or end it. Where you know that it runs no longer, \`rm '${file}'\` lets others in. Nothing was changed.`,
  );
  expect([done, readdirSync(folder)]).toEqual([false, ['other.json']]);
});

test('of another stack it keeps nobody', async () => {
  heldBy(identityOf(process.ppid) ?? {});
  await expect(hold(nothing, 'prod')).resolves.toBe('done');
});

test('a process that is proved to be dead lets others in: by its start, or the boot of the machine', async () => {
  heldBy({ ...self(), startTicks: '1' }, 'number taken by another program');
  heldBy({ ...self(), bootId: 'another' }, 'before a reboot');
  await expect(hold(nothing)).resolves.toBe('done');
  expect(readdirSync(folder)).toEqual([]);
});

test('one of another machine, and of another container, is not proved to be', async () => {
  const file = heldBy({ ...self(), host: 'elsewhere', startTicks: '1' });
  await expect(hold(nothing)).rejects.toThrow('on elsewhere, since');
  rmSync(file);
  heldBy({ ...self(), pidNamespace: 'pid:[1]', startTicks: '1' });
  await expect(hold(nothing)).rejects.toThrow(StackHeldError);
});

test('a file that is empty or cut is named too', async () => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'cut.json'), '{"process":');
  await expect(hold(nothing)).rejects.toThrow('another casper, which its file does not tell');
});

describe('where the environment names no backend', () => {
  const home = process.env['PULUMI_HOME'];
  beforeEach(() => {
    delete process.env['PULUMI_BACKEND_URL'];
    process.env['PULUMI_HOME'] = path.join(backend, 'home');
    mkdirSync(path.join(backend, 'home'));
  });
  afterEach(() => {
    if (home === undefined) delete process.env['PULUMI_HOME'];
    else process.env['PULUMI_HOME'] = home;
  });
  const loginTo = (current: string): void => {
    writeFileSync(path.join(backend, 'home/credentials.json'), JSON.stringify({ current }));
  };

  test('a folder that people are logged in to keeps others off, as machines may share it', async () => {
    loginTo(`file://${backend}`);
    heldBy({ ...self(), host: 'elsewhere' });
    await expect(hold(nothing)).rejects.toThrow('on elsewhere, since');
    expect(notes).toEqual([]);
  });

  test('so does one that Pulumi.yaml names, from its own folder', async () => {
    loginTo('https://state.example');
    writeFileSync(path.join(backend, 'Pulumi.yaml'), 'name: casper\nbackend: { url: file://. }\n');
    heldBy({ ...self(), host: 'elsewhere' });
    await expect(hold(nothing)).rejects.toThrow('on elsewhere, since');
  });

  test('state elsewhere keeps no other machine off, and that is said, without what its address must not tell', async () => {
    loginTo('s3://key:secret@bucket/path?token=secret');
    await expect(hold(nothing)).resolves.toBe('done');
    expect(notes).toEqual([
      "the stack's state is at s3://bucket/path: let one machine alone change it, as a casper on another is kept off during updates only",
    ]);
  });

  test('nothing is said where nobody is logged in, or the file is torn: Pulumi says it', async () => {
    await expect(hold(nothing)).resolves.toBe('done');
    writeFileSync(path.join(backend, 'home/credentials.json'), '{"current": "s3:');
    await expect(hold(nothing)).resolves.toBe('done');
    expect(notes).toEqual([]);
  });
});

test('where nothing can be written down the work is done, and that is said', async () => {
  writeFileSync(path.join(backend, '.pulumi'), 'no folder');
  await expect(hold(nothing)).resolves.toBe('done');
  expect(notes).toEqual([
    expect.stringMatching(/^another casper could change the stack meanwhile, .*ENOTDIR/),
  ]);
});
