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
