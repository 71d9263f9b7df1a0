import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { CommanderError } from 'commander';
import { planCommand } from '../../../cli/commands/plan';
import { InfeasibleError } from '../../../planning/infeasibleError';
import { UnknownPolicyError } from '../../../policies/registry';
import { TraceError } from '../../../traces/traceError';
import { goodFiles, removeTraceFolders, traceFolder } from '../traces/traceFolder';

const project = path.resolve(__dirname, '../../..');
/** Requests/s of 12, 22 and 32 at 120, 220 and 320 gCO2e/kWh in north, south and west. */
const at = '2025-06-01T02:00:00Z';

afterEach(removeTraceFolders);

/** As a user has it: the compiled command in a process of its own. */
describe('the process', () => {
  const casper = (...args: string[]) =>
    spawnSync(process.execPath, [path.join(project, 'dist/cli/main.js'), ...args], {
      encoding: 'utf8',
      timeout: 60_000,
    });

  test('a plan ends with 0 and one line of JSON', () => {
    const { status, stdout, stderr } = casper(
      'plan',
      '--traces',
      traceFolder(goodFiles),
      '--at',
      at,
      '--json',
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^\{.*\}\n$/);
    expect(Object.keys(JSON.parse(stdout) as object)).toEqual(
      expect.arrayContaining([
        'interval',
        'policy',
        'regions',
        'servers',
        'cpuMillicores',
        'requests',
        'weights',
        'objective',
        'carbonSum',
        'accounting',
        'meanLatencyMs',
        'solver',
      ]),
    );
  }, 30_000);

  test('without --traces, the sample, and the table says that it is synthetic', () => {
    const { status, stdout, stderr } = casper('plan', '--at', '2026-01-06T00:00:00Z');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('2026-01-06T00:00:00Z  carbon, bound 500 ms, SYNTHETIC trace\n');
    expect(stdout).toMatch(/eu-west-3 +100 +1001m +1000 /);
  }, 30_000);

  test('people are told what is ready for the loss of a region, and what more or less of it costs', () => {
    const { status, stdout } = casper('plan', '--at', '2026-01-06T00:00:00Z');
    expect(status).toBe(0);
    expect(stdout).toMatch(/ready for the loss of a region, by CPU limit alone: /);
    expect(stdout).toMatch(
      / none +\d+ +\d+ +0m\s+limit +\d+ +\d+ +[1-9]\d*m +this plan\s+servers +\d+ +\d+ +0m/,
    );
  }, 30_000);

  test('without a region it gets nothing; a region that there is not, and all of them, are refused', () => {
    const without = (regions: string) =>
      casper('plan', '--at', '2026-01-06T00:00:00Z', '--json', '--without', regions);
    const plan = JSON.parse(without('eu-west-3').stdout) as { servers: object; without: string[] };
    expect(plan).toMatchObject({ servers: { 'eu-west-3': 0 }, without: ['eu-west-3'] });
    expect(without('atlantis')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(
        '--without atlantis: no such region; there are ap-southeast-2,',
      ) as string,
    });
    const all = 'ap-southeast-2,eu-central-1,eu-west-3,us-east-1,us-east-2,us-west-1';
    expect(without(all)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('Every region is left out') as string,
    });
  }, 60_000);

  test('no region serves more than the share that it may', () => {
    const { stdout } = casper('plan', '--at', '2026-01-06T00:00:00Z', '--json', '--max-share', '40');
    const { requests } = JSON.parse(stdout) as { requests: Record<string, Record<string, number>> };
    const loads: Record<string, number> = {};
    for (const row of Object.values(requests)) {
      for (const [region, count] of Object.entries(row)) loads[region] = (loads[region] ?? 0) + count;
    }
    const total = Object.values(loads).reduce((sum, load) => sum + load, 0);
    expect(Math.max(...Object.values(loads))).toBeLessThanOrEqual(0.4 * total);
  }, 30_000);

  test('no placement ends with 3: JSON for programs, words for people', () => {
    const { status, stdout, stderr } = casper(
      ...['plan', '--traces', traceFolder(goodFiles), '--at', at, '--json'],
      ...['--max-latency', '5', '--max-servers', '3'],
    );
    expect(status).toBe(3);
    expect(JSON.parse(stdout)).toEqual({
      interval: at,
      infeasible: [
        {
          limit: 'capacity',
          origins: ['west'],
          destinations: ['west'],
          requestsPerSecondShort: 2,
          serversShort: 1,
        },
      ],
    });
    expect(stderr).toBe(
      `casper: No placement for ${at} keeps every limit:\n` +
        '  capacity: west sends 2 requests/s more than west can take, 1 server short; ' +
        'raise --max-servers (with a stack: maxServers in casper:capacity), or raise --max-latency to reach other regions\n',
    );
  }, 30_000);

  test('any other failure ends with 1, a message without a stack trace and nothing on stdout', () => {
    const { status, stdout, stderr } = casper('plan', '--traces', '/nowhere', '--at', at, '--json');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toBe(
      'casper: /nowhere is no folder; name one that holds the three CSV files of a trace with --traces\n',
    );
  }, 30_000);

  test('a flag that is not understood ends with 1 and says what was expected', () => {
    const { status, stdout, stderr } = casper('plan', '--at', at, '--alpha', '2');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toBe(
      "error: option '--alpha <share>' argument '2' is invalid. Expected a number from 0 to 1.\n",
    );
  }, 30_000);
});

