import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { controlScript } from '../../../components/host/controlScript';

let folder: string;
let control: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'casper-control-'));
  control = path.join(folder, 'control');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test('a command whose caller has gone without a word ends by itself, with all that it has started', async () => {
  writeFileSync(control, controlScript().replace(/^longest_seconds=\d+$/m, 'longest_seconds=2'));
  // The input never ends, as over a connection that was cut.
  const child = spawn('sh', [control, 'web'], { stdio: 'pipe' });
  child.stdin.write('1000\neast\n');
  let stderr = '';
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const status = await new Promise((resolve) => child.once('close', resolve));
  expect(status).toBe(1);
  expect(stderr).toContain('`control web` did not end within 2 s, and was ended half-way');
  const processes = execFileSync('ps', ['-e', '-o', 'args='], { encoding: 'utf8' });
  expect(processes).not.toContain(control);
  expect(existsSync(path.join(folder, 'web.yml'))).toBe(false);
});

test('one that ends before that says what it has to say, with its status', () => {
  writeFileSync(control, controlScript());
  const run = (verb: string, input: string): string =>
    execFileSync('sh', [control, verb], { input, encoding: 'utf8', stdio: 'pipe' });
  run('web', '5\nwest\n');
  expect(existsSync(path.join(folder, 'web.yml'))).toBe(true);
  expect(() => run('weights', '7\nwest')).toThrow('of 7 bytes of input 4 arrived; nothing was changed');
  expect(() => run('nothing', '')).toThrow('give one of: process weights');
});
