import { spawn } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const built = path.join(__dirname, '../../../dist/cli/onSignals.js');

/** A program that waits for signals, as it is built; the milliseconds stand before each signal. */
async function signalled(signals: readonly (readonly [number, NodeJS.Signals])[]) {
  const child = spawn(process.execPath, [
    ...[
      '--eval',
      `require(${JSON.stringify(built)}).onSignals(
      (name) => console.log('first', name),
      (name) => console.log('at once', name),
    );
    console.log('ready');
    setTimeout(() => undefined, 20_000);`,
    ],
  ]);
  let said = '';
  child.stdout.on('data', (data: Buffer) => (said += data.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  while (!said.includes('ready')) await sleep(20);
  for (const [afterMs, name] of signals) {
    await sleep(afterMs);
    child.kill(name);
  }
  return { child, ended, said: () => said.split('\n').slice(1, -1) };
}

test('the first signal ends in order, and the second at once, as a shell says it', async () => {
  const { ended, said } = await signalled([
    [0, 'SIGINT'],
    [1500, 'SIGTERM'],
  ]);
  expect(await ended).toBe(143);
  expect(said()).toEqual(['first SIGINT', 'at once SIGTERM']);
});

test('one Ctrl-C that comes twice, from the terminal and from npx, is one', async () => {
  const { child, ended, said } = await signalled([
    [0, 'SIGINT'],
    [1, 'SIGINT'],
    [1, 'SIGTERM'],
  ]);
  await sleep(700);
  expect([child.exitCode, said()]).toEqual([null, ['first SIGINT']]);
  child.kill('SIGKILL');
  await ended;
});

test('a terminal that is closed ends in order too', async () => {
  const { child, ended, said } = await signalled([[0, 'SIGHUP']]);
  while (said().length === 0) await sleep(20);
  expect(said()).toEqual(['first SIGHUP']);
  child.kill('SIGKILL');
  await ended;
});

test('an output that nobody reads any more ends after what is under way, by name, and cancels nothing', async () => {
  const stopping = JSON.stringify(path.join(__dirname, '../../../dist/cli/stopping.js'));
  const child = spawn(process.execPath, [
    ...[
      '--eval',
      `const { stopped, cancelled } = require(${stopping}).stopping('dev');
       stopped.addEventListener('abort', () => {
         console.error(String(stopped.reason), stopped.reason.exitCode, cancelled.aborted);
         process.exit(0);
       });
       setInterval(() => console.log('more'), 20);`,
    ],
  ]);
  let said = '';
  child.stderr.on('data', (data: Buffer) => (said += data.toString()));
  child.stdout.once('data', () => child.stdout.destroy());
  await new Promise((resolve) => child.once('close', resolve));
  expect(said).toBe(
    'OutputClosedError: whoever read standard output has closed it; ended after the update that was under way 141 false\n',
  );
});
