import fs, {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { StackConfigError, type StackConfig, type StackPlan } from '../../../stack/stackConfig';
import {
  adoptEncryption,
  newStackFile,
  readStackFile,
  readStackSettings,
  writeStackPlan,
} from '../../../stack/stackFile';

const baseline = path.join(__dirname, '../../../Pulumi.dev.yaml');
let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'casper-test-'));
  file = path.join(folder, 'Pulumi.dev.yaml');
  copyFileSync(baseline, file);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test('a new plan replaces the old one whole; comments and other keys stay', () => {
  const { plan } = readStackFile(file);
  const next = {
    ...plan,
    interval: '2022-08-13T01:00:00Z',
    regions: { ...plan.regions, 'us-east-1': { servers: 30, cpuMillicores: 301 } },
    weights: { ...plan.weights, 'us-east-2': { 'us-east-1': 2, 'us-west-1': 1 } },
  };
  expect(writeStackPlan(file, next)).toBe(true);
  expect(readStackFile(file).plan).toEqual(next);
  const text = readFileSync(file, 'utf8');
  const comments = (of: string): string[] => of.split('\n').filter((line) => line.trim().startsWith('#'));
  expect(comments(text)).toEqual(comments(readFileSync(baseline, 'utf8')));
  expect(text).toContain('image: casper.local/kiwix-serve');
  expect(readdirSync(folder)).toEqual(['Pulumi.dev.yaml']);
});

test('the same plan again does not touch the file', () => {
  const { plan } = readStackFile(file);
  writeStackPlan(file, plan);
  expect(writeStackPlan(file, plan)).toBe(false);
});

test('a plan that the stack cannot carry is refused and the file stays as it was', () => {
  const { plan } = readStackFile(file);
  expect(() => writeStackPlan(file, { ...plan, regions: {} })).toThrow(/us-west-1 is missing/);
  expect(readFileSync(file, 'utf8')).toBe(readFileSync(baseline, 'utf8'));
});

test('no file, no YAML and no config are told apart', () => {
  expect(() => readStackFile(path.join(folder, 'none.yaml'))).toThrow(
    /none\.yaml does not exist; name a stack file/,
  );
  writeFileSync(file, 'config: [');
  expect(() => readStackFile(file)).toThrow(/is not YAML/);
  writeFileSync(file, 'a: 1\n');
  expect(() => readStackFile(file)).toThrow(/has no config: section/);
});

test('a stack file for other regions starts with no servers, and is never written over one that exists', () => {
  const fresh = path.join(folder, 'stacks', 'Pulumi.other.yaml');
  newStackFile(baseline, fresh, [{ name: 'north' }, { name: 'south' }], '2025-01-06T00:00:00Z');
  const { regions, plan } = readStackSettings(fresh);
  expect(regions).toEqual([{ name: 'north' }, { name: 'south' }]);
  expect(plan.regions).toEqual({
    north: { servers: 0, cpuMillicores: 0 },
    south: { servers: 0, cpuMillicores: 0 },
  });
  expect(() => readStackFile(fresh)).toThrow(
    /no region has a server, so nobody is served \(or accept it: casper apply --force servesNobody\)/,
  );
  expect(() => {
    newStackFile(baseline, fresh, [{ name: 'north' }], '2025-01-06T00:00:00Z');
  }).toThrow(/exists already/);
});

test('the encryption that Pulumi wrote comes over, and nothing else of that file', () => {
  const written = path.join(folder, 'Pulumi.other.yaml');
  writeFileSync(written, 'encryptionsalt: v1:abc\nconfig:\n  casper:plan: lost\n');
  adoptEncryption(file, written);
  const lines = readFileSync(file, 'utf8').split('\n');
  expect(lines.filter((line) => line !== 'encryptionsalt: v1:abc')).toEqual(
    readFileSync(baseline, 'utf8').split('\n'),
  );
  expect(lines).toContain('encryptionsalt: v1:abc');
});

