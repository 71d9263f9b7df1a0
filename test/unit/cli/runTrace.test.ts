import { spawn, type ChildProcess } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseDocument } from 'yaml';
import { openResumable, ResumeError } from '../../../cli/resumableRun';
import { flagsOfRecord, flagsToRecord, type DecidingFlags } from '../../../cli/runFlags';
import { noteOfUnfinishedRun } from '../../../cli/unfinishedRun';
import { randomSources } from '../../../load/seededRandom';
import { readRecords } from '../../../report/records';
import { readStackFile, setStackValue, writeStackPlan } from '../../../stack/stackFile';

const project = path.resolve(__dirname, '../../..');
const stackName = 'test';
const intervals = 8;

let base: string;
/** A run that nothing disturbed. */
let undisturbed: Ran;
/** How long it took, from when its files were loaded. */
let undisturbedMs: number;
beforeAll(async () => {
  base = mkdtempSync(path.join(tmpdir(), 'casper-resume-'));
  const folder = newFolder('undisturbed');
  const run = start(folder);
  await run.up;
  const upMs = performance.now();
  const { status, stderr } = await run.ended;
  undisturbedMs = performance.now() - upMs;
  const copy = path.relative(project, stackFileIn(runIn(folder) ?? ''));
  expect({ status, stderr: besidesSteps(stderr) }).toEqual({
    status: 0,
    stderr: [
      "note: what is live is the plan in the run's copy of Pulumi.test.yaml, and casper apply goes back to that of Pulumi.test.yaml itself. " +
        `To keep what is live: casper apply --stack test --config-file ${copy}`,
    ],
  });
  undisturbed = ran(folder);
}, 120_000);
afterAll(() => {
  rmSync(base, { recursive: true });
});

/** A folder with a stack file and the runs of its stack. */
function newFolder(name: string): string {
  const folder = path.join(base, name);
  mkdirSync(folder);
  const document = parseDocument(readFileSync(path.join(project, 'Pulumi.dev.yaml'), 'utf8'));
  document.setIn(['config', 'casper:hosts'], document.createNode([]));
  writeFileSync(stackFileIn(folder), document.toString());
  return folder;
}

const stackFileIn = (folder: string): string => path.join(folder, `Pulumi.${stackName}.yaml`);

interface Ended {
  readonly status: number | null;
  readonly stderr: string;
}

/** A run in a process of its own. */
interface Started {
  readonly process: ChildProcess;
  /** Once its files are loaded. */
  readonly up: Promise<unknown>;
  /** Once it is in the change that does not end, where it was given one. */
  readonly hangs: Promise<unknown>;
  readonly ended: Promise<Ended>;
}

/**
 * The run's loop as it is built.
 * @param hangingChange which change does not end, from 1
 */
function start(
  folder: string,
  resumed = '',
  flags: Partial<DecidingFlags> = {},
  hangingChange?: number,
): Started {
  const child = spawn(
    process.execPath,
    [
      ...[path.join(__dirname, 'runTraceProcess.js'), path.join(project, 'dist'), folder, resumed],
      JSON.stringify(flags),
    ],
    {
      env: {
        ...{ PATH: process.env['PATH'], NODE_COMPILE_CACHE: path.join(base, 'compiled') },
        ...(hangingChange !== undefined && { HANGING_CHANGE: String(hangingChange) }),
      },
      cwd: project,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let stderr = '';
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (status) => {
      resolve({ status, stderr });
    });
  });
  const said = (word: string): Promise<unknown> =>
    Promise.race([
      ended,
      new Promise<void>((resolve) => {
        child.stdout.on('data', (data: Buffer) => {
          if (data.toString().includes(word)) resolve();
        });
      }),
    ]);
  return { process: child, up: said('up'), hangs: said('hangs'), ended };
}

const besidesSteps = (stderr: string): string[] =>
  stderr.split('\n').filter((line) => line !== '' && !/^[^:]+: done in /.test(line));

