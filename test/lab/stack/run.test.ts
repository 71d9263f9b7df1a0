import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { besidesProgress, CasperStack, casper, checkout } from './casperCommand';

jest.setTimeout(240_000);

test('run: successive intervals of a trace, on a copy of the stack file, with records', async () => {
  const stack = CasperStack.create('test-run');
  const text = readFileSync(stack.configFile, 'utf8');
  const runs = path.join(path.dirname(stack.configFile), 'runs');
  try {
    const { exitCode, stdout, stderr } = await casper([
      'run',
      ...['--stack', stack.name, '--config-file', stack.configFile, '--runs', runs],
      ...['--intervals', '2', '--max-latency', '150', '--json'],
    ]);
    expect([exitCode, besidesProgress(stderr)]).toEqual([
      0,
      [expect.stringContaining('note: what is live is the plan in the run')],
    ]);
    const records = stdout
      .split('\n')
      .map((line) => JSON.parse(line) as { plan: { interval: string }; verification: { ok: boolean }[] });
    expect(records.map(({ plan }) => plan.interval)).toEqual([
      '2026-01-05T00:00:00Z',
      '2026-01-05T01:00:00Z',
    ]);
    expect(records.flatMap(({ verification }) => verification.map(({ ok }) => ok))).toEqual(
      Array(12).fill(true),
    );
    const [run = ''] = readdirSync(runs);
    const page = path.join(runs, run, 'report.html');
    const written = readFileSync(page, 'utf8');
    rmSync(page);
    expect((await casper(['report', path.join(runs, run)])).exitCode).toBe(0);
    expect(readFileSync(page, 'utf8')).toBe(written);
    expect(readFileSync(stack.configFile, 'utf8')).toBe(text);
    expect(existsSync(path.join(checkout, `Pulumi.${stack.name}.yaml`))).toBe(false);
  } finally {
    await stack.remove();
  }
});

test('run, ended by a signal during an update: one cancel, nothing pending, a page; meanwhile nobody else gets in', async () => {
  const stack = CasperStack.create('test-run-stop');
  const runs = path.join(path.dirname(stack.configFile), 'runs');
  try {
    const run = execa(
      'node',
      [
        ...['dist/cli/main.js', 'run', '--stack', stack.name, '--config-file', stack.configFile],
        ...['--runs', runs, '--intervals', '3', '--seconds-per-interval', '600', '--max-latency', '150'],
      ],
      { cwd: checkout, reject: false },
    );
    const updating = (): boolean => pulumiOf(run.pid ?? NaN, 'up');
    while (!updating() && run.exitCode === null) await sleep(50);
    const { exitCode, stderr } = await stack.run('apply');
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringMatching(
        new RegExp(
          `^casper: Stack ${stack.name} is being changed by \`casper run\`, process ${run.pid ?? ''} on `,
        ),
      ),
    ]);
    expect(updating()).toBe(true);
    run.kill('SIGINT');
    const ended = await run;
    expect([ended.exitCode, ended.stderr]).toEqual([130, expect.stringContaining('casper: ended by SIGINT')]);
    expect(ended.stderr).toContain('note: SIGINT: what is under way is cancelled in order');
    const [folder = ''] = readdirSync(runs);
    expect(readFileSync(path.join(runs, folder, 'report.html'), 'utf8')).toContain('after 0 of 3 intervals');
    const exported = await execa('pulumi', ['stack', 'export', '--stack', stack.name], { cwd: checkout });
    const state = JSON.parse(exported.stdout) as { deployment: { pending_operations?: unknown[] } };
    expect(state.deployment.pending_operations ?? []).toEqual([]);
    const after = await stack.run('apply');
    expect([after.exitCode, besidesProgress(after.stderr)]).toEqual([0, []]);
  } finally {
    await stack.remove();
  }
});