/** The same command in this process: what it prints, or the error that it hands on. */
async function plan(...args: string[]): Promise<string> {
  const log = jest.spyOn(console, 'log').mockImplementation(() => undefined);
  try {
    await planCommand
      .exitOverride()
      .configureOutput({ writeErr: () => undefined })
      .parseAsync(args, { from: 'user' });
    return log.mock.calls.map(([line]) => String(line)).join('\n');
  } finally {
    log.mockRestore();
  }
}

async function planJson(...flags: string[]): Promise<Record<string, unknown>> {
  const text = await plan('--traces', traceFolder(goodFiles), '--at', at, '--json', ...flags);
  return JSON.parse(text) as Record<string, unknown>;
}

describe('what is planned', () => {
  test('all that a plan says', async () => {
    const objective: unknown = expect.closeTo(0.9 * (120 / 320) + 0.1 * (7 / 300), 12);
    const meanLatencyMs: unknown = expect.closeTo((12 * 1 + 22 * 21 + 32 * 31) / 66, 12);
    expect(await planJson()).toMatchObject({
      interval: at,
      policy: 'carbon',
      regions: ['north', 'south', 'west'],
      servers: { north: 7, south: 0, west: 0 },
      cpuMillicores: { north: 71, south: 0, west: 0 },
      requests: { north: { north: 12 }, south: { north: 22 }, west: { north: 32 } },
      weights: { north: { north: 1 }, south: { north: 1 }, west: { north: 1 } },
      objective,
      carbonSum: 66 * 120,
      meanLatencyMs,
      solver: { name: expect.any(String) as unknown, status: 'optimal' },
    });
  });

  test('the same bytes twice', async () => {
    const flags = ['--traces', traceFolder(goodFiles), '--at', at, '--json', '--max-servers', '3'];
    expect(await plan(...flags)).toBe(await plan(...flags));
  });

  test('--max-latency: north is out of reach for the others', async () => {
    expect(await planJson('--max-latency', '20')).toMatchObject({
      servers: { north: 2, south: 3, west: 4 },
      cpuMillicores: { north: 21, south: 31, west: 41 },
      carbonSum: 12 * 120 + 22 * 220 + 32 * 320,
    });
    expect(await planJson('--max-latency', 'none')).toMatchObject({ servers: { north: 7 } });
  });

  test('--requests-per-server', async () => {
    expect(await planJson('--requests-per-server', '7')).toMatchObject({
      servers: { north: 10, south: 0, west: 0 },
      cpuMillicores: { north: 101 },
    });
  });

  test('--max-servers: the cleanest fill up first', async () => {
    const result = await planJson('--max-servers', '3');
    expect(result).toMatchObject({
      servers: { north: 3, south: 3, west: 1 },
      carbonSum: 30 * 120 + 30 * 220 + 6 * 320,
    });
  });

  test('--max-share: its price in carbon and servers is told, to people and to programs', async () => {
    const price = { carbonSum: 66 * 120, servers: 7 };
    const limited = { carbonSum: 33 * 120 + 33 * 220, withoutMaxShare: price };
    expect(await planJson('--max-share', '50')).toMatchObject(limited);
    expect(await planJson()).not.toHaveProperty('withoutMaxShare');
    const flags = ['--traces', traceFolder(goodFiles), '--at', at];
    const line = '  without --max-share: carbon 7920 instead of 11220, servers 7 instead of 8';
    expect((await plan(...flags, '--max-share', '50')).split('\n')).toContain(line);
    expect(await plan(...flags)).not.toContain('without --max-share');
  });

  test.each([
    ['0', 7 / 300],
    ['0.5', 0.5 * (120 / 320) + 0.5 * (7 / 300)],
    ['1', 120 / 320],
  ])('--alpha %s', async (alpha, objective) => {
    const result = await planJson('--alpha', alpha);
    expect(result['objective']).toBeCloseTo(objective, 12);
  });

  test('an origin that reaches nobody, and one that is too much for those it reaches', async () => {
    const error = await planJson('--max-latency', '2.5', '--max-servers', '2').catch((e: unknown) => e);
    expect(error).toBeInstanceOf(InfeasibleError);
    expect((error as InfeasibleError).diagnosis.shortfalls).toEqual([
      { limit: 'latency', origin: 'west', boundMs: 2.5, nearestDestination: 'west', nearestMs: 3 },
      {
        limit: 'capacity',
        origins: ['south'],
        destinations: ['south'],
        requestsPerSecondShort: 2,
        serversShort: 1,
      },
    ]);
    expect((error as InfeasibleError).message).toBe(
      `No placement for ${at} keeps every limit:\n` +
        '  latency: west reaches no region within 2.5 ms; the nearest, west, takes 3 ms, 0.5 ms more; raise --max-latency\n' +
        '  capacity: south sends 2 requests/s more than south can take, 1 server short; ' +
        'raise --max-servers (with a stack: maxServers in casper:capacity), or raise --max-latency to reach other regions',
    );
  });
});