/** The folder of a run that had begun; undefined where none has. */
function runIn(folder: string): string | undefined {
  const runs = path.join(folder, 'runs');
  let names: string[] = [];
  try {
    names = readdirSync(runs);
  } catch {
    return undefined;
  }
  return names.map((name) => path.join(runs, name)).find((run) => readdirSync(run).includes('run.json'));
}

/** What a run has left. */
interface Ran {
  /** By interval: its plan, and what the stack was given for it. */
  readonly plans: readonly unknown[];
  readonly outcomes: readonly string[];
  readonly copy: string;
  /** What was applied last. */
  readonly live: string | undefined;
  readonly files: readonly string[];
}

function ran(folder: string): Ran {
  const run = runIn(folder) ?? '';
  const lines = readFileSync(path.join(run, 'intervals.jsonl'), 'utf8').trimEnd().split('\n');
  const last = new Map(
    lines.map((line) => {
      const { plan, stackPlan } = JSON.parse(line) as { plan: { interval: string }; stackPlan: unknown };
      return [plan.interval, { plan, stackPlan }];
    }),
  );
  return {
    plans: [...last.values()],
    outcomes: readRecords(run).intervals.map(({ outcome }) => outcome),
    copy: readFileSync(stackFileIn(run), 'utf8'),
    live: readFileSync(path.join(folder, 'live'), 'utf8').trimEnd().split('\n').at(-1),
    // A write that was killed may leave a file that it was to put in another's place.
    files: readdirSync(run)
      .filter((name) => !name.endsWith('.tmp'))
      .sort(),
  };
}

const starts = (): string[] =>
  undisturbed.plans.map((record) => (record as { plan: { interval: string } }).plan.interval);

describe('SIGKILL at random moments', () => {
  const killsOfEach = 4;

  test.each([1, 2, 3])(
    'four times in a run, the first in a change (seed %i): it comes to the same plans, records and counts, and says where it was interrupted',
    async (seed) => {
      const folder = newFolder(`seed-${seed}`);
      const random = randomSources(seed)();
      const wentOnWith = new Set<string>();
      const note = (stderr: string): void => {
        for (const [, interval = ''] of stderr.matchAll(/goes on with ([^,]+),/g)) wentOnWith.add(interval);
      };
      for (let kills = 0; kills < killsOfEach; kills++) {
        const inChange = kills === 0 ? 2 + Math.floor(random() * (intervals - 1)) : undefined;
        const run = start(folder, runIn(folder), {}, inChange);
        await (inChange === undefined ? run.up : run.hangs);
        await sleep(random() * undisturbedMs);
        run.process.kill('SIGKILL');
        note((await run.ended).stderr);
      }
      const last = await start(folder, runIn(folder)).ended;
      expect({ status: last.status, stderr: last.stderr }).toMatchObject({ status: 0 });
      note(last.stderr);
      expect(wentOnWith.size).toBeGreaterThan(0);
      expect(ran(folder)).toEqual({
        ...undisturbed,
        outcomes: starts().map((interval) => (wentOnWith.has(interval) ? 'interrupted' : 'applied')),
      });
    },
    120_000,
  );
});

/** A copy of the undisturbed run as if it had ended after some of its intervals. */
function endedAfter(count: number, name: string): { readonly folder: string; readonly run: string } {
  const folder = path.join(base, name);
  cpSync(path.join(base, 'undisturbed'), folder, { recursive: true });
  const run = runIn(folder) ?? '';
  const file = path.join(run, 'intervals.jsonl');
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, count);
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
  // Its flags name the stack file of the folder that it was copied from.
  edit(run, (record) => {
    record.begun.flags['configFile'] = stackFileIn(folder);
  });
  return { folder, run };
}

interface Begun {
  begun: { flags: Record<string, unknown> };
}

function edit(run: string, change: (record: Begun) => void): void {
  const file = path.join(run, 'run.json');
  const record = JSON.parse(readFileSync(file, 'utf8')) as Begun;
  change(record);
  writeFileSync(file, `${JSON.stringify(record)}\n`);
}

