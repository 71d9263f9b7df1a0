import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pulumiInItsSession } from '../../../../driver/engine/pulumiCommand';
import { UpdateError } from '../../../../driver/engine/update';

const folder = mkdtempSync(path.join(tmpdir(), 'casper-pulumi-'));
const before = process.env['PATH'];
beforeAll(() => {
  // It takes every request to end for none, and so does what it has started.
  const script = `#!/bin/sh
[ "$1" != version ] || { echo v3.259.0; exit; }
trap '' INT TERM
sleep 60 &
echo $! $$ > ${folder}/pids
wait
`;
  writeFileSync(path.join(folder, 'pulumi'), script, { mode: 0o755 });
  process.env['PATH'] = `${folder}:${before ?? ''}`;
});
afterAll(() => {
  process.env['PATH'] = before;
  rmSync(folder, { recursive: true });
});

const runs = (pid: number): boolean => {
  try {
    return /^\d+ \(.*\) [^ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

/** Asks what a Pulumi that hangs is asked. */
async function ask(args: string[], signal?: AbortSignal): Promise<unknown> {
  const pulumi = await pulumiInItsSession({ asksWithinSeconds: 5, endsWithinSeconds: 1 });
  const run = pulumi as unknown as { run: (...call: unknown[]) => Promise<unknown> };
  return run.run(args, folder, {}, undefined, undefined, signal).catch((error: unknown) => error);
}

test('a question to the backend that is not answered is given up, and Pulumi is ended with what it has started', async () => {
  const error = await ask(['stack', 'export', '--stack', 'dev']);
  expect(error).toBeInstanceOf(UpdateError);
  expect((error as Error).message).toBe(
    '`pulumi stack export` did not end within 5 s: does the backend (PULUMI_BACKEND_URL) answer? Nothing was changed.',
  );
  const pids = readFileSync(path.join(folder, 'pids'), 'utf8').trim().split(' ').map(Number);
  expect(pids.filter(runs)).toEqual([]);
});

test('an update has no bound but the one that it is given, and is killed where it does not end in order', async () => {
  const cancel = new AbortController();
  const began = performance.now();
  setTimeout(() => {
    cancel.abort();
  }, 3000);
  const error = await ask(['up', '--yes'], cancel.signal);
  expect(performance.now() - began).toBeGreaterThan(3900);
  expect(error).not.toBeInstanceOf(UpdateError);
  expect(error).toBeInstanceOf(Error);
});

test('what is to end before it has begun is not begun', async () => {
  rmSync(path.join(folder, 'pids'), { force: true });
  const reason = new Error('ended');
  expect(await ask(['up'], AbortSignal.abort(reason))).toBe(reason);
  expect(existsSync(path.join(folder, 'pids'))).toBe(false);
});