test('run over an hour that lacks a carbon intensity, and past an update that is refused: both are told and recorded', async () => {
  const stack = CasperStack.create('test-run-on');
  const folder = path.dirname(stack.configFile);
  const traces = path.join(folder, 'traces');
  cpSync(path.join(checkout, 'traces/sample'), traces, { recursive: true });
  const carbon = path.join(traces, 'carbon_intensities.csv');
  const rows = readFileSync(carbon, 'utf8').split('\n');
  rows[2] = (rows[2] ?? '').replace(/[^,]+$/, '');
  writeFileSync(carbon, rows.join('\n'));
  const lock = path.join(
    ...[
      process.env['CASPER_LAB'] ?? '',
      'pulumi/.pulumi/locks/organization/casper',
      stack.name,
      'other.json',
    ],
  );
  try {
    const run = execa(
      'node',
      [
        ...[
          'dist/cli/main.js',
          'run',
          '--stack',
          stack.name,
          '--config-file',
          stack.configFile,
          '--traces',
          traces,
        ],
        ...['--runs', path.join(folder, 'runs'), '--intervals', '3', '--max-latency', '150', '--json'],
      ],
      { cwd: checkout, reject: false },
    );
    let [records, said] = [0, ''];
    run.stdout.on('data', (data: Buffer) => {
      records += data.toString().split('\n').length - 1;
      // Somebody else's, elsewhere, who may live.
      if (records === 2 && !existsSync(lock)) {
        mkdirSync(path.dirname(lock), { recursive: true });
        writeFileSync(
          lock,
          '{"pid":1,"username":"somebody","hostname":"elsewhere","timestamp":"2026-01-05T00:00:00Z"}',
        );
      }
    });
    run.stderr.on('data', (data: Buffer) => {
      said += data.toString();
      if (said.includes('tried again')) rmSync(lock, { force: true });
    });
    const { exitCode, stdout, stderr } = await run;
    expect(stderr).toContain('casper: of 3 intervals 0 failed and 1 were held');
    expect(exitCode).toBe(4);
    const found = stdout
      .split('\n')
      .map((line) => JSON.parse(line) as { outcome: string; failures: string[]; plan: { weights: unknown } });
    expect(found.map(({ outcome }) => outcome)).toEqual(['applied', 'held', 'applied']);
    expect(found[1]?.plan.weights).toEqual(found[0]?.plan.weights);
    expect(found[2]?.failures).toEqual([
      expect.stringContaining('is locked by process 1 of somebody@elsewhere'),
    ]);
  } finally {
    rmSync(lock, { force: true });
    await stack.remove();
  }
});

test('run, killed during an update, is gone on with: every interval has its plan, and the records say which was interrupted', async () => {
  const stack = CasperStack.create('test-run-resume');
  const runs = path.join(path.dirname(stack.configFile), 'runs');
  try {
    const run = execa(
      'node',
      [
        ...['dist/cli/main.js', 'run', '--stack', stack.name, '--config-file', stack.configFile],
        // Pulumi's own process may hold its lock for as long as its update takes.
        ...['--runs', runs, '--intervals', '2', '--max-latency', '150', '--most-failures', '20'],
      ],
      { cwd: checkout, reject: false },
    );
    while (!pulumiOf(run.pid ?? NaN, 'up') && run.exitCode === null) await sleep(50);
    run.kill('SIGKILL');
    expect((await run).signal).toBe('SIGKILL');
    const [name = ''] = readdirSync(runs);
    const folder = path.join(runs, name);
    const { exitCode, stdout, stderr } = await casper(['run', '--resume', folder, '--json']);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: expect.stringContaining('note: goes on with 2026-01-05T00:00:00Z, interval 1 of 2') as string,
    });
    const records = stdout
      .split('\n')
      .map((line) => JSON.parse(line) as { outcome: string; verification: { ok: boolean }[] });
    expect(records.map(({ outcome }) => outcome)).toEqual(['interrupted', 'applied']);
    expect(records.flatMap(({ verification }) => verification.map(({ ok }) => ok))).toEqual(
      Array(12).fill(true),
    );
    expect(readFileSync(path.join(folder, 'report.html'), 'utf8')).toContain(
      'Interrupted: the run had ended before these were done',
    );
    const again = await casper(['run', '--resume', folder]);
    expect([again.exitCode, again.stdout]).toEqual([0, expect.stringContaining('records: ')]);
  } finally {
    await stack.remove();
  }
});

/** Whether a process has Pulumi at some work. */
function pulumiOf(pid: number, work: string): boolean {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    return children
      .map((child) => readFileSync(`/proc/${child}/cmdline`, 'utf8').split('\0'))
      .some(([program = '', ...args]) => program.endsWith('pulumi') && args.includes(work));
  } catch {
    return false;
  }
}