test('a last line that is torn, inside a letter too, is cut off, and its interval is done again', () => {
  const { run } = endedAfter(3, 'torn');
  const file = path.join(run, 'intervals.jsonl');
  const whole = readFileSync(file);
  appendFileSync(file, Buffer.from('{"plan":{"interval":"Zü').subarray(0, -1));
  expect(openResumable(run)).toMatchObject({
    next: 3,
    outcomes: ['applied', 'applied', 'applied'],
    goesOn: { verified: { plan: { interval: starts()[2] } } },
  });
  expect(readFileSync(file).equals(whole)).toBe(true);
});

describe('of a run with load, an interval is done', () => {
  const sentOf = (interval: string): string =>
    `${JSON.stringify({
      interval,
      total: {
        ...{ due: 1, sent: 1, answered: 1, notSent: 0, slow: 0, errorStatuses: {} },
        failed: { status: 0, connection: 0, timeout: 0 },
        ...{ latencyMs: null, lateMs: null },
      },
      byOrigin: {},
    })}\n`;
  const withLoad = (name: string, secondsPerInterval: number): string => {
    const { run } = endedAfter(3, name);
    edit(run, ({ begun: { flags } }) => Object.assign(flags, { load: true, secondsPerInterval }));
    return run;
  };

  test('once what was sent in it is written down', () => {
    const run = withLoad('not-counted', 0);
    const [first = '', second = ''] = starts();
    writeFileSync(path.join(run, 'sent.jsonl'), sentOf(first) + sentOf(second));
    expect(openResumable(run).next).toBe(2);
  });

  test('where it was not cut short by a signal', () => {
    const run = withLoad('cut-short', 5);
    writeFileSync(path.join(run, 'sent.jsonl'), starts().slice(0, 3).map(sentOf).join(''));
    const file = path.join(run, 'intervals.jsonl');
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const measured = lines.map((line, index) => ({
      ...(JSON.parse(line) as object),
      ...{ startedAtMs: 5000 * index, endedAtMs: 5000 * (index + 1) - (index === 1 ? 300 : 0) },
      served: { observed: [], steady: [] },
    }));
    writeFileSync(file, measured.map((record) => `${JSON.stringify(record)}\n`).join(''));
    expect(openResumable(run).next).toBe(1);
  });
});

test('traces that were changed since are told, and nothing is applied', async () => {
  const { folder, run } = endedAfter(2, 'other-traces');
  const traces = path.join(folder, 'traces');
  cpSync(path.join(project, 'traces/sample'), traces, { recursive: true });
  const file = path.join(traces, 'carbon_intensities.csv');
  const rows = readFileSync(file, 'utf8').trimEnd().split('\n');
  const dearest = rows.map((row, index) => (index === 0 ? row : row.replace(/[^,]+$/, '1')));
  writeFileSync(file, `${dearest.join('\n')}\n`);
  edit(run, ({ begun: { flags } }) => (flags['traces'] = traces));
  const applied = readFileSync(path.join(folder, 'live'), 'utf8');
  const { status, stderr } = await start(folder, run).ended;
  expect(status).toBe(1);
  expect(stderr).toContain(`The plans of ${run} would be others than it began with`);
  expect(readFileSync(path.join(folder, 'live'), 'utf8')).toBe(applied);
}, 60_000);

describe('a folder that is no run to go on with is refused with the remedy:', () => {
  const refusal = (folder: string): string => {
    try {
      openResumable(folder);
    } catch (error) {
      if (error instanceof ResumeError || (error as Error).name === 'RecordError')
        return (error as Error).message;
      throw error;
    }
    return 'none';
  };

  test('one that had not begun', () => {
    const { run } = endedAfter(0, 'not-begun');
    rmSync(path.join(run, 'run.json'));
    expect(refusal(run)).toContain('before its first interval was to be applied; run again');
  });

  test('none', () => {
    expect(refusal(path.join(base, 'nowhere'))).toContain('does not exist; name the folder of a run');
  });

  test('one of another version', () => {
    const { run } = endedAfter(1, 'other-version');
    edit(run, ({ begun: { flags } }) => (flags['colour'] = 'green'));
    expect(refusal(run)).toContain('is a live run’s'.replace('’', "'"));
  });
});

