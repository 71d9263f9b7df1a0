import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readManifest } from '../../../components/platform/manifest';
import { cacheDirectory } from '../../../start/cacheDirectory';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'casper-test-'));
  file = path.join(folder, 'manifest.yaml');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const text =
  'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: b\n  namespace: a\n';

const digest = createHash('sha256').update(text).digest('hex');

test('every document of a file is an object', async () => {
  writeFileSync(file, text);
  expect((await readManifest(file)).map(({ kind, metadata }) => [kind, metadata.name])).toEqual([
    ['Namespace', 'a'],
    ['Deployment', 'b'],
  ]);
});

test('a path that is not there names itself and where it comes from', async () => {
  await expect(readManifest(file)).rejects.toThrow(
    `${file} cannot be read (ENOENT); name the manifest's path or address in casper:platform`,
  );
});

test('a document that is no object is named by its number', async () => {
  writeFileSync(file, `${text}---\nkind: Deployment\n`);
  await expect(readManifest(file)).rejects.toThrow(`${file}: document 3 is no Kubernetes object`);
  writeFileSync(file, 'a: [');
  await expect(readManifest(file)).rejects.toThrow(`${file}: document 1 is no Kubernetes object`);
});

test('of a file the digest is compared where one is given', async () => {
  writeFileSync(file, text);
  expect(await readManifest(file, digest)).toHaveLength(2);
  await expect(readManifest(file, 'f'.repeat(64))).rejects.toThrow(
    `${file} has the SHA-256 ${digest}, expected ${'f'.repeat(64)}: it is not what was looked at`,
  );
});

describe('by address', () => {
  const url = 'https://manifests.example/metallb.yaml';
  let answers: string[];
  let kept: string;
  beforeEach(() => {
    answers = [text];
    kept = path.join(cacheDirectory, 'manifests', `${digest}.yaml`);
    rmSync(kept, { force: true });
    jest.spyOn(globalThis, 'fetch').mockImplementation(() => {
      const answer = answers.shift();
      return Promise.resolve(answer === undefined ? new Response('', { status: 404 }) : new Response(answer));
    });
  });
  afterEach(() => {
    jest.restoreAllMocks();
    rmSync(kept, { force: true });
  });

  test('it is fetched once, and what it answers must have the digest', async () => {
    answers = [`${text}# changed`, text];
    await expect(readManifest(url, digest)).rejects.toThrow(
      /has the SHA-256 .*: it is not what was looked at/,
    );
    expect(await readManifest(url, digest)).toHaveLength(2);
    expect(await readManifest(url, digest)).toHaveLength(2);
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  test('what is kept of it is looked at anew', async () => {
    mkdirSync(path.dirname(kept), { recursive: true });
    writeFileSync(kept, 'cut');
    expect(await readManifest(url, digest)).toHaveLength(2);
  });

  test('an answer that is none says its status', async () => {
    answers = [];
    await expect(readManifest(url, digest)).rejects.toThrow(`${url} answers 404`);
  });

  test('without a digest, or where anybody may change it on its way, it is not asked for', async () => {
    await expect(readManifest(url)).rejects.toThrow(`${url}: has no sha256; give what`);
    await expect(readManifest(url.replace('https', 'http'), digest)).rejects.toThrow(
      'name a path, or an address',
    );
    await expect(readManifest('ftp://x/y', digest)).rejects.toThrow('name a path, or an address');
    expect(fetch).not.toHaveBeenCalled();
  });
});
