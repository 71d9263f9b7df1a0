import { spawnSync } from 'node:child_process';
import { hostname } from 'node:os';
import { isGone, lockHolders, type LockHolder } from '../../../../driver/engine/lock';

const text = (pid: number): string =>
  'error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock ' +
  `file with \`pulumi cancel\`.\n  file:///locks/a.json: created by root@${hostname()} (pid ${pid}) at 2026-01-05T00:00:00Z`;

const holder = (pid: number, host = hostname()): LockHolder => ({
  user: 'root',
  host,
  pid,
  since: '2026-01-05T00:00:00Z',
});

test('the holders stand in the error’s text, each once though it is said twice', () => {
  expect(lockHolders(`${text(42)}\n${text(42)}\n${text(43)}`)).toEqual([holder(42), holder(43)]);
  expect(lockHolders('some other error')).toEqual([]);
});

test('a holder is gone only where it can be known', () => {
  const ended = spawnSync('true').pid;
  expect(isGone(holder(ended))).toBe(true);
  expect(isGone(holder(process.pid))).toBe(false);
  expect(isGone(holder(1))).toBe(false);
  expect(isGone(holder(ended, 'another-machine'))).toBe(false);
});