test('flags are the same once they were written down and read', () => {
  const flags = {
    ...{ stack: 'a', configFile: '/a.yaml', traces: '/t', from: '2026-01-05T00:00:00Z', intervals: 3 },
    ...{ secondsPerInterval: 2.5, mostFailures: 3, load: true as const, seed: -1, policy: 'horizon' },
    ...{ maxLatency: Infinity, alpha: 0.9, regions: '/r.csv', networkJoules: 1, solver: 'highs' as const },
    objectiveWeights: { carbon: 0.7, latency: 0.2, servers: 0.1, cost: 0 },
    ...{ leastViolation: true as const, horizon: 24, switchingGrams: 1, movingGrams: 2 },
    ...{ minResidence: 1, maxRegionsChanged: 2 },
  };
  const written = JSON.parse(JSON.stringify(flagsToRecord(flags, '/a.yaml'))) as Record<string, unknown>;
  expect(flagsOfRecord(written)).toEqual(flags);
});

describe('a run that ended before its last interval', () => {
  const noteOf = (folder: string): string | null =>
    noteOfUnfinishedRun(
      { projectDirectory: project, stackName, configFile: stackFileIn(folder) },
      path.join(folder, 'runs'),
    );

  test('is told with the commands, until the stack file has another plan', () => {
    const { folder, run } = endedAfter(3, 'unfinished');
    expect(noteOf(folder)).toBe(
      `the run in ${run} ended before its last interval was done: what is live may be its plan, and not that of Pulumi.test.yaml. ` +
        `To go on with it: casper run --resume ${run}; to apply the plan that it had: casper apply --stack test --config-file ${stackFileIn(run)}`,
    );
    writeStackPlan(stackFileIn(folder), readStackFile(stackFileIn(run)).plan);
    expect(noteOf(folder)).toBeNull();
  });

  test('is not where all was done, nor where none has run', () => {
    expect(noteOf(endedAfter(intervals, 'finished').folder)).toBeNull();
    expect(noteOf(newFolder('never-run'))).toBeNull();
  });
});

test('an edit of the stack file while a run goes on is not taken, told by name once, and stays', async () => {
  const folder = newFolder('edited');
  const run = start(folder, '', { intervals: 3, secondsPerInterval: 1.5 });
  await run.up;
  while (!existsSync(path.join(folder, 'live'))) await sleep(10);
  const file = stackFileIn(folder);
  setStackValue(file, { keys: ['casper:service', 'drainSeconds'], value: 7 });
  const edited = readFileSync(file, 'utf8');
  const { status, stderr } = await run.ended;
  expect(status).toBe(0);
  expect(stderr.split('\n').filter((line) => line.includes('was edited'))).toEqual([
    'note: Pulumi.test.yaml was edited since the run began, which does not take that: casper:service.drainSeconds. The next run or apply of that file does',
  ]);
  expect(readFileSync(file, 'utf8')).toBe(edited);
}, 60_000);

test('a plan of a later interval that no stack file can have ends the run before anything is changed', async () => {
  const folder = newFolder('too-much');
  setStackValue(stackFileIn(folder), {
    keys: ['casper:capacity'],
    value: { requestsPerServer: 1_200_000, maxServers: 1 },
  });
  const traces = path.join(folder, 'traces');
  cpSync(path.join(project, 'traces/sample'), traces, { recursive: true });
  const file = path.join(traces, 'requests.csv');
  const rows = readFileSync(file, 'utf8').trimEnd().split('\n');
  // More than one region carries, and so two weights without a common divisor.
  rows[3] = (rows[3] ?? '').replace(/[^,]+$/, '1500001');
  writeFileSync(file, `${rows.join('\n')}\n`);
  const { status, stderr } = await start(folder, '', { traces }).ended;
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /Pulumi\.test\.yaml with the plan of 2026-01-05T02:00:00Z cannot be used:\n {2}casper:plan\.weights\./,
  );
  expect(existsSync(path.join(folder, 'live'))).toBe(false);
  expect(existsSync(path.join(folder, 'runs'))).toBe(false);
}, 60_000);