describe('a stack file is somebody’s', () => {
  const other = (): { plan: StackPlan; text: () => string } => ({
    plan: { ...readStackFile(file).plan, policy: 'other' },
    text: () => readFileSync(file, 'utf8'),
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  test('its mode stays, and a link to it stays a link', () => {
    const kept = path.join(folder, 'kept');
    fs.mkdirSync(kept);
    fs.renameSync(file, path.join(kept, 'stack.yaml'));
    symlinkSync('kept/stack.yaml', file);
    chmodSync(file, 0o600);
    writeStackPlan(file, other().plan);
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(path.join(kept, 'stack.yaml'), 'utf8')).toContain('policy: other');
    expect(readdirSync(kept)).toEqual(['stack.yaml']);
    expect(readdirSync(folder).sort()).toEqual(['Pulumi.dev.yaml', 'kept']);
  });

  test('who may not read it may not read what takes its place either, from the first byte', () => {
    chmodSync(file, 0o600);
    const { fsyncSync } = fs;
    const modes: number[] = [];
    jest.spyOn(fs, 'fsyncSync').mockImplementation((opened) => {
      const { mode } = fs.fstatSync(opened);
      if (!fs.fstatSync(opened).isDirectory()) modes.push(mode & 0o777);
      fsyncSync(opened);
    });
    // A process of the same number that was killed has left its own behind.
    writeFileSync(`${file}.${process.pid}.tmp`, 'half', { mode: 0o644 });
    writeStackPlan(file, other().plan);
    expect(modes).toEqual([0o600]);
    expect(readStackFile(file).plan.policy).toBe('other');
  });

  test('its ends of lines and its letters stay', () => {
    const windows = readFileSync(file, 'utf8').replace('# The baseline', '# Zürich').replaceAll('\n', '\r\n');
    writeFileSync(file, `\uFEFF${windows}`);
    const { plan, text } = other();
    writeStackPlan(file, plan);
    expect(text()).toMatch(/^\uFEFF# Zürich/);
    expect(text().replaceAll('\r\n', '')).not.toContain('\n');
    expect(readStackFile(file).plan).toEqual(plan);
  });

  test('file and folder are on the disk before the change is told, and the file before its name', () => {
    const order: string[] = [];
    const { fsyncSync, renameSync } = fs;
    jest.spyOn(fs, 'fsyncSync').mockImplementation((opened) => {
      order.push(`sync ${fs.fstatSync(opened).isDirectory() ? 'folder' : 'file'}`);
      fsyncSync(opened);
    });
    jest.spyOn(fs, 'renameSync').mockImplementation((from, to) => {
      order.push('rename');
      renameSync(from, to);
    });
    writeStackPlan(file, other().plan);
    expect(order).toEqual(['sync file', 'rename', 'sync folder']);
  });

  const editMeanwhile = (times: number): void => {
    const { fsyncSync } = fs;
    let left = times;
    jest.spyOn(fs, 'fsyncSync').mockImplementation((opened) => {
      fsyncSync(opened);
      if (left-- <= 0) return;
      writeFileSync(file, readFileSync(file, 'utf8').replace(/port: \d+/, `port: ${9000 + left}`));
    });
  };

  test('what a person changes while a plan is written is in the file too', () => {
    const { plan, text } = other();
    editMeanwhile(1);
    expect(writeStackPlan(file, plan)).toBe(true);
    expect(text()).toContain('port: 9000');
    expect(readStackFile(file).plan.policy).toBe('other');
  });

  test('one that is changed again and again is left to who does it', () => {
    const { plan, text } = other();
    editMeanwhile(100);
    expect(() => writeStackPlan(file, plan)).toThrow(/was changed by somebody else each of the 5 times/);
    expect(text()).not.toContain('policy: other');
    expect(readdirSync(folder)).toEqual(['Pulumi.dev.yaml']);
  });

  test('a full disk leaves it as it was, and nothing beside it', () => {
    const { plan, text } = other();
    const before = text();
    jest.spyOn(fs, 'fsyncSync').mockImplementation(() => {
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    });
    expect(() => writeStackPlan(file, plan)).toThrow(/ENOSPC/);
    expect(text()).toBe(before);
    expect(readdirSync(folder)).toEqual(['Pulumi.dev.yaml']);
  });

  test('an alias to an anchor inside the plan is refused in words', () => {
    const aliased = readFileSync(file, 'utf8').replace(
      'us-west-1: { servers: 5, cpuMillicores: 51 }',
      'us-west-1: &west { servers: 5, cpuMillicores: 51 }',
    );
    writeFileSync(file, `${aliased}  other:west: *west\n`);
    const { plan, text } = other();
    const before = text();
    expect(() => writeStackPlan(file, plan)).toThrow(
      /west.*none may name an anchor inside casper:plan, which each plan replaces as a whole; write the value itself/s,
    );
    expect(text()).toBe(before);
  });

  test.each(['the baseline', 'a file that casper wrote'])(
    '%s, cut anywhere, is refused or says the same',
    (which) => {
      if (which !== 'the baseline') {
        const { plan } = readStackFile(file);
        const backup = {
          'us-west-1': { 'us-west-1': { 'us-east-1': 1 } },
          'us-east-2': { 'us-east-1': { 'us-west-1': 2 } },
        };
        writeStackPlan(file, { ...plan, backup });
      }
      const whole = readFileSync(file, 'utf8');
      const said = readStackFile(file);
      const cut = path.join(folder, 'cut.yaml');
      for (let length = 0; length < whole.length; length++) {
        writeFileSync(cut, whole.slice(0, length));
        let read: StackConfig;
        try {
          read = readStackFile(cut);
        } catch (error) {
          expect(error).toBeInstanceOf(StackConfigError);
          continue;
        }
        expect({ length, read }).toEqual({ length, read: said });
      }
    },
  );

  test('zero bytes and what is no UTF-8 are told', () => {
    writeFileSync(file, `${readFileSync(baseline, 'utf8')}\0\0\n`);
    expect(() => readStackFile(file)).toThrow(/zero bytes/);
    writeFileSync(file, readFileSync(baseline, 'utf8').replace('# The', '# Z\u00FCrich'), 'latin1');
    expect(() => readStackFile(file)).toThrow(/not text in UTF-8/);
  });
});

describe('stack files from before capacity had its present names', () => {
  const former = (name: string): string => path.join(__dirname, 'former', name);

  test('the baseline of then says what the baseline of now says', () => {
    expect(readStackFile(former('Pulumi.dev.yaml'))).toEqual(readStackFile(baseline));
  });

  test('one with hosts is read with its own capacity, and takes a plan without losing its names', () => {
    copyFileSync(former('Pulumi.lab.yaml'), file);
    const { capacity, hosts, plan } = readStackFile(file);
    expect(capacity).toMatchObject({ cpuRequestPercent: 80, maxServers: 120 });
    expect(hosts).toHaveLength(3);
    expect(plan.regions['eu-west-3']).toEqual({ servers: 111, cpuMillicores: 1111 });
    expect(writeStackPlan(file, { ...plan, policy: 'latency' })).toBe(true);
    expect(readFileSync(file, 'utf8')).toContain('maxServersPerRegion: 120');
  });
});
