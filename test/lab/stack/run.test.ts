import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
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
    expect([exitCode, besidesProgress(stderr)]).toEqual([0, []]);
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
