import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { adoptEncryption, newStackFile, readStackFile, writeStackPlan } from '../../../stack/stackFile';

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
    weights: { 'us-east-1': { 'us-east-1': 1 } },
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
  const fresh = path.join(folder, 'Pulumi.other.yaml');
  newStackFile(baseline, fresh, [{ name: 'north' }, { name: 'south' }], '2025-01-06T00:00:00Z');
  const { regions, plan } = readStackFile(fresh);
  expect(regions).toEqual([{ name: 'north' }, { name: 'south' }]);
  expect(plan.regions).toEqual({
    north: { servers: 0, cpuMillicores: 0 },
    south: { servers: 0, cpuMillicores: 0 },
  });
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
