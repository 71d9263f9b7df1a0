import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readManifest } from '../../../components/platform/manifest';

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

describe('by address', () => {
  let server: Server;
  let url: string;
  beforeEach(async () => {
    server = createServer((request, response) => {
      response.statusCode = request.url === '/there' ? 200 : 404;
      response.end(text);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
  });

  test('it is fetched, and an answer that is none says its status', async () => {
    expect(await readManifest(`${url}/there`)).toHaveLength(2);
    await expect(readManifest(`${url}/gone`)).rejects.toThrow(`${url}/gone answers 404`);
  });
});