describe('what is refused', () => {
  const share = 'a number from 0 to 1';
  const count = 'a whole number of at least 1';
  const bound = 'milliseconds, or "none"';
  test.each([
    ['--alpha', '1.5', share],
    ['--alpha', '-0.1', share],
    ['--alpha', 'most', share],
    ['--alpha', '', share],
    ['--alpha', 'NaN', share],
    ['--max-servers', '0', count],
    ['--max-servers', '1.5', count],
    ['--max-servers', '-3', count],
    ['--max-servers', 'many', count],
    ['--requests-per-server', '0', count],
    ['--requests-per-server', '2.5', count],
    ['--requests-per-server', 'Infinity', count],
    ['--max-latency', '-1', bound],
    ['--max-latency', 'fast', bound],
    ['--max-latency', ' ', bound],
  ])('%s "%s"', async (flag, value, expected) => {
    const error = await planJson(`${flag}=${value}`).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(CommanderError);
    expect((error as CommanderError).message).toMatch(
      new RegExp(`^error: option '${flag} <.*>' argument '${value}' is invalid. Expected ${expected}.$`),
    );
  });

  test('an unknown policy, with the ones that there are', async () => {
    const error = await planJson('--policy', 'greedy').catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UnknownPolicyError);
    expect((error as Error).message).toMatch(/^Unknown policy greedy; expected one of: (.*, )?carbon\b/);
  });

  test('no --at, and a flag that there is not', async () => {
    await expect(plan()).rejects.toThrow("error: required option '--at <time>' not specified");
    await expect(planJson('--bound=3')).rejects.toThrow("error: unknown option '--bound=3'");
  });

  test.each([
    ['2025-06-01T02:00:00', 'is no time in ISO 8601 with a zone'],
    ['2025-06-02T00:00:00Z', 'is outside the trace'],
  ])('--at %s', async (time, message) => {
    const error = await plan('--traces', traceFolder(goodFiles), '--at', time).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(TraceError);
    expect((error as Error).message).toContain(message);
  });
});
