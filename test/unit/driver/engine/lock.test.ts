import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { damagedLocks, lockHolders, removeLock, type LockHolder } from '../../../../driver/engine/lock';
import { identityOf, isProvablyDead, type ProcessIdentity } from '../../../../driver/engine/processIdentity';
import { isGone, note } from '../../../../driver/engine/updateRecord';

const now = new Date().toISOString().replace(/\.\d+/, '');
const text = (user: string, pid: number): string =>
  'error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock ' +
  `file with \`pulumi cancel\`.\n  file:///locks/a.json?no_tmp_dir=true: created by ${user}@${hostname()} (pid ${pid}) at ${now}\n`;
const holder = (pid: number, host = hostname()): LockHolder => ({ user: 'root', host, pid, since: now });

test('the holders stand in the error’s text, each once though it is said twice, with whatever name', () => {
  const file = '/locks/a.json';
  expect(lockHolders(`${text('root', 42)}\n${text('root', 42)}\n${text('John Doe', 43)}`)).toEqual([
    { ...holder(42), file },
    { ...holder(43), user: 'John Doe', file },
  ]);
  expect(lockHolders(text('CORP\\\\jane@corp', 1))).toMatchObject([
    { user: 'CORP\\\\jane@corp', host: hostname() },
  ]);
  const [elsewhere] = lockHolders(`  s3://bucket/a.json: created by root@h (pid 1) at ${now}`);
  expect(elsewhere).toEqual({ ...holder(1, 'h') });
  expect(lockHolders('some other error')).toEqual([]);
});

describe('a process is dead only where that is proved', () => {
  const own = (): ProcessIdentity => {
    const found = identityOf(process.pid);
    if (!found) throw new Error('this needs Linux');
    return found;
  };
  test.each<[string, Partial<ProcessIdentity>, boolean]>([
    ['it runs', {}, false],
    ['its number is another program’s by now', { startTicks: '1' }, true],
    ['the machine was started anew', { bootId: 'another' }, true],
    ['it ran on another machine', { host: 'another', bootId: 'another' }, false],
    ['it ran in a container of the same host name', { pidNamespace: 'pid:[1]', startTicks: '1' }, false],
    ['nothing runs under its number', { pid: spawnSync('true').pid }, true],
  ])('%s', (_what, change, dead) => {
    expect(isProvablyDead({ ...own(), ...change })).toBe(dead);
  });

  test('one that has ended and was not waited for', async () => {
    const shell = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 30']);
    const pid = await new Promise<number>((resolve) => {
      shell.stdout.once('data', (data: Buffer) => {
        resolve(Number(data.toString()));
      });
    });
    while (identityOf(pid)) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    shell.kill();
  });
});

test('a lock’s holder is gone where its process was noted, at the lock’s time, and has ended', async () => {
  const child = spawn('sleep', ['30']);
  const pid = child.pid ?? 0;
  const file = note(pid) ?? '';
  try {
    expect(isGone(holder(pid))).toBe(false);
    child.kill();
    await new Promise((ended) => child.once('exit', ended));
    expect(isGone(holder(pid))).toBe(true);
    expect(isGone(holder(pid, 'another-machine'))).toBe(false);
    expect(isGone({ ...holder(pid), since: '2020-01-01T00:00:00Z' })).toBe(false);
    expect(isGone({ ...holder(pid), since: 'no time' })).toBe(false);
    // Half of it proves nothing.
    writeFileSync(file, readFileSync(file, 'utf8').slice(0, 40));
    expect(isGone(holder(pid))).toBe(false);
  } finally {
    rmSync(file);
  }
  expect(isGone(holder(pid))).toBe(false);
});

describe('lock files', () => {
  let root: string;
  let locks: string;
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'casper-locks-'));
    locks = path.join(root, '.pulumi/locks/organization/casper/dev');
    mkdirSync(locks, { recursive: true });
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });
  const lockOf = (name: string, content: string): string => {
    const file = path.join(locks, name);
    writeFileSync(file, content);
    return file;
  };

  test('the dead holder’s goes, also where another driver was first; a new one stays', () => {
    const dead = lockOf('a.json', '{"pid":42}');
    const living = lockOf('b.json', '{"pid":43}');
    removeLock({ ...holder(42), file: dead });
    removeLock({ ...holder(42), file: dead });
    removeLock({ ...holder(42), file: living });
    expect([existsSync(dead), existsSync(living)]).toEqual([false, true]);
  });

  test('one that is empty or cut is found', () => {
    lockOf('a.json', '{"pid":42}');
    const damaged = [lockOf('b.json', ''), lockOf('c.json', '{"pid":4')];
    lockOf('a.json.attrs', '');
    expect(damagedLocks(`file://${root}?no_tmp_dir=true`)).toEqual(damaged);
    expect(damagedLocks('file:///nowhere')).toEqual([]);
    expect(damagedLocks('s3://bucket')).toEqual([]);
  });
});
