import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { kubectl } from '../kubectl';
import { casper, CasperStack, checkout, type Outcome } from './casperCommand';

jest.setTimeout(120_000);

const sample = path.join(checkout, 'traces', 'sample');
const hour = '2026-01-05T00:00:00Z';

/** One clear message, no stack trace, and the cluster as it was. */
describe('bad input changes nothing', () => {
  let stack: CasperStack;
  let traces: string;
  let before: string;
  let stackFile: string;

  beforeAll(async () => {
    stack = CasperStack.create('test-bad-input');
    await stack.json('apply');
    before = await stack.liveVersions();
    stackFile = readFileSync(stack.configFile, 'utf8');
  });
  beforeEach(() => {
    writeFileSync(stack.configFile, stackFile);
    traces = mkdtempSync(path.join(tmpdir(), 'casper-traces-'));
    cpSync(sample, traces, { recursive: true });
  });
  afterEach(async () => {
    rmSync(traces, { recursive: true });
    expect(await stack.liveVersions()).toBe(before);
  });
  afterAll(async () => {
    writeFileSync(stack.configFile, stackFile);
    await stack.remove();
  });

  const applyTrace = (...args: string[]): Promise<Outcome> =>
    stack.run('apply', '--traces', traces, '--at', hour, ...args);
  const rewrite = (file: string, change: (text: string) => string): void => {
    writeFileSync(path.join(traces, file), change(readFileSync(path.join(traces, file), 'utf8')));
  };
  function expectFailure({ exitCode, stderr }: Outcome, code: number, ...parts: string[]): void {
    for (const part of parts) expect(stderr).toContain(part);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(exitCode).toBe(code);
  }

  test('a namespace that somebody else has made: refused, or used and left where it is', async () => {
    const theirs = 'test-their-namespace';
    await kubectl('create', 'namespace', theirs);
    const other = CasperStack.create(theirs);
    try {
      expectFailure(await other.run('apply'), 1, `${theirs} is there already and no stack has made it`);
      other.edit('port: 8080', 'port: 8080\n    createNamespace: false');
      await other.json('apply');
      await other.remove();
      expect(await kubectl('get', 'namespace', theirs, '-o', 'jsonpath={.status.phase}')).toBe('Active');
    } finally {
      await kubectl('delete', 'namespace', theirs, '--wait=false');
    }
  });

  test('a missing CSV file', async () => {
    rmSync(path.join(traces, 'latency.csv'));
    expectFailure(await applyTrace(), 1, `${traces}/latency.csv does not exist`);
  });

  test('a torn CSV file', async () => {
    rewrite('requests.csv', (text) => text.slice(0, text.length / 2).replace(/,[^,]*$/, ''));
    expectFailure(await applyTrace(), 1, 'requests.csv:', 'torn');
  });

  test('a hole in the carbon data', async () => {
    rewrite('carbon_intensities.csv', (text) =>
      text
        .split('\n')
        .map((line, index) => (index === 1 ? line.replace(/,[^,]*$/, ',') : line))
        .join('\n'),
    );
    expectFailure(await applyTrace(), 1, 'has a hole at 2026-01-05T00:00:00Z', 'us-west-1', 'fill the hole');
  });

  test('a time outside the trace', async () => {
    expectFailure(
      await stack.run('apply', '--traces', traces, '--at', '2022-08-13T00:00:00Z'),
      1,
      '2022-08-13T00:00:00Z is outside the trace',
      'from 2026-01-05T00:00:00Z',
    );
  });

  test('a region that the trace does not have', async () => {
    stack.edit('- name: us-west-1', '- name: us-west-9');
    stack.edit('us-west-1: { servers', 'us-west-9: { servers');
    stack.edit('us-west-1: { us-west-1: 1 }', 'us-west-9: { us-west-9: 1 }');
    expectFailure(await applyTrace(), 1, 'lacks us-west-1', 'lacks us-west-9', 'casper init');
  });

  test('an interval without a placement: exit code 3, which origins, which limit, short by how much', async () => {
    stack.edit('requestsPerServer: 10', 'requestsPerServer: 1');
    expectFailure(
      await applyTrace('--max-latency', '50'),
      3,
      'capacity: ',
      'requests/s more than',
      'servers short',
    );
    expectFailure(
      await applyTrace('--max-latency', '0.001'),
      3,
      'latency: ',
      'reaches no region within 0.001 ms',
      'raise --max-latency',
    );
  });

  test('a misspelt key in the stack file, by casper and by plain pulumi', async () => {
    stack.edit('cpuMillicoresPerServer: 10', 'cpuMilicoresPerServer: 10');
    expectFailure(
      await stack.run('apply'),
      1,
      stack.configFile,
      'casper:capacity',
      'cpuMilicoresPerServer',
      'Correct the stack file',
    );
    const { exitCode, stdout } = await execa(
      'pulumi',
      ['up', '--yes', '--stack', stack.name, '--config-file', stack.configFile],
      { cwd: checkout, reject: false },
    );
    expect(exitCode).not.toBe(0);
    expect(stdout).toContain('cpuMilicoresPerServer');
  });

  test('a weight for an unknown region', async () => {
    stack.edit('us-east-2: { us-east-1: 1 }', 'us-east-2: { us-east-7: 1 }');
    expectFailure(
      await stack.run('apply'),
      1,
      'casper:plan.weights.us-east-2.us-east-7',
      'not in casper:regions',
      'us-east-1',
    );
  });

  test('a stack file that is not there', async () => {
    expectFailure(
      await casper(['apply', '--config-file', '/nowhere/Pulumi.dev.yaml']),
      1,
      '/nowhere/Pulumi.dev.yaml does not exist',
    );
  });

  test('no API server', async () => {
    const kubeconfig = path.join(traces, 'kubeconfig');
    const own = readFileSync(process.env['KUBECONFIG'] ?? '', 'utf8');
    writeFileSync(kubeconfig, own.replace(/server: .*/, 'server: https://127.0.0.1:59999'));
    const outcome = await casper(['apply', '--stack', stack.name, '--config-file', stack.configFile], {
      KUBECONFIG: kubeconfig,
    });
    expectFailure(
      outcome,
      1,
      'No API server answers at https://127.0.0.1:59999',
      'ECONNREFUSED',
      'Nothing was changed',
    );
  });

  test('a context that the kubeconfig does not have', async () => {
    stack.edit('context: casper-lab', 'context: production');
    expectFailure(await stack.run('apply'), 1, 'no context production', 'it has: casper-lab');
  });

  test('a lock that a living process holds', async () => {
    const lock = await holdLock(stack.name);
    try {
      stack.edit(
        'us-west-1: { servers: 5, cpuMillicores: 51 }',
        'us-west-1: { servers: 6, cpuMillicores: 61 }',
      );
      expectFailure(
        await stack.run('apply'),
        1,
        `Stack ${stack.name} is locked by process ${process.pid}`,
        `rm '${lock}'`,
        'Nothing was changed',
      );
    } finally {
      rmSync(lock);
    }
  });
});

/** A lock as Pulumi's file backend writes it, held by this process. */
async function holdLock(stackName: string): Promise<string> {
  const { stdout: hostname } = await execa('hostname');
  const folder = path.join(
    process.env['CASPER_LAB'] ?? '',
    'pulumi/.pulumi/locks/organization/casper',
    stackName,
  );
  await execa('mkdir', ['-p', folder]);
  const file = path.join(folder, '11111111-2222-3333-4444-555555555555.json');
  writeFileSync(
    file,
    JSON.stringify({ pid: process.pid, username: 'root', hostname, timestamp: new Date().toISOString() }),
  );
  return file;
}
