import {
  chmodSync,
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
import { execa } from 'execa';

/** The tools' builds, with a `go` that is a shell script of the test's: nothing is compiled or downloaded. */

const checkout = path.join(__dirname, '..', '..', '..');
let scratch: string;
let cache: string;
let searched: string[];

beforeEach(() => {
  scratch = mkdtempSync(path.join(tmpdir(), 'casper-go-tools-'));
  cache = path.join(scratch, 'cache');
  mkdirSync(path.join(scratch, 'bin'));
  searched = [path.join(scratch, 'bin'), '/usr/bin', '/bin'];
});
afterEach(() => {
  rmSync(scratch, { recursive: true, force: true });
});

/** Puts a program on PATH that every `go build` runs; `$target` is the folder that it is to fill. */
function goDoes(script: string): void {
  const file = path.join(scratch, 'bin', 'go');
  const head = [
    '#!/bin/sh',
    `echo "$@" >> ${scratch}/calls`,
    `if [ "$1" = env ]; then printf '%s\\n' '' ${scratch}/go-build ${scratch}/mod; exit; fi`,
    'while [ $# -gt 0 ]; do if [ "$1" = -o ]; then target=$2; fi; shift; done',
  ];
  writeFileSync(file, [...head, script, ''].join('\n'));
  chmodSync(file, 0o755);
}

interface Outcome {
  programs?: Record<string, string>;
  steps: string[];
  error?: { name: string; message: string };
}

async function build(...names: string[]): Promise<Outcome> {
  const script = `
    const { goTools } = require('./dist/lab/tools/goTools.js');
    const steps = [];
    const step = async (label, work) => { steps.push(label); return await work(); };
    goTools(step, ${JSON.stringify(names)}).then(
      (programs) => console.log(JSON.stringify({ programs: Object.fromEntries(programs), steps })),
      ({ name, message }) => console.log(JSON.stringify({ error: { name, message }, steps })),
    );`;
  const { stdout } = await execa(process.execPath, ['-e', script], {
    cwd: checkout,
    env: { CASPER_CACHE: cache, PATH: searched.join(path.delimiter) },
  });
  return JSON.parse(stdout) as Outcome;
}

const calls = (): string[] => readFileSync(path.join(scratch, 'calls'), 'utf8').trim().split('\n');
const kept = (): string[] => readdirSync(path.join(cache, 'tools')).sort();

test('each tool is built once, in order, and the label says what is left', async () => {
  goDoes('for name in controller speaker metrics-server; do echo built > $target$name; done');
  const first = await build('metrics-server', 'metallb');
  expect(first.error).toBeUndefined();
  expect(first.steps).toEqual([
    expect.stringMatching(/^building metallb v\S+ \(1 of 2; then metrics-server\)$/),
    expect.stringMatching(/^building metrics-server v\S+ \(2 of 2\)$/),
  ]);
  expect(readFileSync(first.programs?.['speaker'] ?? '', 'utf8')).toBe('built\n');
  const again = await build('metallb', 'metrics-server');
  expect(again).toEqual({ programs: first.programs, steps: [] });
});

test("Kubernetes' programs are links to one", async () => {
  goDoes("printf '#!/bin/sh\\nbasename $0\\n' > ${target}kubernetes; chmod +x ${target}kubernetes");
  const { programs } = await build('kubernetes');
  expect((await execa(programs?.['kubelet'] ?? '')).stdout).toBe('kubelet');
  expect((await execa(programs?.['kubectl'] ?? '')).stdout).toBe('kubectl');
});

test('every build has the same flags, so that the build cache is shared', async () => {
  goDoes('for name in controller speaker traefik; do echo built > $target$name; done');
  await build('metallb', 'traefik');
  const flags = calls().map((call) =>
    call.split(' ').slice(0, call.split(' ').indexOf('-ldflags')).join(' '),
  );
  expect(new Set(flags)).toEqual(new Set(['build -trimpath -buildvcs=false -gcflags=all=-dwarf=false']));
});

test('a build that was killed half-way is begun anew', async () => {
  goDoes('echo half > ${target}controller; kill -KILL $PPID; sleep 0.1');
  await expect(build('metallb')).rejects.toThrow('SIGKILL');
  expect(kept()).toEqual([expect.stringMatching(/\.unfinished$/)]);
  goDoes('for name in controller speaker; do echo whole > $target$name; done');
  const { programs } = await build('metallb');
  expect(readFileSync(programs?.['controller'] ?? '', 'utf8')).toBe('whole\n');
  expect(kept()).toEqual([expect.not.stringMatching(/\.unfinished$/)]);
});

test('a tool that lost a program is built anew', async () => {
  goDoes('for name in controller speaker; do echo built > $target$name; done');
  const { programs } = await build('metallb');
  rmSync(programs?.['speaker'] ?? '');
  expect((await build('metallb')).steps).toHaveLength(1);
  expect(existsSync(programs?.['speaker'] ?? '')).toBe(true);
});

test('without a module proxy the module is named, and what was built before stays', async () => {
  goDoes('echo built > ${target}controller; echo built > ${target}speaker');
  await build('metallb');
  goDoes(
    'echo "go: downloading sigs.k8s.io/metrics-server v0.8.0" >&2; echo "module lookup disabled by GOPROXY=off" >&2; exit 1',
  );
  const { error } = await build('metallb', 'metrics-server');
  expect(error).toEqual({
    name: 'LabError',
    message: expect.stringContaining(
      'the Go module sigs.k8s.io/metrics-server@v0.8.0 cannot be had',
    ) as string,
  });
  expect((await build('metallb')).steps).toEqual([]);
});

test('a full disk is named with its folder', async () => {
  goDoes(`echo 'compile: writing output: write $WORK/b042/_pkg_.a: no space left on device' >&2; exit 1`);
  const { error } = await build('traefik');
  expect(error?.name).toBe('LabError');
  expect(error?.message).toContain(`the disk is full: ${tmpdir()}/b042/_pkg_.a could not be written`);
});

test('without Go it says so', async () => {
  searched = [path.join(scratch, 'bin')];
  const { error } = await build('traefik');
  expect(error?.message).toContain('Go is not on PATH');
});
