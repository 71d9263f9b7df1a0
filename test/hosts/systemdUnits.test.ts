import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { debianProgram } from './tools';

const units = path.join(__dirname, '../../deploy/systemd');
const folder = mkdtempSync(path.join(tmpdir(), 'casper-units-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** The units as instances of a stack, with a program and a user that this machine has. */
const instances = readdirSync(units).map((name) => {
  const file = path.join(folder, name.replace('@', '@prod'));
  const text = readFileSync(path.join(units, name), 'utf8')
    .replaceAll('/usr/local/bin/casper', process.execPath)
    .replaceAll('User=casper', 'User=daemon');
  writeFileSync(file, text);
  return file;
});
const services = instances.filter((file) => file.endsWith('.service'));

/** What systemd-analyze has to say; it fails with what it prints. */
async function analyze(...args: string[]): Promise<string> {
  const program = debianProgram('/usr/bin/systemd-analyze', 'systemd');
  const { stdout, stderr } = await promisify(execFile)(program, args, { timeout: 20_000 });
  return stderr + stdout;
}

test('systemd takes every unit without a remark', async () => {
  expect(instances).toHaveLength(3);
  expect(await analyze('verify', '--man=no', ...instances)).toBe('');
});

test('a setting that systemd does not know is found', async () => {
  const [service = ''] = services;
  const wrong = service.replace('@prod', '@wrong');
  writeFileSync(wrong, readFileSync(service, 'utf8').replace('NoNewPrivileges=', 'NoNewPrivilege='));
  expect(await analyze('verify', '--man=no', wrong)).toMatch(/Unknown key.*'NoNewPrivilege'/);
});

test.each(services.map((file) => [path.basename(file), file]))('%s may do little', async (_, file) => {
  // Of 10, which a unit without a setting of its own has almost all of.
  expect(await analyze('security', '--offline=true', '--threshold=25', file)).toContain(
    'Overall exposure level',
  );
});

test('a stop is for casper alone, and waits for an update; what people and data hold is no failure', () => {
  for (const file of services) expect(readFileSync(file, 'utf8')).toMatch(/^KillMode=mixed$/m);
  const tick = readFileSync(path.join(units, 'casper-tick@.service'), 'utf8');
  expect(tick).toMatch(/^SuccessExitStatus=4 5 143$/m);
});
