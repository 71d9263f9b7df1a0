import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadCommand } from '../../../cli/commands/load';
import { startServer, stopServers } from '../loopbackServer';
import { goodFiles, removeTraceFolders, traceFolder } from '../traces/traceFolder';

const project = path.resolve(__dirname, '../../..');
const folder = mkdtempSync(path.join(tmpdir(), 'casper-load-'));
const rates = path.join(folder, 'concurrency.out');
writeFileSync(rates, '40\n80\n20\n');

afterEach(async () => {
  await stopServers();
  removeTraceFolders();
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The compiled command in a process of its own, as a user has it. */
function casperLoad(
  args: readonly string[],
  onOutput: (kill: (signal: NodeJS.Signals) => void) => void = () => undefined,
) {
  return new Promise<Ended>((resolve) => {
    const child = spawn(process.execPath, [path.join(project, 'dist/cli/main.js'), 'load', ...args], {
      timeout: 60_000,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      onOutput((signal) => child.kill(signal));
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.on('close', (status) => {
      resolve({ status, stdout, stderr });
    });
  });
}

interface Line {
  readonly interval: string;
  readonly step: number;
  readonly requestsPerSecond: Record<string, number>;
  readonly total: { readonly due: number; readonly answered: number };
  readonly byOrigin: Record<string, { readonly answered: number }>;
}

const lines = (stdout: string): Line[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

test('hours of a trace: every origin’s requests reach its own entry point, exactly', async () => {
  const [north, west] = [await startServer(), await startServer()];
  const { status, stdout, stderr } = await casperLoad([
    ...['--traces', traceFolder(goodFiles), '--from', '2025-06-01T01:00:00Z', '--intervals', '2'],
    ...['--entry', `north=${north.url}wiki/A?x=1`, '--entry', `west=${west.url}`],
    ...['--local-address', 'west=127.0.0.9', '--seconds-per-interval', '1', '--json'],
  ]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: 'note: no requests from south: no --entry\n' });
  expect(lines(stdout)).toMatchObject([
    {
      interval: '2025-06-01T01:00:00Z',
      requestsPerSecond: { north: 11, west: 31 },
      byOrigin: { north: { answered: 11 }, west: { answered: 31 } },
    },
    { interval: '2025-06-01T02:00:00Z', byOrigin: { north: { answered: 12 }, west: { answered: 32 } } },
  ]);
  expect([north.requests.length, west.requests.length]).toEqual([23, 63]);
  expect(north.requests[0]).toMatchObject({ path: '/wiki/A?x=1', from: '127.0.0.1' });
  expect(west.requests[0]?.from).toBe('127.0.0.9');
}, 60_000);

test('a file of rates, for people', async () => {
  const server = await startServer();
  const { status, stdout, stderr } = await casperLoad([
    ...['--rates', rates, '--intervals', '2', '--seconds-per-interval', '0.5', '--entry', `a=${server.url}`],
  ]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^line 1\n +origin +due +sent .*\n +a +20 +20 +20 +0 +0 +0 /);
  expect(stdout).toMatch(/line 2\n.*\n +a +40 +40 +40 /);
  expect(stdout).not.toContain('line 3');
  expect(server.requests).toHaveLength(60);
}, 60_000);

test('a shape, by seed: the same rates in every run', async () => {
  const server = await startServer();
  const shaped = async (seed: string) => {
    const { stdout } = await casperLoad([
      ...[
        '--rates',
        rates,
        '--intervals',
        '1',
        '--seconds-per-interval',
        '0.4',
        '--entry',
        `a=${server.url}`,
      ],
      ...['--shape', 'BIMODAL', '--steps-per-interval', '4', '--seed', seed, '--json'],
    ]);
    return lines(stdout).map(({ step, requestsPerSecond }) => [step, requestsPerSecond['a']]);
  };
  const first = await shaped('7');
  expect(first.map(([step]) => step)).toEqual([1, 2, 3, 4]);
  expect(await shaped('7')).toEqual(first);
  expect(await shaped('8')).not.toEqual(first);
}, 60_000);

test('ended by a signal: what was sent is counted, and nothing is left hanging', async () => {
  const server = await startServer();
  let sent = false;
  const { status, stdout, stderr } = await casperLoad(
    ['--rates', rates, '--seconds-per-interval', '1.5', '--entry', `a=${server.url}`, '--json'],
    (kill) => {
      if (!sent)
        setTimeout(() => {
          kill('SIGINT');
        }, 300);
      sent = true;
    },
  );
  expect({ status, stderr }).toEqual({
    status: 0,
    stderr: 'note: ended by a signal; what is counted is whole up to it\n',
  });
  const reported = lines(stdout);
  expect(reported).toHaveLength(2);
  expect(reported[1]?.total.due).toBeLessThan(120);
  expect(reported.reduce((sum, { total }) => sum + total.answered, 0)).toBe(server.requests.length);
}, 60_000);

test.each([
  [['--entry', 'a'], 'Expected ORIGIN=VALUE.'],
  [['--entry', 'a=ftp://x/'], 'Expected an http or https URL after the equals sign.'],
  [['--entry', 'a=http://127.0.0.1:1/', '--entry', 'a=http://127.0.0.1:2/'], 'a is given twice.'],
  [
    ['--entry', 'a=http://127.0.0.1:1/', '--local-address', 'a=home'],
    'Expected an IP address after the equals sign.',
  ],
  [
    ['--entry', 'a=http://127.0.0.1:1/', '--rates', '/nowhere', '--local-address', 'b=127.0.0.1'],
    '--local-address names b, which has no --entry; entries: a',
  ],
  [
    ['--entry', 'a=http://127.0.0.1:1/', '--rates', '/nowhere', '--from', '2025-06-01T00:00:00Z'],
    "option '--rates <file>' cannot be used with option '--from <time>'",
  ],
  [
    ['--entry', 'a=http://127.0.0.1:1/', '--shape', 'ROUND'],
    'Allowed choices are EXPONENTIAL, BIMODAL, TRIMODAL.',
  ],
  [
    ['--traces', 'traces/sample', '--entry', 'mars=http://127.0.0.1:1/'],
    'mars has an entry point, but the trace in',
  ],
  [['--entry', 'a=http://127.0.0.1:1/', '--rates', '/nowhere'], '/nowhere does not exist'],
  [[], "required option '--entry <origin=url>' not specified"],
])('%j is refused: %s', async (args, message) => {
  const refusal = await loadCommand
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .parseAsync(args, { from: 'user' })
    .then(
      () => undefined,
      (error: unknown) => error as Error,
    );
  expect(refusal?.message).toContain(message);
  expect(['CommanderError', 'LoadError']).toContain(refusal?.name);
});

test('a refusal ends the process with 1, a message without a stack trace and nothing on stdout', async () => {
  expect(await casperLoad(['--rates', '/nowhere', '--entry', 'a=http://127.0.0.1:1/'])).toEqual({
    status: 1,
    stdout: '',
    stderr: 'casper: /nowhere does not exist; name a file with one rate a line, in requests/s\n',
  });
}, 60_000);
